"""`hookline crm backfill` on a real PostgreSQL: what a CRM missed is made good, once, whatever is killed on the way."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from ingest.provider import provider_types
from ops.__main__ import main
from ops.stored_events import event_again
from processors.crm_sync import backfill
from processors.crm_sync.backfill import stored_event
from processors.crm_sync.enqueue import take_in
from runtime.postgres import connect
from schemas.events import Event, EventType
from tests.twins.crm import CrmDesk, Sandbox
from tests.twins.events import T0, at, opt_out_state
from tests.twins.rig import beside, until
from tests.twins.stored import store, webhook

#: HOOKLINE_TEST_PACE=full: as many as the issue asks for.
FULL = os.environ.get("HOOKLINE_TEST_PACE") == "full"
ANN, BEN = "+13035550142", "+13035550177"
PAYLOADS = sorted((Path(__file__).parent.parent / "payloads").glob("*/*.json"))


@pytest.fixture
def desk(postgres: Any, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[CrmDesk]:
    made = CrmDesk(postgres, sandbox)
    monkeypatch.setenv("HOOKLINE_HOME", str(tmp_path))
    monkeypatch.setenv("HOOKLINE_POSTGRES__DSN", made.operator_dsn)
    monkeypatch.setenv("HOOKLINE_CRM__TARGETS", "rest")
    yield made
    made.close()


@contextmanager
def to_be_killed(command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """`command` in a process of its own, which is killed at the end."""
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


def hookline(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    """What `hookline crm backfill --target rest ... --json` prints."""
    capsys.readouterr()
    assert main(["crm", "backfill", "--target", "rest", *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def received(number: int, phone: str = ANN, **fields: Any) -> Event:
    given = {"phone_number": phone, "text": f"text {number:05d}"} | fields
    return webhook("textlink", "received", at(number / 60), **given)


def test_what_is_stored_is_read_again_as_it_was(desk: CrmDesk) -> None:
    # Given every sample of every provider, and each with what nobody would expect in its fields
    events: dict[UUID, Event] = {}
    for payload in PAYLOADS:
        provider, kind = payload.parent.name, payload.stem.partition("__")[0]
        segment = kind if kind in provider_types()[provider].url_kinds else None
        content = json.loads(payload.read_text("utf-8"))
        odd = {"text": {"a": [1.50, True, None]}, "sim_card_id": 17, "tag": 9.0, "nul": "\x00", "id": payload.stem}
        for fields in content if isinstance(content, list) else [content]:
            for given in (fields, fields | odd):
                event = webhook(provider, segment, T0, **given)
                if event.event_type != EventType.UNRECOGNIZED:
                    events.setdefault(event.event_id, event)  # a repeat is the first one again
    store(desk.persist, list(events.values()))
    # When they are read again, they are what they were
    with connect(desk.operator_dsn, process="tests") as connection:
        for event in events.values():
            stored = stored_event(connection, event.event_id)
            assert stored is not None
            assert json.loads(stored.payload) == json.loads(event.payload)
            assert event_again(stored) == replace(event, payload=stored.payload)


def test_what_the_crm_was_not_there_for(
    desk: CrmDesk, sandbox: Sandbox, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given what persist has stored while no crm-sync ran, a test among it, and two stops, one of an unknown person
    monkeypatch.setattr(backfill, "BATCH", 2)
    sent = {"phone_number": ANN, "text": "hi", "sim_card_id": 1, "timestamp": int(at(3).timestamp() * 1000)}
    events = [
        received(60, name="Ann", tag="Warm"),
        received(120),
        webhook("textlink", "sent", at(3), **sent),
        webhook("textlink", "failed", at(4), **sent, textlink_id="1"),
        received(300, BEN),
        webhook("textlink", "tag", at(6), phone_number=BEN, name="Ben", tag="Cold"),
        webhook("textlink", "received", at(6), phone_number="+11234567890", text="Working!"),
        webhook("textlink", None, at(7), phone_number=ANN),
    ]
    store(desk.persist, events)
    for phone in (BEN, "+13035550188"):
        assert main(["opt-outs", "add", phone, "--reason", "called us"]) == 0
    # When a dry run tells what there is
    reported = hookline(capsys, "--dry-run")
    estimate = reported["estimate"]
    assert (estimate["events"], estimate["contacts"], estimate["new_contacts"], estimate["states"]) == (6, 2, 2, 2)
    assert estimate["calls"] >= 6
    assert desk.statuses() == {}
    # And it is done, and worked off
    assert hookline(capsys)["ordered"] == 8
    desk.work_off()
    # Then it is as if crm-sync had been there
    [ann], [ben], [stranger] = (sandbox.contacts(phone) for phone in (ANN, BEN, "+13035550188"))
    assert len(sandbox.contacts()) == 3
    assert [(contact["name"], contact["tags"], contact["opted_out"]) for contact in (ann, ben, stranger)] == [
        ("Ann", ["Warm"], False),
        ("Ben", ["Cold"], True),
        (None, [], True),
    ]
    assert [note["text"].partition("\n")[0] for note in sandbox.notes(ann["id"])] == [
        "SMS received: text 00060",
        "SMS received: text 00120",
        "SMS not delivered: hi",
    ]
    # And another time there is nothing to do
    reported = hookline(capsys)
    assert (reported["estimate"]["events"], reported["ordered"]) == (0, 0)
    # And what crm-sync reads at last is known
    desk.take(*events[:6])
    assert desk.statuses() == {"done": 8}


def test_only_what_is_asked_for(desk: CrmDesk, capsys: pytest.CaptureFixture[str]) -> None:
    events = [received(number * 60) for number in range(10)]
    store(desk.persist, events)
    desk.take(*events[:2])  # crm-sync was there then
    assert hookline(capsys, "--to", "2026-11-02T12:04:00+00:00", "--dry-run")["estimate"]["events"] == 2
    assert hookline(capsys, "--from", "2026-11-02T13:07:00+01:00")["ordered"] == 3
    assert hookline(capsys, "--from", "2026-11-03")["ordered"] == 0
    assert hookline(capsys, "--from", "2026-11-02")["ordered"] == 5
    assert desk.statuses() == {"pending": 10}


def test_a_mistake_is_told(desk: CrmDesk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    del desk
    for words, reported in (
        (["--target", "nothing"], "nothing: no such CRM; there are"),
        (["--target", "rest", "--from", "yesterday"], "no ISO date or time"),
    ):
        assert main(["crm", "backfill", *words]) == 2
        assert reported in capsys.readouterr().err
    monkeypatch.setenv("HOOKLINE_CRM__TARGETS", "")
    assert main(["crm", "backfill", "--target", "rest"]) == 2
    assert "HOOKLINE_CRM__TARGETS" in capsys.readouterr().err


def test_an_event_that_nobody_reads_any_more_is_left_out(desk: CrmDesk, capsys: pytest.CaptureFixture[str]) -> None:
    store(desk.persist, [received(1), received(2)])
    desk.owner.execute("UPDATE events SET provider = 'gone' WHERE received_at = %s", (at(1 / 60),))
    reported = hookline(capsys)
    assert (reported["ordered"], reported["unreadable"]) == (1, 1)


@pytest.mark.parametrize("token", ["", "a-token"])
def test_texts_that_are_lacking_are_asked_for_where_they_are_fetched(
    token: str, desk: CrmDesk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOKLINE_TEXTUS__API_TOKEN", token)
    [payload] = [path for path in PAYLOADS if path.name == "message.received.json"]
    fields = json.loads(payload.read_text("utf-8"))
    fields["message"].pop("body")
    store(desk.persist, [webhook("textus", None, T0, **fields)])
    assert hookline(capsys)["ordered"] == 1
    assert desk.all("SELECT text_asked_at IS NOT NULL FROM crm_notes") == [(bool(token),)]


@pytest.mark.slow
def test_it_does_not_wait_in_a_circle_with_those_at_work(
    desk: CrmDesk, sandbox: Sandbox, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given events of a few contacts, all of them in everybody's hands at once, with opt-out states among them
    monkeypatch.setattr(backfill, "BATCH", 20)
    monkeypatch.setattr("processors.outbox.worker.RENEWED", 0.0)  # leases are renewed all the time
    chance = random.Random(6)
    phones = [f"+1303555{number:04d}" for number in range(30)]
    events = [received(number, phones[number % 30], name=f"N{number}", tag=f"T{number}") for number in range(900)]
    store(desk.persist, events)
    states = [
        opt_out_state(state, n, contact_phone=chance.choice(phones)) for n, state in enumerate(["out", "in"] * 90)
    ]

    def live() -> None:
        """crm-sync's intake, in an order of its own."""
        given: list[Event] = [*events, *states]
        random.Random(chance.random()).shuffle(given)
        database = desk.new_database()
        for start in range(0, len(given), 30):
            with database.transaction() as connection:
                take_in(connection, given[start : start + 30], ["rest"])
        database.close()

    with ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(desk.working(desk.rest()))
        lives = [stack.enter_context(beside(live, lambda: None)) for _ in range(2)]
        hookline(capsys)
        until(lambda: not any(thread.is_alive() for thread in lives), "an end of the intake")
        desk.until_done()
    # Then nobody was turned away, and everything is there once
    assert desk.all("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()") == [(0,)]
    assert desk.statuses() == {"done": 900 + len(states)}
    assert len(sandbox.contacts()) == 30
    assert sum(len(sandbox.notes(contact["id"])) for contact in sandbox.contacts()) == 900


