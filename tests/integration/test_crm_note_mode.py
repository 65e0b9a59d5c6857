"""A note a day for each contact, at the sandbox's CRM: all of the day's messages, in order, once, whatever happens."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ops.__main__ import main
from processors.crm_sync import CrmSync, delivery_worker_of
from processors.crm_sync.settings import CrmSettings, CrmSyncSettings
from runtime.process import StopSignal
from runtime.settings import Configuration, ConfigurationError
from tests.twins.crm import CrmDesk, Sandbox
from tests.twins.events import at, call, message
from tests.twins.rig import until
from tests.twins.stored import store, webhook

ANN, BEN = "+13035550142", "+13035550177"
HOUR = 60.0


@pytest.fixture
def desk(postgres: Any, sandbox: Sandbox) -> Iterator[CrmDesk]:
    made = CrmDesk(postgres, sandbox, note_mode="daily", note_time_zone="America/Denver")
    yield made
    made.close()


def notes(sandbox: Sandbox, phone: str = ANN) -> list[list[str]]:
    """The lines of every note but the last, which is an id; each id is another's."""
    [contact] = sandbox.contacts(phone)
    found = [note["text"].split("\n") for note in sandbox.notes(contact["id"])]
    assert [[f"[{note['external_id']}]"] for note in sandbox.notes(contact["id"])] == [lines[-1:] for lines in found]
    return [lines[:-1] for lines in found]


def test_a_note_has_a_line_for_every_message_of_the_day(desk: CrmDesk, sandbox: Sandbox) -> None:
    # Given a day in Denver, which ends at 7 in the morning by UTC, told in any order
    desk.take(message("sent", "2", text="hi", occurred_at=at(HOUR)))
    desk.take(
        message(key="1", text="hello\nthere", occurred_at=at(0)),
        message(key="b", text="me too", contact_phone=BEN),
        message(key="late", text="good night", occurred_at=at(18.9 * HOUR)),
        message(key="next", text="good morning", occurred_at=at(19 * HOUR)),
        call(occurred_at=at(2 * HOUR)),
    )
    desk.work_off()
    day = ["Messages and calls of 2026-11-02 (America/Denver)", "05:00 SMS received: hello", "there"]
    rest = ["07:00 Call completed (in): ", "23:54 SMS received: good night"]
    next_day = ["Messages and calls of 2026-11-03 (America/Denver)", "00:00 SMS received: good morning"]
    assert notes(sandbox) == [[*day, "06:00 SMS sent: hi", *rest], next_day]
    assert len(notes(sandbox, BEN)) == 1
    # And it was told once, for all of it was known
    assert sorted(method for method, _ in sandbox.crm_requests()).count("POST") == 2 + 3
    assert "PATCH" not in [method for method, _ in sandbox.crm_requests()]
    # When something becomes of a message, its line says so
    sandbox.forget_requests()
    desk.take(message("failed", "2", text="hi", occurred_at=at(HOUR + 1)))
    desk.work_off()
    assert notes(sandbox)[0] == [*day, "06:00 SMS not delivered: hi", *rest]
    assert len(sandbox.crm_requests("PATCH")) == 1


def test_lost_answers_and_a_dead_courier_make_no_second_note(desk: CrmDesk, sandbox: Sandbox) -> None:
    # M2. Given calls whose effect is there and whose answer is lost
    desk.take(message(key="1", text="first"))
    for method in ("POST", "PATCH"):
        sandbox.fault("/crm/contacts", method=method, drop_answer=True, times=3)
    desk.work_off()
    desk.take(message(key="2", text="second", occurred_at=at(1)))
    desk.work_off()
    # And a delivery worker that dies between the call and its outcome, on the next day
    desk.take(message(key="3", text="third", occurred_at=at(30 * HOUR)))
    target, database = desk.rest(), desk.new_database()
    delivery_worker = delivery_worker_of(target, desk.crm)
    delivery_worker(database)
    until(lambda: delivery_worker._unrecorded or not delivery_worker._finished.empty())
    delivery_worker._pool.shutdown()
    database.close()
    target.close()
    assert len(notes(sandbox)) == 2
    # When its lease is over, and more has come
    desk.expire_leases()
    desk.take(message(key="4", text="fourth", occurred_at=at(31 * HOUR)))
    desk.work_off()
    # Then there is one note a day
    said = [[line[6:] for line in lines[1:]] for lines in notes(sandbox)]
    assert said == [
        ["SMS received: first", "SMS received: second"],
        ["SMS received: third", "SMS received: fourth"],
    ]
    assert desk.statuses() == {"done": 4}


