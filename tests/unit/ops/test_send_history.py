"""A made-up history: repeatable, believable, and what is said to be true of it is."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

import pytest

from ingest.provider import provider_types
from ops.__main__ import main
from ops.send.history import ANSWERS, OUTREACH, STOPS, MadeUpHistory, accounts_of, history, kind_of
from ops.send.history_truth import figures, messages_of, response_seconds
from ops.send.player import TEXTS, players
from processors.opt_out.classifier import classify
from schemas.events import EventType
from tests.contract.players import PLAYERS as PLAYED

PLAYERS = players()
UNTIL = date(2026, 11, 29)
SECRET = "a-secret-0123456789"


@cache
def made(
    days: int = 30, *, until: date = UNTIL, seed: int = 1, providers: tuple[str, ...] = tuple(PLAYERS)
) -> MadeUpHistory:
    accounts = accounts_of(PLAYERS, {name: name for name in providers}, 3)
    return history(PLAYERS, accounts, days=days, until=until, seed=seed)


def bodies(past: MadeUpHistory) -> list[bytes]:
    return [webhook.body for _, webhook in past.webhooks(PLAYERS)]


def test_the_same_seed_makes_the_same_bytes_and_another_seed_others() -> None:
    assert bodies(made()) == bodies(made.__wrapped__())
    assert bodies(made(seed=2)) != bodies(made())


def test_a_history_made_a_day_later_repeats_the_days_that_both_have() -> None:
    def within(past: MadeUpHistory) -> set[Any]:
        begin, end = datetime(2026, 11, 5, tzinfo=UTC), datetime(2026, 11, 29, tzinfo=UTC)
        timed = [event for event in past.events if event.event_type is not EventType.CONTACT_TAG_CHANGED]
        return {(event.event_type, event.about) for event in timed if begin <= event.about.time < end}

    earlier, later = within(made()), within(made(until=UNTIL + timedelta(days=1)))
    assert later <= earlier  # which has the contacts of one day more
    assert len(later) > 0.9 * len(earlier)


def test_every_provider_takes_part_whose_webhooks_carry_a_time_and_every_account_too() -> None:
    accounts = {(event.account.provider, event.account.name) for event in made().events}
    assert accounts == {
        ("bandwidth", "bandwidth"),
        ("textlink", "textlink"),
        *(("textus", name) for name in ("my_account", "my_account_north", "my_account_south")),
    }


def test_each_provider_reads_what_is_sent_as_what_happened() -> None:
    past = made(5)
    for event, (player, webhook) in zip(past.deliveries, past.webhooks(PLAYERS), strict=True):
        played = PLAYED[player.name]
        kind = kind_of(player, event.event_type)
        posted = played.posted_as(webhook, SECRET, kind if kind in played.type.url_kinds else None)
        reading = played.provider(SECRET).parse(posted.request(datetime(2026, 11, 29, 12, tzinfo=UTC)))[0]
        assert reading.event_type is event.event_type
        assert reading.phone == event.about.phone
        if event.event_type is not EventType.CONTACT_TAG_CHANGED:  # TextLink tells no time of it
            assert reading.moment.own == event.about.time
        if event.account.provider == "textus" and event.event_type is not EventType.CONTACT_CREATED:
            assert reading.account == event.account.name


def test_it_looks_like_a_month_of_work() -> None:
    past = made(providers=("textlink", "textus"))
    hours = Counter(event.about.time.hour for event in past.events)
    weekdays = Counter(event.about.time.weekday() for event in past.events)
    assert sum(hours[hour] for hour in range(15, 24)) > 3 * sum(hours[hour] for hour in range(2, 11)) > 0
    assert min(weekdays[day] for day in range(5)) > weekdays[6] > 0
    assert 0 < past.repeats < len(past.events) / 10
    assert 2000 < len(past.deliveries) < 6000
    assert all(past.since - timedelta(hours=1) <= event.about.time <= past.until for event in past.events)
    kinds = {(event.account.provider, event.event_type) for event in made(90).events}
    assert kinds == {(name, kind) for name in PLAYERS if name != "twilio" for kind in PLAYERS[name].kinds.values()}


def test_nobody_is_texted_between_a_stop_and_a_start() -> None:
    stopped: set[tuple[str, str]] = set()
    for event in sorted(made().events, key=lambda event: event.about.time):
        contact = (event.account.name, event.about.phone)
        if event.about.text in STOPS:
            stopped.add(contact)
        elif event.about.text == "START":
            stopped.discard(contact)
        elif event.event_type is EventType.MESSAGE_SENT:
            assert contact not in stopped


def test_stops_are_stops_by_the_rules_and_nothing_else_is() -> None:
    assert {classify(text).tier for text in STOPS} == {"A", "B"}
    assert classify("START").tier == "in"
    others = [*TEXTS, *ANSWERS, "Welcome back!", *(text.format(name="Dana") for text in OUTREACH)]
    assert {classify(text).tier for text in others} == {"D"}


def test_what_is_true_adds_up() -> None:
    past = made()
    truth, messages = figures(past), messages_of(past.events)
    outbound = [message for message in messages if not message.is_inbound]
    assert sum(row["messages_in"] + row["messages_out"] for row in truth["per_day"]) == len(messages)
    assert sum(row["failed"] for row in truth["per_day"]) == len(truth["failures"])
    assert truth["webhooks"] - truth["repeats"] == sum(truth["events"].values())
    assert truth["response_rate"] == len(response_seconds(messages)) / len(outbound)
    assert truth["sims"]["13"]["failed"] / truth["sims"]["13"]["messages_out"] > 0.15
    rates = {row["account"]: row["opt_outs"] / row["texted"] for row in truth["opt_outs"]}
    assert 0.03 < rates["textlink"] < 0.15
    assert all(rate < 0.05 for account, rate in rates.items() if account != "textlink")
    assert {(row["previous_tag"], row["tag"]) for row in truth["tags"]} >= {(None, "Cold"), ("Cold", "Warm")}


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setenv("HOOKLINE_HOME", str(tmp_path))
    monkeypatch.setenv("HOOKLINE_INGEST__PORT", "1")
    for kind in provider_types().values():
        monkeypatch.setenv(kind.settings_type.variable(kind.secrets_setting), SECRET)


@pytest.mark.usefixtures("nowhere")
def test_a_dry_run_tells_what_is_true_and_posts_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["send", "--days", "30", "--until", "2026-01-31", "--accounts", "2", "--dry-run", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["dry_run"] is True
    assert answer["truth"]["until"].startswith("2026-01-31")
    assert {row["account"] for row in answer["truth"]["opt_outs"]} == {"textlink", "my_account", "my_account_north"}


@pytest.mark.usefixtures("nowhere")
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["textus", "--days", "3"], "leave out PROVIDER"),
        (["--days", "3", "--text", "Hi"], "leave out --text"),
        (["--days", "3", "--bad-signature"], "leave out --bad-signature"),
        (["--days", "3", "--until", "2999-01-01"], "is in the future"),
        ([], "PROVIDER is missing, or --days"),
    ],
)
def test_what_makes_no_sense_is_one_sentence(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["send", *arguments]) == 2
    assert says in capsys.readouterr().err


@pytest.mark.usefixtures("nowhere")
def test_where_no_webhook_carries_a_time_there_is_no_history(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOOKLINE_INGEST__PROVIDERS", "twilio")
    assert main(["send", "--days", "3"]) == 2
    assert "HOOKLINE_INGEST__PROVIDERS" in capsys.readouterr().err
