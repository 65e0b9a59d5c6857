"""`hookline replay` and `hookline tail` on a real Kafka and a real PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from ops.__main__ import main
from runtime.kafka.consumer import Partition, Record
from runtime.kafka.reader import read
from runtime.kafka.topic_logs import topic_logs
from runtime.kafka.topics import Offsets, TopicAdmin
from tests.twins.ingest_rig import IngestRig

ANN, BEN = "+13035550142", "+13035550177"


def window(rig: IngestRig) -> list[str]:
    return ["--from", rig.begin.isoformat(), "--to", (rig.begin + timedelta(hours=1)).isoformat()]


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
    capsys.readouterr()
    code = main([*words, "--json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.fixture
def returned(ingest_rig: IngestRig) -> Any:
    """What has come on redrive.persist since the test began."""

    def bounds_now() -> Mapping[Partition, Offsets]:
        with TopicAdmin(ingest_rig.kafka, "tests") as admin:
            return topic_logs(admin, ["redrive.persist"]).bounds

    before = bounds_now()

    def look() -> list[Record]:
        now = bounds_now()
        stretches = {partition: Offsets(before[partition].end, bounds.end) for partition, bounds in now.items()}
        return list(read(ingest_rig.kafka, "tests", stretches))

    return look


def test_records_go_to_the_processor_byte_for_byte_each_event_once(
    ingest_rig: IngestRig, returned: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    events = [ingest_rig.event(contact_phone=(ANN, BEN)[n % 2]) for n in range(6)]
    records = ingest_rig.accept(*events)
    ingest_rig.publish(records[0])  # it came twice
    earlier = ingest_rig.begin - timedelta(minutes=1)
    ingest_rig.accept(ingest_rig.event(received_at=earlier, occurred_at=earlier))

    code, answer = run(capsys, "replay", "persist", *window(ingest_rig), "--dry-run")
    assert (code, answer["records"], answer["types"], returned()) == (0, 6, {"message.received": 6}, [])

    code, answer = run(capsys, "replay", "persist", *window(ingest_rig))
    assert (code, answer["records"], answer["refused"]) == (0, 6, [])
    came = returned()
    assert {(record.key, record.value) for record in came} == {(record.key, record.value) for record in records}
    assert sorted(dict(record.headers)["hl-seq"] for record in came) == sorted(r.headers[-1][1] for r in records)


def test_only_a_type_or_a_phone_however_it_is_written(
    ingest_rig: IngestRig, returned: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOKLINE_PHONES__DEFAULT_REGION", "US")
    ingest_rig.accept(
        ingest_rig.event(contact_phone=ANN),
        ingest_rig.event(contact_phone=BEN),
        ingest_rig.event(contact_phone=ANN, state="sent"),
    )
    code, answer = run(capsys, "replay", "persist", *window(ingest_rig), "--phone", "(303) 555-0142")
    assert (code, answer["types"]) == (0, {"message.received": 1, "message.sent": 1})
    code, answer = run(capsys, "replay", "persist", *window(ingest_rig), "--type", "message.sent")
    assert (code, answer["types"]) == (0, {"message.sent": 1})
    assert {record.key for record in returned()} == {ANN.encode()}


@pytest.mark.parametrize(
    "words",
    [
        ["nobody", "--from", "2026-03-01", "--to", "2026-03-02"],
        ["persist", "--from", "2026-03-02", "--to", "2026-03-01"],
        ["persist", "--from", "2026-03-01", "--to", "2026-03-02", "--type", "message.eaten"],
    ],
)
def test_what_cannot_be_meant_is_refused(ingest_rig: IngestRig, words: list[str]) -> None:
    assert main(["replay", *words]) == 2


def test_tail_shows_a_line_an_event_and_nothing_personal(
    ingest_rig: IngestRig, capsys: pytest.CaptureFixture[str]
) -> None:
    begun = ingest_rig.producer_time()
    ingest_rig.accept(
        ingest_rig.event(contact_phone=ANN, text="call me", name="Ann Smith"),
        ingest_rig.event(contact_phone=BEN, text="later"),
        ingest_rig.event(contact_phone=ANN, text="bye", state="sent"),
    )
    capsys.readouterr()

    assert main(["tail", "--from", begun, "--limit", "3", "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert sorted(line["event_type"] for line in lines) == ["message.received", "message.received", "message.sent"]
    text = json.dumps(lines)
    assert not [secret for secret in (ANN, ANN[1:], BEN, "call", "later", "Smith") if secret in text]

    assert main(["tail", "--from", begun, "--limit", "1", "--phone", ANN, "--type", "message.sent"]) == 0
    [line] = capsys.readouterr().out.splitlines()
    assert "message.sent  textlink/textlink  +*********42" in line

    reveal = ["--reveal", "--by", "kim", "--reason", "a test"]
    assert main(["tail", "--from", begun, "--limit", "1", "--phone", ANN, "--topic", "sms.messages.v1", *reveal]) == 0
    assert "call me" in capsys.readouterr().out
    rows = ingest_rig.owner.execute("SELECT revealed_by, surface, event_ids, reason FROM data_reveals").fetchall()
    assert rows == [("kim", "hookline tail", [], "a test")]


def test_tail_of_what_is_none_is_refused(ingest_rig: IngestRig) -> None:
    assert main(["tail", "--topic", "sms.nothing.v1"]) == 2
    assert main(["tail", "--type", "message.eaten"]) == 2
    assert main(["tail", "--reason", "x"]) == 2
