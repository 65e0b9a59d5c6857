"""`hookline export` on a real Kafka: the window by offset, every event once, and on from where it was."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from kafka import KafkaAdminClient, TopicPartition

from ops.__main__ import main
from runtime.kafka.connection import client_settings
from schemas.topics import CONTACTS
from tests.twins.events import contact
from tests.twins.ingest_rig import IngestRig

Capture = pytest.CaptureFixture[str]
TOPIC = "sms.messages.v1"


def run(capsys: Capture, *arguments: str) -> tuple[int, dict[str, Any]]:
    capsys.readouterr()
    code = main(["export", *arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_a_window_is_exported_once_and_what_comes_later_is_added(
    ingest_rig: IngestRig, tmp_path: Path, capsys: Capture
) -> None:
    # Given 300 events, some of which came twice
    begin = datetime.now(UTC).isoformat()
    events = [ingest_rig.event(contact_phone=f"+1303555{number:04}") for number in range(300)]
    ingest_rig.accept(*events, *events[:7])
    window = ["--from", begin, "--to", (datetime.now(UTC) + timedelta(days=1)).isoformat(), "--topic", TOPIC]
    folder = tmp_path / "out"

    # A dry run tells how much that is, and writes nothing
    code, planned = run(capsys, *window, "--out", str(folder), "--dry-run")
    assert (code, sum(part["offsets"] for part in planned["parts"]), folder.exists()) == (0, 307, False)

    code, answer = run(capsys, *window, "--out", str(folder))
    assert (code, answer["topics"][TOPIC]["rows"], answer["topics"][TOPIC]["duplicates"]) == (0, 300, 7)
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert sum(end - first for part in manifest["parts"] for first, end in part["offsets"].values()) == 307
    found = [row for part in manifest["parts"] for row in pq.read_table(folder / part["file"]).to_pylist()]
    assert {row["event_id"] for row in found} == {str(event.event_id) for event in events}
    assert {row["occurred_at"] for row in found} == {event.occurred_at for event in events}

    # Again: nothing is added, until more has come; a repeat of the first export is no event of the second
    assert run(capsys, *window, "--out", str(folder))[1]["parts_added"] == 0
    ingest_rig.accept(ingest_rig.event(), events[0])
    code, answer = run(capsys, *window, "--out", str(folder))
    assert (code, answer["topics"][TOPIC]["rows"], answer["topics"][TOPIC]["duplicates"]) == (0, 301, 8)


def test_a_window_that_began_years_ago_and_one_without_records(
    ingest_rig: IngestRig, tmp_path: Path, capsys: Capture
) -> None:
    ingest_rig.accept(ingest_rig.event())
    topic, folder = ["--topic", TOPIC], str(tmp_path / "out")
    code, answer = run(capsys, "--from", "2001-01-01", *topic, "--out", folder)
    assert code == 0
    assert answer["topics"][TOPIC]["rows"] >= 1
    code, answer = run(capsys, "--from", "2001-01-01", "--to", "2001-02-01", *topic, "--out", f"{folder}-2")
    assert (code, answer["parts_added"], answer["topics"]) == (0, 0, {})


def test_what_kafka_has_deleted_is_told(ingest_rig: IngestRig, tmp_path: Path, capsys: Capture) -> None:
    # Given a topic whose records are exported up to there, and two more
    arguments = ["--from", "2001-01-01", "--topic", CONTACTS.name, "--out"]
    ingest_rig.accept(contact())
    run(capsys, *arguments, str(tmp_path / "kept"))
    ingest_rig.accept(contact(), contact())
    log = {partition: b for partition, b in ingest_rig.logs().bounds.items() if partition.topic == CONTACTS.name}

    # When Kafka deletes them all, and one comes
    admin = KafkaAdminClient(**client_settings(ingest_rig.kafka, "tests"))
    try:
        admin.delete_records({TopicPartition(*partition): bounds.end for partition, bounds in log.items()})
    finally:
        admin.close()
    ingest_rig.accept(contact())

    # Then an export that has the first part misses two, and one that begins now misses all
    code, answer = run(capsys, *arguments, str(tmp_path / "kept"))
    assert (code, answer["deleted"], answer["parts_added"]) == (0, {CONTACTS.name: 2}, 1)
    code, answer = run(capsys, *arguments, str(tmp_path / "new"), "--dry-run")
    assert answer["deleted"] == {CONTACTS.name: sum(bounds.end for bounds in log.values())}
    # One whose window begins after what was deleted misses nothing
    since = ["--from", datetime.now(UTC).isoformat(), *arguments[2:]]
    assert run(capsys, *since, str(tmp_path / "later"), "--dry-run")[1]["deleted"] == {}
