"""`hookline erase` as an operator types it, on a real Kafka, a real PostgreSQL and a node's quarantine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

import ops.erasure.obligations
import ops.processors
from ingest.quarantine.store import QuarantineStore
from ops.__main__ import main
from runtime.connections import KafkaSettings
from runtime.kafka.consumer import Partition
from runtime.kafka.producer import KafkaProducer, OutgoingRecord
from runtime.kafka.reader import read
from runtime.kafka.topics import TopicAdmin
from schemas.topics import OPT_OUT_STATE, dead_letter_topic
from tests.conftest import Database
from tests.twins.erasure import KEY, caught_up, dump, insert, rows_of
from tests.twins.events import event_id, message
from tests.twins.opted_out import Desk
from tests.unit.ops.erasure.test_nodes import AT, webhook

NAME = "Ada Quuxworth"


@pytest.fixture
def phone() -> str:
    """A number of this test's own: the topics are everybody's."""
    return f"+1303555{uuid4().int % 10_000:04d}"


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """opt-out's word of having caught up is written once by each test, however slow the machine is."""
    monkeypatch.setattr(ops.erasure.obligations, "BEHIND", 600.0)


@pytest.fixture
def desk(postgres: Database) -> Iterator[Desk]:
    made = Desk(postgres, "acme", phone_peppers=(KEY,))
    yield made
    made.close()


@pytest.fixture
def letters(
    kafka: str, kafka_settings: KafkaSettings, postgres: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[str]:
    """The environment of the command, and a dead letter topic."""
    name = f"p{uuid4().hex[:8]}"
    with TopicAdmin(kafka_settings, "tests") as admin:
        admin.apply(admin.plan([dead_letter_topic(name), OPT_OUT_STATE]))
    monkeypatch.setattr(ops.processors, "processor_names", lambda: [name])
    monkeypatch.setenv("HOOKLINE_HOME", str(tmp_path))
    monkeypatch.setenv("HOOKLINE_KAFKA__BOOTSTRAP_SERVERS", kafka)
    monkeypatch.setenv("HOOKLINE_POSTGRES__DSN", postgres.dsn("operator"))
    monkeypatch.setenv("HOOKLINE_ERASE__DSN", postgres.dsn("erase"))
    monkeypatch.setenv("HOOKLINE_ERASE__PHONE_PEPPERS", KEY)
    monkeypatch.setenv("HOOKLINE_INGEST__SPOOL_DIR", str(tmp_path))
    (tmp_path / "node").write_text("n1\n")
    yield dead_letter_topic(name).name
    from kafka import KafkaAdminClient

    with closing(KafkaAdminClient(bootstrap_servers=kafka)) as client:
        client.delete_topics([dead_letter_topic(name).name])


def hookline(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any, str]:
    """The exit code, what `hookline erase ... --json` printed, and what it said beside it."""
    capsys.readouterr()
    code = main(["erase", *words, "--json"])
    printed = capsys.readouterr()
    return code, json.loads(printed.out) if printed.out else None, printed.err


def states_of(settings: KafkaSettings, phone: str) -> list[bytes | None]:
    """What the compacted topic has of a number."""
    with TopicAdmin(settings, "tests") as admin:
        offsets = admin.offsets(admin.describe([OPT_OUT_STATE.name]).values())
    bounds = {Partition(*place): found for place, found in offsets.items()}
    return [record.value for record in read(settings, "tests", bounds) if record.key == phone.encode()]


def test_from_the_first_look_to_nothing_left(
    desk: Desk,
    letters: str,
    phone: str,
    kafka_settings: KafkaSettings,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    # Given a person in the tables, among the dead letters, on the topic of states, and in the node's quarantine
    insert(desk.owner, rows_of(phone, NAME, "stop"))
    desk.owner.execute("DELETE FROM crm_links")
    desk.take(message(text="STOP", contact_phone=phone))
    desk.enforce()
    lost = event_id(990_001)
    with closing(KafkaProducer(kafka_settings, "tests")) as producer:
        headers = [("ce_id", str(lost).encode())]
        records = [
            OutgoingRecord(letters, phone.encode(), b"\x00v", headers),
            OutgoingRecord(letters, b"+12125550100", b"\x00v", []),
            OutgoingRecord(OPT_OUT_STATE.name, phone.encode(), b"\x00v", []),
        ]
        assert set(producer.publish_all(records, timeout=20)) == {None}
    with closing(QuarantineStore(tmp_path, limit=2**26, days=7, now=AT.timestamp)) as store:
        store.add([webhook(phone.encode()), webhook(b"+12125550100")])
    desk.owner.execute("INSERT INTO ingest_nodes (node, spooled, heard_at) VALUES ('n1', 0, now())")
    written = f"({phone[2:5]}) {phone[5:8]}-{phone[8:]}"
    # The number is not to be in what is kept of the request
    caught_up(desk.owner)
    code, _, said = hookline(capsys, written, "--reason", f"wrote from {written}", "--asked-by", "letter 4711")
    assert (code, phone[2:] in said) == (2, False)
    # A look changes nothing
    before = dump(desk.owner)
    caught_up(desk.owner)
    code, foretold, _ = hookline(capsys, written, "--dry-run")
    assert (code, foretold["dry_run"], foretold["nodes"]) == (0, True, {"n1": 1})
    assert dump(desk.owner)["events"] == before["events"]
    # Then it is done
    caught_up(desk.owner)
    desk.owner.execute("UPDATE ingest_nodes SET heard_at = now()")
    code, done, said = hookline(capsys, written, "--reason", "wished", "--asked-by", "letter 4711", "--by", "kim")
    assert (code, done["finished"], done["rows"]) == (0, True, foretold["rows"]), said
    assert done["phone"].startswith("erased:")
    assert [place["records"] for place in done["still_held"] if place["where"] == letters] == [1]
    assert phone[2:] not in json.dumps(done)
    assert [
        table for table, rows in dump(desk.owner).items() if any(phone[2:] in row or NAME in row for row in rows)
    ] == []
    assert states_of(kafka_settings, phone)[-1] is None
    with closing(QuarantineStore(tmp_path, limit=2**26, days=7, now=AT.timestamp)) as store:
        assert [kept.body for kept in store.waiting()] == [b"+12125550100"]
    # A letter that is sent back brings nothing back
    assert desk.all("SELECT count(*) FROM erased_events WHERE event_id = %s", lost) == [(1,)]
    # And a second run finds nothing
    caught_up(desk.owner)
    desk.owner.execute("UPDATE ingest_nodes SET heard_at = now()")
    code, again, _ = hookline(capsys, phone)
    assert (code, again["rows"], again["finished"]) == (0, {}, True)
    assert desk.all("SELECT erased_by, asked_by, reason FROM erasures") == [("kim", "letter 4711", "wished")]


def test_it_says_what_comes_first_and_which_key_is_missing(
    desk: Desk, letters: str, phone: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    del letters
    desk.take(message(text="STOP", contact_phone=phone))
    caught_up(desk.owner)
    code, _, said = hookline(capsys, phone)
    assert (code, "textus/acme has yet to be told" in said) == (75, True)
    desk.owner.execute("UPDATE enforcements SET status = 'failed'")
    caught_up(desk.owner)
    code, _, said = hookline(capsys, phone)
    assert (code, "--force" in said) == (1, True)
    monkeypatch.delenv("HOOKLINE_ERASE__PHONE_PEPPERS")
    code, _, said = hookline(capsys, phone)
    assert (code, "HOOKLINE_ERASE__PHONE_PEPPERS" in said) == (78, True)
