"""`hookline export` on a real Kafka: the window by offset, every event once, and on from where it was."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from ops.__main__ import main
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
