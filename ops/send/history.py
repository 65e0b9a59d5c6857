"""Days of believable traffic, made up: what people and providers did, and the webhooks that tell it.

Pure: the same seed, days and accounts give the same events and bytes. Every contact's story depends on the seed, the
account and the day on which it begins and on nothing else, so a history made a day later repeats the days that both
have. What is true of a history is known without any database: `history_truth.py`.

Twilio takes no part: its webhooks carry no time, so all of it would have happened today.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta

from ops.send.delivery import reordered, with_duplicates
from ops.send.player import NAMES, TEXTS, Particulars, Player, Webhook
from schemas.events import EventType

#: TextUs's accounts: first those that the sandbox has.
TEXTUS_ACCOUNTS = tuple(
    f"my_account{suffix}" for suffix in ("", "_north", "_south", "_east", "_west", "_night", "_events", "_sales")
)
#: Each account's contacts have an area code of their own, and numbers that nobody can call.
AREA_CODES = ("720", "970", "719", "505", "602", "801", "406", "307", "208", "435", "928")
#: SIM card -> share of its messages that fail. One of them is bad.
SIMS = {11: 0.02, 12: 0.05, 13: 0.22, 14: 0.08}
#: The same where no SIM sends.
FAILURE_SHARE = 0.04
UNKNOWN_SHARE = 0.01
#: Share of TextLink's failures that have a time of their own.
LATE_FAILURE_SHARE = 0.3
REPLY_SHARE, ANSWER_SHARE, TAG_SHARE, CALL_SHARE, CREATED_SHARE = 0.45, 0.5, 0.4, 0.05, 0.6
#: Share of our messages that are answered with a stop. TextLink's account is one that carriers would restrict.
STOP_SHARES, STOP_SHARE, START_SHARE = {"textlink": 0.04}, 0.008, 0.4
REPEATED_SHARE, DISORDER = 0.03, 4
#: Contacts that a weekday brings to an account; Saturday, Sunday.
NEW_CONTACTS = ((4, 7),) * 5 + ((0, 2), (0, 1))
#: Denver's office hours, in UTC, as hours after midnight of its date; and the days until we write again.
OFFICE_HOURS, DAYS_BETWEEN = (15.0, 25.0), (1, 4)
FUNNEL = ("Cold", "Warm", "Hot", "Interview")
OUTREACH = (
    "Hi {name}, we have a new opening near you. Interested?",
    "Hello {name}, are you free for a short call this week?",
    "{name}, just checking in: did you see my last message?",
    "Good news, {name}: the position is still open.",
)
ANSWERS = (
    "Great, talk soon!",
    "I'll send you the details.",
    "Does tomorrow at 10 work?",
    "Thanks for letting me know.",
)
#: Stops in several languages, all of them beyond doubt.
STOPS = ("STOP", "Stop", "stop", "UNSUBSCRIBE", "Stop texting me please!", "BAJA", "ARRET", "ABMELDEN", "AFMELDEN")


@dataclass(frozen=True, slots=True)
class PlayedAccount:
    """One of our accounts at a provider."""

    provider: str
    name: str  #: as events have it
    area_code: str
    sims: tuple[int, ...] = ()  #: empty: the provider does not send by SIM cards


@dataclass(frozen=True, slots=True)
class HistoryEvent:
    """Something that happened, and that a webhook tells."""

    event_type: EventType
    account: PlayedAccount
    about: Particulars


@dataclass(frozen=True, slots=True)
class MadeUpHistory:
    """What happened in the days from `since` until `until`, in order."""

    since: datetime
    until: datetime
    events: tuple[HistoryEvent, ...]
    deliveries: tuple[HistoryEvent, ...]  #: as webhooks come: some twice, not quite in order

    @property
    def repeats(self) -> int:
        """How many webhooks come a second time."""
        return len(self.deliveries) - len(self.events)

    def webhooks(self, players: Mapping[str, Player]) -> Iterator[tuple[Player, Webhook]]:
        """The webhooks, and who sends each."""
        for event in self.deliveries:
            player = players[event.account.provider]
            yield player, player.webhook(kind_of(player, event.event_type), event.about)


def kind_of(player: Player, event_type: EventType) -> str:
    """What the provider calls events of this type."""
    return next(kind for kind, becomes in player.kinds.items() if becomes is event_type)


def accounts_of(players: Mapping[str, Player], names: Mapping[str, str], textus_accounts: int) -> list[PlayedAccount]:
    """The accounts at the providers in `names` whose webhooks carry a time. `names`: of each provider's account."""
    found = []
    for provider in sorted(names):
        if players[provider].time_field is None:
            continue
        own = TEXTUS_ACCOUNTS[:textus_accounts] if provider == "textus" else (names[provider],)
        found += [(provider, name) for name in own]
    return [
        PlayedAccount(provider, name, area_code, tuple(SIMS) if provider == "textlink" else ())
        for (provider, name), area_code in zip(found, AREA_CODES, strict=False)
    ]