@pytest.mark.slow
@pytest.mark.timeout(1800 if FULL else 180)
def test_killed_three_times_on_the_way(
    desk: CrmDesk, sandbox: Sandbox, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # C1. Given many stored messages (HOOKLINE_TEST_PACE=full: 20,000 of 2,000 contacts)
    monkeypatch.setattr("tests.twins.rig.TIME_LIMIT", 900.0 if FULL else 90.0)
    count, contacts, batch, every = (20_000, 2_000, 1000, 0.5) if FULL else (600, 60, 50, 0.005)
    store(desk.persist, [received(n, f"+1303{2_000_000 + n % contacts:07d}") for n in range(count)])
    couriers = [sys.executable, "-m", "tests.twins.crm_process", desk.dsn, f"{sandbox.url}/crm"]
    ordering = [sys.executable, "-m", "tests.twins.crm_backfill_process", str(batch), str(count // batch // 4)]
    since = ["--from", str(T0 - timedelta(days=1))]
    # When the command, in the midst of a transaction, and the delivery worker are killed three times
    for kill in range(1, 4):
        with to_be_killed(couriers):
            with to_be_killed([*ordering, "--target", "rest", *since]) as command:
                assert command.stdout is not None
                assert command.stdout.readline() == b"standing still\n"
            until(lambda kill=kill: desk.statuses()["done"] >= count * kill // 5, every=every)
        assert desk.statuses().total() == count * kill // 4
        desk.expire_leases()
    # And they are let live
    with to_be_killed(couriers):
        assert hookline(capsys, *since)["ordered"] == count // 4
        until(lambda: not desk.statuses()["pending"], every=every)
    # Then there is one contact a phone, and every message once
    assert desk.statuses() == {"done": count}
    held = sandbox.contacts()
    assert len(held) == contacts == len({contact["phone"] for contact in held})
    noted = [note["text"].partition("\n")[0] for contact in held for note in sandbox.notes(contact["id"])]
    assert sorted(noted) == [f"SMS received: text {n:05d}" for n in range(count)]
    assert hookline(capsys)["ordered"] == 0
