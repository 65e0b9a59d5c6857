"""What is true of a history: the figures of docs/analysts.md, counted from what happened."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from statistics import median
from typing import Any

from ops.send.history import STOPS, HistoryEvent, MadeUpHistory
from schemas.events import EventType

#: A message's events -> its state, the one that wins last.
STATES = {
    EventType.MESSAGE_RECEIVED: "received",
    EventType.MESSAGE_SENT: "sent",
    EventType.MESSAGE_UNKNOWN: "unknown",
    EventType.MESSAGE_DELIVERED: "delivered",
    EventType.MESSAGE_FAILED: "failed",
}


@dataclass(frozen=True, slots=True)
class HistoryMessage:
    """One message, whatever was told of it."""

    provider: str
    account: str
    phone: str
    token: str  #: that of its webhooks
    sim: int
    state: str
    first_at: datetime

    @property
    def is_inbound(self) -> bool:
        """Whether a contact sent it."""
        return self.state == "received"


def figures(past: MadeUpHistory) -> dict[str, Any]:
    """Every figure, ready for JSON."""
    messages = messages_of(past.events)
    outbound = [message for message in messages if not message.is_inbound]
    seconds = response_seconds(messages)
    first_at = {message.token: message.first_at for message in messages}
    return {
        "since": past.since.isoformat(),
        "until": past.until.isoformat(),
        "webhooks": len(past.deliveries),
        "repeats": past.repeats,
        "events": dict(sorted(Counter(event.event_type.value for event in past.events).items())),
        "per_day": _per_day(messages),
        "response_rate": len(seconds) / len(outbound) if outbound else None,
        "median_seconds": median(seconds) if seconds else None,
        "sims": _sims(outbound),
        "opt_outs": _opt_outs(past.events, outbound),
        "tags": _tags(past.events),
        "failures": {
            event.about.token: first_at[event.about.token].isoformat()
            for event in past.events
            if event.event_type is EventType.MESSAGE_FAILED
        },
    }


def messages_of(events: Iterable[HistoryEvent]) -> list[HistoryMessage]:
    """Each message once, in order of its first event."""
    by_message: dict[str, list[HistoryEvent]] = defaultdict(list)
    for event in events:
        if event.event_type in STATES:
            by_message[event.about.token].append(event)
    ranks = list(STATES)
    messages = [
        HistoryMessage(
            first.account.provider,
            first.account.name,
            first.about.phone,
            first.about.token,
            first.about.sim,
            STATES[max((event.event_type for event in of_message), key=ranks.index)],
            first.about.time,
        )
        for of_message in by_message.values()
        for first in [min(of_message, key=lambda event: event.about.time)]
    ]
    return sorted(messages, key=lambda message: message.first_at)


def response_seconds(messages: Sequence[HistoryMessage]) -> list[float]:
    """For each message of ours that was answered before we sent the next one: seconds until the first answer."""
    talks: dict[tuple[str, str, str], list[HistoryMessage]] = defaultdict(list)
    for message in messages:
        talks[message.provider, message.account, message.phone].append(message)
    return [
        (answer.first_at - message.first_at).total_seconds()
        for talk in talks.values()
        for message, answer in pairwise(talk)
        if answer.is_inbound and not message.is_inbound
    ]


def _per_day(messages: Iterable[HistoryMessage]) -> list[dict[str, Any]]:
    counts: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
    for message in messages:
        of_day = counts[message.first_at.date().isoformat(), message.provider, message.account]
        of_day["messages_in" if message.is_inbound else "messages_out"] += 1
        of_day["failed"] += message.state == "failed"
    columns = ("messages_in", "messages_out", "failed")
    return [
        {"day": day, "provider": provider, "account": account} | {column: count[column] for column in columns}
        for (day, provider, account), count in sorted(counts.items())
    ]


def _sims(outbound: Iterable[HistoryMessage]) -> dict[str, dict[str, int]]:
    states: dict[int, list[str]] = defaultdict(list)
    for message in outbound:
        if message.sim:
            states[message.sim].append(message.state)
    return {
        str(sim): {"messages_out": len(of_sim), "failed": of_sim.count("failed")}
        for sim, of_sim in sorted(states.items())
    }


def _opt_outs(events: Iterable[HistoryEvent], outbound: Iterable[HistoryMessage]) -> list[dict[str, Any]]:
    """For each account: phones that were texted, and those of them that opted out."""
    texted: dict[tuple[str, str], set[str]] = defaultdict(set)
    stopped: dict[tuple[str, str], set[str]] = defaultdict(set)
    for message in outbound:
        texted[message.provider, message.account].add(message.phone)
    for event in events:
        if event.event_type is EventType.CONTACT_OPTED_OUT or event.about.text in STOPS:
            stopped[event.account.provider, event.account.name].add(event.about.phone)
    return [
        {
            "provider": provider,
            "account": account,
            "texted": len(phones),
            "opt_outs": len(phones & stopped[provider, account]),
        }
        for (provider, account), phones in sorted(texted.items())
    ]


def _tags(events: Iterable[HistoryEvent]) -> list[dict[str, Any]]:
    """Which tag follows which, as TextLink's webhooks tell it."""
    current: dict[str, str | None] = {}
    changes: Counter[tuple[str | None, str]] = Counter()
    for event in sorted(events, key=lambda event: event.about.time):
        has_tag = event.event_type in (EventType.MESSAGE_RECEIVED, EventType.CONTACT_TAG_CHANGED)
        phone, tag = event.about.phone, event.about.tag
        if event.account.provider == "textlink" and has_tag and current.get(phone) != tag:
            changes[current.get(phone), tag] += 1
            current[phone] = tag
    return [
        {"previous_tag": previous, "tag": tag, "changes": count}
        for (previous, tag), count in sorted(changes.items(), key=str)
    ]