def history(
    players: Mapping[str, Player], accounts: Sequence[PlayedAccount], *, days: int, until: date, seed: int
) -> MadeUpHistory:
    """What happened at `accounts` in the `days` before `until`, whose midnight (UTC) ends it."""
    end = datetime.combine(until, time(), UTC)
    events: list[HistoryEvent] = []
    newest_tags: list[HistoryEvent] = []
    for account in accounts:
        tellable = frozenset(players[account.provider].kinds.values())
        for day in (until - timedelta(days=back) for back in range(days, 0, -1)):
            chance = random.Random(f"{seed}:{account.provider}:{account.name}:{day}")  # noqa: S311 - to be repeated
            for number in range(chance.randint(*NEW_CONTACTS[day.weekday()])):
                phone = f"+1{account.area_code}555{day.toordinal() % 500 * 20 + number:04d}"
                story = _Story(account, phone, chance, tellable)
                story.unfold(day)
                in_time, newest_tag = _until(story.events, end)
                events += in_time
                newest_tags += newest_tag
    events.sort(key=lambda event: (event.about.time, event.about.phone))
    deliveries = reordered(with_duplicates(events, REPEATED_SHARE, seed), DISORDER, seed)
    since = end - timedelta(days=days)
    return MadeUpHistory(since, end, (*events, *newest_tags), (*deliveries, *newest_tags))


def _until(events: list[HistoryEvent], end: datetime) -> tuple[list[HistoryEvent], list[HistoryEvent]]:
    """A contact's events before `end`, and the webhook about its tag that comes then, if any.

    That webhook carries no time, so it can tell the newest tag only; where a message that came later has the tag too,
    there is nothing to tell.
    """
    past = sorted((event for event in events if event.about.time < end), key=lambda event: event.about.time)
    in_time = [event for event in past if event.event_type is not EventType.CONTACT_TAG_CHANGED]
    with_tag = [
        event for event in past if event.event_type in (EventType.CONTACT_TAG_CHANGED, EventType.MESSAGE_RECEIVED)
    ]
    if not with_tag or with_tag[-1].event_type is not EventType.CONTACT_TAG_CHANGED:
        return in_time, []
    return in_time, [replace(with_tag[-1], about=replace(with_tag[-1].about, time=end))]