def test_a_first_delivery_that_is_dead_in_doubt_is_not_made_again_by_the_second(
    desk: CrmDesk, sandbox: Sandbox
) -> None:
    # Given a note that was made, and a delivery that died before anybody knew
    desk.take(message(key="1", text="first"))
    desk.work_off()
    desk.owner.execute("UPDATE crm_links SET remote_id = NULL, written = '{}' WHERE key LIKE 'day:%'")
    desk.owner.execute("UPDATE crm_deliveries SET status = 'dead', doubtful = true")
    desk.take(message(key="2", text="second", occurred_at=at(1)))
    desk.work_off()
    assert [[line[6:] for line in lines[1:]] for lines in notes(sandbox)] == [
        ["SMS received: first", "SMS received: second"]
    ]


def test_a_message_that_belongs_to_the_day_before_is_moved(desk: CrmDesk, sandbox: Sandbox) -> None:
    # Given what became of a message after midnight, and later that it was sent before
    numbered = {"provider": "textus", "account": "acme", "provider_message_id": "/messages/1", "text": "hi"}
    desk.take(message("delivered", "/messages/1", occurred_at=at(19.1 * HOUR), **numbered))
    desk.work_off()
    assert len(notes(sandbox)) == 1
    desk.take(message("unknown", "/messages/1", occurred_at=at(18.9 * HOUR), **numbered))
    desk.work_off()
    after, before = notes(sandbox)
    assert after == ["Messages and calls of 2026-11-03 (America/Denver)"]
    assert before[1:] == ["23:54 SMS sent and delivered: hi"]


def test_the_mode_counts_for_messages_that_are_not_noted_yet(desk: CrmDesk, sandbox: Sandbox) -> None:
    daily = desk.crm
    # Given a message that has a note of its own
    desk.crm = daily.model_copy(update={"note_mode": "each"})
    desk.take(message("sent", "1", text="alone"))
    desk.work_off()
    # When there is a note a day from now on
    desk.crm = daily
    desk.take(message(key="2", text="second", occurred_at=at(1)), message("failed", "1", text="alone"))
    desk.work_off()
    [ann] = sandbox.contacts(ANN)
    alone, day = (note["text"].split("\n") for note in sandbox.notes(ann["id"]))
    assert (alone[0], day[1:-1]) == ("SMS not delivered: alone", ["05:01 SMS received: second"])
    # And when it is each again, what stands in the day's note stays there
    desk.crm = daily.model_copy(update={"note_mode": "each"})
    desk.take(message("delivered", "2", text="second", occurred_at=at(2)), message(key="3", text="third"))
    desk.work_off()
    assert len(sandbox.notes(ann["id"])) == 3


def test_a_backfill_makes_a_note_a_day(
    desk: CrmDesk, sandbox: Sandbox, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    reported = [
        ("HOME", str(tmp_path)),
        ("POSTGRES__DSN", desk.operator_dsn),
        ("CRM__TARGETS", "rest"),
        ("CRM__NOTE_MODE", "daily"),
    ]
    for name, value in reported:
        monkeypatch.setenv(f"HOOKLINE_{name}", value)
    texts = [f"text {n:02d}" for n in range(48)]
    store(
        desk.persist,
        [webhook("textlink", "received", at(n * HOUR), phone_number=ANN, text=text) for n, text in enumerate(texts)],
    )
    assert main(["crm", "backfill", "--target", "rest", "--json"]) == 0
    told_us = json.loads(capsys.readouterr().out)
    assert (told_us["estimate"]["notes"], told_us["ordered"]) == (3, 48)  # days by UTC, the setting's default
    desk.work_off()
    held = notes(sandbox)
    assert [line.rpartition(": ")[2] for lines in held for line in lines[1:]] == texts
    assert len(held) == 3
    assert sandbox.crm_requests("PATCH") == []


def test_it_is_refused_where_a_note_cannot_be_changed(desk: CrmDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "HOOKLINE_CRM__TARGETS": "rest",
        "HOOKLINE_CRM__NOTE_MODE": "daily",
        "HOOKLINE_CRM_REST__URL": "http://127.0.0.1:9/crm",
        "HOOKLINE_CRM_REST__UPDATE_NOTE": "",
    }.items():
        monkeypatch.setenv(name, value)
    processor = CrmSync(Configuration.load(CrmSyncSettings, *CrmSync.sections()))
    with pytest.raises(ConfigurationError, match="HOOKLINE_CRM__NOTE_MODE=daily: the CRM rest cannot change a note"):
        processor.background(desk.connect, StopSignal())


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("NOTE_MODE", "weekly", "each: a note for every message"),
        ("NOTE_TIME_ZONE", "Mars/Olympus", "no time zone"),
        ("NOTE_TIME_ZONE", "../etc/passwd", "no time zone"),
        ("NOTE_LINE", "{time} {what}", "leaves out {text}"),
        ("NOTE_LINE", "{event_id} {text}", "has no event_id"),
    ],
)
def test_a_mistake_in_its_settings_is_named(variable: str, value: str, expected: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        Configuration.load(CrmSettings, environ={f"HOOKLINE_CRM__{variable}": value})
    assert f"HOOKLINE_CRM__{variable}" in str(raised.value)
    assert expected in str(raised.value)
