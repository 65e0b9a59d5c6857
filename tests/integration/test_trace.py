"""`hookline trace` on a real PostgreSQL: every step of a stop, found by event, message and phone, and masked."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from ingest.quarantine.store import QuarantinedWebhook, QuarantineStore
from ops.__main__ import main
from ops.trace.trace import trace
from processors.engine.processor import Delivery, SetAside
from processors.staging.origin import Origin, origin_of
from runtime.kafka.consumer import Record
from runtime.postgres import connect
from runtime.settings import Configuration
from schemas.cloudevents import SPOOLED_AT
from schemas.events import Event
from tests.twins.crm import CrmDesk, Sandbox
from tests.twins.events import at, message
from tests.twins.opted_out import Desk, delivery
from tests.twins.stored import store, webhook

ANN = "+13035550142"
SPOOLED = datetime(2026, 11, 2, 12, 0, 5, tzinfo=UTC)


@pytest.fixture
def desk(postgres: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Desk]:
    monkeypatch.setenv("HOOKLINE_HOME", str(tmp_path))
    monkeypatch.setenv("HOOKLINE_POSTGRES__DSN", postgres.dsn("operator"))
    made = Desk(postgres, "acme", "branch")
    yield made
    made.close()


@pytest.fixture
def stop(desk: Desk) -> Event:
    """A stop that waited in the spool, was stored, decided and enforced at both accounts."""
    event = webhook("textlink", "received", at(0), phone_number=ANN, text="STOP", name="Ann Smith")
    on_kafka = Record("sms.messages.v1", 3, 77, 1_793_620_810_000, ANN.encode(), b"", [(SPOOLED_AT, micros(SPOOLED))])
    persist_stores(desk, Delivery(on_kafka, event))
    desk.take(event)
    desk.enforce()
    return event


def micros(moment: datetime) -> bytes:
    return b"%d" % ((moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1))


def persist_stores(desk: Desk, *deliveries: Delivery) -> None:
    from processors.persist import Persist, PersistSettings

    with connect(desk.postgres.dsn("persist"), process="persist") as connection, connection.transaction():
        Persist(Configuration.of(PersistSettings())).handle(deliveries, connection)


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any, str]:
    capsys.readouterr()
    code = main(["trace", *words, "--json"])
    captured = capsys.readouterr()
    return code, json.loads(captured.out), captured.err


def hops(answer: Any) -> list[str]:
    return [hop["hop"] for hop in answer["events"][0]["hops"]]


def test_every_step_of_a_stop_is_told_and_nothing_personal(
    desk: Desk, stop: Event, capsys: pytest.CaptureFixture[str]
) -> None:
    code, answer, _ = run(capsys, str(stop.event_id))

    assert (code, answer["subject"], len(answer["events"])) == (0, str(stop.event_id), 1)
    assert answer["events"][0]["event_type"] == "message.received"
    steps = {hop["hop"]: hop for hop in answer["events"][0]["hops"]}
    assert set(steps) == {"received", "spooled", "durable", "on_kafka", "persisted", "decided", "enforced"}
    assert hops(answer)[:4] == ["received", "spooled", "durable", "on_kafka"]
    assert hops(answer).count("enforced") == 2
    assert datetime.fromisoformat(steps["spooled"]["at"]) == SPOOLED
    assert steps["durable"]["detail"] == {"durability": "spool"}
    assert steps["on_kafka"]["detail"] == {"topic": "sms.messages.v1", "partition": 3, "offset": 77}
    assert (steps["decided"]["detail"]["action"], steps["decided"]["detail"]["tier"]) == ("out", "A")
    assert steps["enforced"]["detail"]["status"] == "done"
    text = json.dumps(answer)
    assert not [secret for secret in (ANN, ANN[1:], "STOP", "Ann", "Smith") if secret in text]
    assert desk.all("SELECT count(*) FROM data_reveals") == [(0,)]


def test_revealing_is_recorded_before_anything_is_shown(
    desk: Desk, stop: Event, capsys: pytest.CaptureFixture[str]
) -> None:
    _, answer, _ = run(capsys, ANN, "--reveal", "--reason", "a complaint", "--by", "kim")

    assert answer["subject"] == ANN
    received = answer["events"][0]["hops"][0]["detail"]
    assert (received["contact_phone"], received["payload"]["text"]) == (ANN, "STOP")
    assert desk.all("SELECT revealed_by, surface, event_ids, reason FROM data_reveals") == [
        ("kim", "hookline trace", [stop.event_id], "a complaint")
    ]
    # Nobody changes what was written down, the owner included
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        desk.owner.execute("DELETE FROM data_reveals")
    # And where it cannot be written down, nothing is shown
    desk.owner.execute("REVOKE INSERT ON data_reveals FROM hookline_operator")
    code = main(["trace", ANN, "--reveal", "--json"])
    assert code == 78
    assert ANN not in capsys.readouterr().out


@pytest.mark.parametrize("written", ["+13035550142", "(303) 555-0142", "303-555-0142"])
def test_a_phone_is_found_however_it_is_written(
    desk: Desk, stop: Event, written: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOOKLINE_PHONES__DEFAULT_REGION", "US")
    code, answer, _ = run(capsys, written)
    assert (code, [event["event_id"] for event in answer["events"]]) == (0, [str(stop.event_id)])
    assert answer["subject"].endswith("42")
    assert ANN not in json.dumps(answer)


@pytest.mark.parametrize("stored", ["(303) 555-0142", "303.555.0142 x7", "1 303 555 0142"])
@pytest.mark.parametrize("region", ["US", "none"])
def test_a_phone_that_was_stored_as_it_came_is_found(
    desk: Desk, stored: str, region: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # Given two texts that came before a region was set, and one after
    before = [webhook("textlink", "received", at(n), region=None, phone_number=stored, text=f"{n}") for n in range(2)]
    after = webhook("textlink", "received", at(2), phone_number=stored, text="hello")
    other = webhook("textlink", "received", at(3), region=None, phone_number="(415) 555-0142", text="hello")
    with_persist(desk, [*before, after, other])

    monkeypatch.setenv("HOOKLINE_PHONES__DEFAULT_REGION", region)
    code, answer, _ = run(capsys, ANN)

    assert (code, answer["subject"][-2:]) == (0, "42")
    assert [event["event_id"] for event in answer["events"]] == [str(event.event_id) for event in (*before, after)]
    assert stored not in json.dumps(answer)


def test_a_message_is_found_by_each_of_its_ids(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    ids = {"provider_message_id": "MSG-1", "conversation_id": "c"}
    events = [
        message("sent", "MSG-1", provider="textus", occurred_at=at(0), **ids),
        message("delivered", "MSG-1", provider="textus", occurred_at=at(1), **ids),
        message("sent", "textlink:k", occurred_at=at(2), custom_id="order-7", text="hi"),
        message("failed", "textlink:other", occurred_at=at(3), failure_id="tl-9", text="hi"),
        message("received", "textlink:x", occurred_at=at(2)),
    ]
    with_persist(desk, events)

    def found(text: str) -> list[str]:
        return [event["event_id"] for event in run(capsys, text)[1]["events"]]

    def expected(*numbers: int) -> list[str]:
        return [str(events[number].event_id) for number in numbers]

    assert found("MSG-1") == expected(0, 1)
    assert found("order-7") == found("textlink:k") == found("tl-9") == expected(2, 3)


def with_persist(desk: Desk, events: list[Any]) -> None:
    persist_stores(desk, *(delivery(event, number) for number, event in enumerate(events)))


def test_what_is_parked_is_found_by_its_place(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    event = message("received", occurred_at=at(0))
    taken = delivery(event, 5)
    persist_stores(desk, taken)
    with desk.database.transaction() as connection:
        assert desk.processor.park(SetAside(taken.record, "rejected", "DataError", "out of range"), connection)

    _, answer, _ = run(capsys, str(event.event_id))

    [parked] = [hop for hop in answer["events"][0]["hops"] if hop["hop"] == "parked"]
    assert (parked["detail"]["disposition"], parked["detail"]["error_class"]) == ("rejected", "DataError")
    assert parked["detail"]["review"] is not None


def test_what_a_crm_took_and_did_not_take_is_told(
    postgres: Any, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOOKLINE_HOME", str(tmp_path))
    monkeypatch.setenv("HOOKLINE_POSTGRES__DSN", postgres.dsn("operator"))
    crm = CrmDesk(postgres, sandbox)
    try:
        noted, dead, waits = (
            webhook("textlink", "received", at(n), phone_number=ANN, text=f"call {n}") for n in range(3)
        )
        store(crm.persist, [noted, dead, waits])
        crm.take(noted, dead, waits)
        update = "UPDATE crm_deliveries SET status = %s, detail = %s, done_at = %s WHERE event_id = %s"
        crm.owner.execute(update, ("done", None, at(4), noted.event_id))
        crm.owner.execute(update, ("dead", "rest answers 422 for +13035550142", None, dead.event_id))

        details = {}
        for event in (noted, dead, waits):
            _, answer, _ = run(capsys, str(event.event_id))
            details[event.event_id] = {hop["hop"]: hop for hop in answer["events"][0]["hops"]}
    finally:
        crm.close()
    assert details[noted.event_id]["noted"]["detail"]["status"] == "done"
    assert details[dead.event_id]["dead_letter"]["detail"]["processor"] == "crm:rest"
    assert ANN not in json.dumps(details[dead.event_id]["dead_letter"])
    assert (details[waits.event_id]["noted"]["at"], details[waits.event_id]["noted"]["detail"]["status"]) == (
        None,
        "pending",
    )


def test_the_quarantine_of_this_node_is_looked_into(
    desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spool = tmp_path / "spool"
    spool.mkdir()
    kept = QuarantinedWebhook(
        received_at=at(0), provider="textlink", kind="received", reason="wrong_secret", headers={}, body=b"{}",
        secret_digest=None, event_id=uuid4(), sender=b"s",
    )  # fmt: skip
    store_ = QuarantineStore(spool, limit=2**24, days=36_500)  # whatever day it is
    store_.add([kept])
    store_.close()

    code, answer, _ = run(capsys, str(kept.event_id))

    assert (code, hops(answer)) == (0, ["quarantined"])
    assert answer["events"][0]["hops"][0]["detail"]["reason"] == "wrong_secret"


def test_what_nobody_knows_is_told_as_such(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    for subject in (str(uuid4()), "+13035550199", "no-such-message", "  ", "\x00", "'; DROP TABLE events"):
        code, answer, said = run(capsys, subject)
        assert (code, answer["events"]) == (1, [])
        assert "hookline status" in said
    assert main(["trace", "x", "--reason", "y"]) == 2


def test_by_every_way_it_takes_less_than_300_ms_beside_many_events(desk: Desk, postgres: Any) -> None:
    # Given 200,000 events of 20,000 phones: the plans must not read the tables whole
    desk.owner.execute(
        "INSERT INTO events (event_id, event_type, provider, account, contact_phone, phone_valid, occurred_at,"
        ' time_valid, received_at, is_test, sanitised, payload, message_key, topic, partition, "offset")'
        " SELECT gen_random_uuid(), 'message.sent', 'textus', 'acme', '+1303' || (1000000 + n % 20000), true,"
        " now() - n * interval '1 second', true, now() - n * interval '1 second', false, false, '{}', 'm' || n,"
        " 'sms.messages.v1', 0, n FROM generate_series(1, 200000) AS n"
    )
    desk.owner.execute(
        "INSERT INTO messages (message_key, provider, account, contact_phone, direction, own_state, own_state_at,"
        " own_first_at, own_last_at, provider_message_id)"
        " SELECT message_key, provider, account, contact_phone, 'out', 'sent', occurred_at, occurred_at, occurred_at,"
        " 'p' || message_key FROM events"
    )
    desk.owner.execute(
        "UPDATE events SET contact_phone = '1-303-' || message_key, phone_valid = false WHERE \"offset\" % 100 = 3"
    )
    desk.owner.execute("ANALYZE")
    [(event_id,)] = desk.all("SELECT event_id FROM events WHERE message_key = 'm777'")
    with connect(postgres.dsn("operator"), process="trace") as connection:
        for subject in (str(event_id), "pm777", "m777", "+13031000777"):
            times = []
            for _ in range(5):
                begun = time.monotonic()
                found = trace(connection, subject, region=None)
                times.append(time.monotonic() - begun)
            assert found is not None
            assert found.events
            assert sorted(times)[2] < 0.3


@pytest.mark.parametrize(
    ("timestamp_ms", "headers", "kafka_at", "spooled_at"),
    [
        (1_793_620_810_000, [], datetime(2026, 11, 2, 12, 0, 10, tzinfo=UTC), None),
        (-1, [(SPOOLED_AT, b"x")], None, None),  # no time, and no number
        (2**62, [(SPOOLED_AT, b"9" * 400)], None, None),  # later than any clock of ours
        (0, [(SPOOLED_AT, None)], None, None),
        (0, [(SPOOLED_AT, "\N{SUPERSCRIPT TWO}".encode())], None, None),
    ],
)
def test_what_strangers_write_into_a_record_is_no_time(
    timestamp_ms: int, headers: Any, kafka_at: datetime | None, spooled_at: datetime | None
) -> None:
    origin = origin_of(Record("t", 0, 1, timestamp_ms, None, None, headers))
    assert origin == Origin("t", 0, 1, kafka_at, spooled_at)