@dataclass
class _Story:
    """What happens between one account and one contact."""

    account: PlayedAccount
    phone: str
    chance: random.Random
    tellable: frozenset[EventType]  #: what the provider has webhooks for
    events: list[HistoryEvent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._name = self.chance.choice(NAMES)
        self._tag = 0

    def unfold(self, day: date) -> None:
        """From the first message until somebody stops, or we no longer write."""
        at = self._in_office_hours(day)
        if self._is(CREATED_SHARE):
            self._add(EventType.CONTACT_CREATED, at - self._seconds(60, 600))
        self._add(EventType.CONTACT_TAG_CHANGED, at - self._seconds(10, 50))
        for outreach in OUTREACH[: self.chance.choice((1, 2, 2, 3, 3, 4))]:
            arrived = self._send(outreach.format(name=self._name.split(maxsplit=1)[0]), at)
            if arrived and self._is(STOP_SHARES.get(self.account.provider, STOP_SHARE)):
                self._stop(at + self._response_time())
                return
            if arrived and self._is(REPLY_SHARE):
                at = self._talk(at)
            if self._is(CALL_SHARE):
                self._add(EventType.CALL_COMPLETED, at + self._seconds(600, 7200))
            at = self._in_office_hours(at.date() + timedelta(days=self.chance.randint(*DAYS_BETWEEN)))

    def _talk(self, at: datetime) -> datetime:
        """A reply, and perhaps our answer and a reply to that; the time of the last message."""
        for answer in self.chance.sample(ANSWERS, k=len(ANSWERS)):
            at += self._response_time()
            self._add(EventType.MESSAGE_RECEIVED, at, self.chance.choice(TEXTS))
            if self._tag + 1 < len(FUNNEL) and self._is(TAG_SHARE):
                self._tag += 1
                self._add(EventType.CONTACT_TAG_CHANGED, at + self._seconds(20, 50))
            if not self._is(ANSWER_SHARE):
                break
            at += self._seconds(60, 1800)
            if not self._send(answer, at):
                break
        return at

    def _stop(self, at: datetime) -> None:
        """The contact stops, and perhaps comes back after some days."""
        self._add(EventType.MESSAGE_RECEIVED, at, self.chance.choice(STOPS))
        self._add(EventType.CONTACT_OPTED_OUT, at)
        if self._is(START_SHARE):
            at += self._seconds(2 * 86400, 6 * 86400)
            self._add(EventType.MESSAGE_RECEIVED, at, "START")
            self._add(EventType.CONTACT_OPTED_IN, at)
            self._send("Welcome back!", self._in_office_hours(at.date() + timedelta(days=1)))

    def _send(self, text: str, at: datetime) -> bool:
        """One message of ours; whether it arrived."""
        token = self._token()
        sim = self.chance.choice(self.account.sims) if self.account.sims else 0
        self._add(EventType.MESSAGE_SENT, at, text, token, sim)
        is_late = not sim or self._is(LATE_FAILURE_SHARE)
        reported_at = at + self._seconds(2, 9) if is_late else at
        if self._is(SIMS.get(sim, FAILURE_SHARE)):
            self._add(EventType.MESSAGE_FAILED, reported_at, text, token, sim)
            return False
        known = not self._is(UNKNOWN_SHARE) or EventType.MESSAGE_UNKNOWN not in self.tellable
        self._add(EventType.MESSAGE_DELIVERED if known else EventType.MESSAGE_UNKNOWN, reported_at, text, token, sim)
        return True

    def _add(self, event_type: EventType, at: datetime, text: str = "", token: str | None = None, sim: int = 0) -> None:
        if event_type in self.tellable:
            about = Particulars(
                token or self._token(), self.phone, text, self._name, FUNNEL[self._tag], at, self.account.name, sim
            )
            self.events.append(HistoryEvent(event_type, self.account, about))

    def _token(self) -> str:
        return self.chance.randbytes(8).hex()

    def _is(self, share: float) -> bool:
        return self.chance.random() < share

    def _seconds(self, least: int, most: int) -> timedelta:
        return timedelta(milliseconds=self.chance.randint(least * 1000, most * 1000))

    def _response_time(self) -> timedelta:
        """Minutes mostly, sometimes the next day."""
        return timedelta(milliseconds=round(1000 * (20 + min(2 * 86400, self.chance.lognormvariate(6.3, 1.5)))))

    def _in_office_hours(self, day: date) -> datetime:
        """A time of that day, mostly; where it is a weekend, mostly of the Monday after it."""
        if day.weekday() > 4 and self._is(0.8):
            day += timedelta(days=7 - day.weekday())
        midnight = datetime.combine(day, time(), UTC)
        return midnight + timedelta(milliseconds=round(3_600_000 * self.chance.uniform(*OFFICE_HOURS)))
