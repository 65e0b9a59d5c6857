"""A stop that comes back from the quarantine of a stopped node is on Kafka, not in a spool that nobody knows of."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ingest.durable.spool.directory import ServiceDirectory
from ingest.quarantine.keeping import KeepingQuarantine
from ingest.quarantine.store import QuarantineStore
from ingest.webhooks import receive
from ops import exits
from ops.__main__ import main
from runtime.connections import KafkaSettings
from runtime.kafka.reader import read
from runtime.kafka.topic_logs import topic_logs
from runtime.kafka.topics import Offsets, TopicAdmin
from schemas.codec import Codec
from schemas.ids import SchemaIds
from schemas.topics import EVENT_TOPICS
from tests.contract.players import NEW_SECRET, OLD_SECRET, PLAYERS
from tests.fuzz.providers import settings


class Nowhere:
    def publish_all(self, _: object) -> Any:
        raise AssertionError("a 401 publishes nothing")


@pytest.fixture
def spool(kafka: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The spool of a node that has ended with an empty one, and a stop in its quarantine."""
    monkeypatch.setenv("HOOKLINE_HOME", str(tmp_path))
    monkeypatch.setenv("HOOKLINE_KAFKA__BOOTSTRAP_SERVERS", kafka)
    monkeypatch.setenv("HOOKLINE_INGEST__SPOOL_DIR", str(tmp_path / "spool"))
    for variable, value in settings(NEW_SECRET).items():
        monkeypatch.setenv(variable, value)
    directory = tmp_path / "spool"
    ServiceDirectory(directory, reserve=0).close()
    player = PLAYERS["textlink"]
    request = player.posted({**player.message, "text": "STOP"}, NEW_SECRET).request(datetime.now(UTC))
    with closing(KeepingQuarantine(QuarantineStore(directory, limit=2**20, days=7))) as quarantine:
        assert receive(player.provider(OLD_SECRET), request, Nowhere(), quarantine).status == 401
    return directory


def test_a_stop_comes_back_straight_to_kafka(
    spool: Path, kafka_settings: KafkaSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [topic.name for topic in EVENT_TOPICS]
    with TopicAdmin(kafka_settings, "tests") as admin:
        before = topic_logs(admin, names).bounds
    assert main(["quarantine", "replay", "--json"]) == exits.OK
    [webhook] = json.loads(capsys.readouterr().out)["webhooks"]
    with TopicAdmin(kafka_settings, "tests") as admin:
        after = topic_logs(admin, names).bounds
    stretches = {partition: Offsets(before[partition].end, after[partition].end) for partition in after}
    codec = Codec(SchemaIds.checked_in())
    events = [codec.decode(record.value) for record in read(kafka_settings, "tests", stretches)]
    assert webhook["event_id"] in {str(event.event_id) for event in events}
    assert main(["spool", "status", "--json"]) == exits.OK
    assert json.loads(capsys.readouterr().out)["records"] == 0
