"""Ingest's records, its counts, and persist, each step on its own, on a real Kafka and a real PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

from ingest.durable.publisher import outgoing
from ingest.durable.record_numbers import RecordNumbers
from ingest.node.count_report import CountReport
from ingest.node.name import node_name
from processors.engine.batch import decoded
from processors.persist import Persist, PersistSettings
from runtime.connections import KafkaSettings
from runtime.kafka.producer import KafkaProducer, OutgoingRecord
from runtime.kafka.reader import read
from runtime.kafka.topic_logs import TopicLogs, topic_logs
from runtime.kafka.topics import Offsets, TopicAdmin
from runtime.postgres import connect
from runtime.settings import Configuration
from schemas.codec import Codec
from schemas.events import Event
from schemas.ids import SchemaIds
from schemas.topics import EVENT_TOPICS
from tests.twins.events import message

_codec = Codec(SchemaIds.checked_in())
#: Each test has an hour of its own: the topics are everybody's.
_hours = count(1)


class IngestRig:
    """Each step on its own, so that a test can leave one out."""

    def __init__(self, kafka: KafkaSettings, postgres: Any, spool_dir: Path) -> None:
        self.kafka, self.postgres, self.spool_dir = kafka, postgres, spool_dir
        self.begin = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(hours=2 * next(_hours))
        self.numbers = RecordNumbers.on_disk(spool_dir)
        self.producer = KafkaProducer(kafka, "tests")
        self.owner = psycopg.connect(postgres.owner_dsn, autocommit=True)
        self.before = self.logs()
        self._minutes = count()

    def logs(self) -> TopicLogs:
        """Of the event topics, now."""
        with TopicAdmin(self.kafka, "tests") as admin:
            return topic_logs(admin, [topic.name for topic in EVENT_TOPICS])

    def event(self, **given: Any) -> Event:
        moment = self.begin + timedelta(minutes=next(self._minutes) % 59, seconds=30)
        return message(**({"occurred_at": moment, "received_at": moment} | given))

    def record(self, event: Event) -> OutgoingRecord:
        """Its record, with the next number."""
        return outgoing(event, _codec, self.numbers)

    def publish(self, *records: OutgoingRecord) -> None:
        assert set(self.producer.publish_all(list(records), timeout=20)) <= {None}

    def accept(self, *events: Event, spooled: bool = False, lost: bool = False) -> list[OutgoingRecord]:
        """As ingest does before it answers 200; `lost`: and Kafka has none of it."""
        records = [self.record(event) for event in events]
        if not lost:
            self.publish(*records)
        for event, record in zip(events, records, strict=True):
            self.numbers.count_event(record, event.received_at, spooled=spooled)
        return records

    def report_counts(self) -> None:
        with connect(self.postgres.dsn("ingest"), process="ingest") as connection:
            CountReport(node_name(self.spool_dir), self.spool_dir)(connection)

    def persist(self, *, left_out: int = 0) -> TopicLogs:
        """Store what has come since this test began, but for the newest `left_out` records of each partition."""
        log = self.logs()
        stretches = {
            partition: Offsets(self.before.bounds[partition].end, max(bounds.end - left_out, 0))
            for partition, bounds in log.bounds.items()
        }
        deliveries, _ = decoded(read(self.kafka, "tests", stretches), _codec)
        with connect(self.postgres.dsn("persist"), process="persist") as connection, connection.transaction():
            Persist(Configuration.of(PersistSettings())).handle(deliveries, connection)
        for partition, stretch in stretches.items():
            self.owner.execute(
                "INSERT INTO consumer_offsets (consumer_group, cluster_id, topic_id, partition, topic, next_offset)"
                " VALUES ('hookline-persist', 'c', %s, %s, %s, %s) ON CONFLICT (consumer_group, cluster_id, topic_id,"
                " partition) DO UPDATE SET next_offset = EXCLUDED.next_offset",
                (log.topic_ids[partition.topic], partition.number, partition.topic, stretch.end),
            )
        return log

    @staticmethod
    def producer_time() -> str:
        """Now, as the timestamps of records have it."""
        return datetime.now(UTC).isoformat()

    def close(self) -> None:
        self.producer.close()
        self.owner.close()
