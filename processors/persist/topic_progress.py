"""`sms.progress.v1` and the table `topic_progress`: up to when the topics are complete, once a minute.

An event that was answered 200 is on Kafka or in its node's spool. So where every node says that its spool was empty at
some time, all that was answered before is on Kafka, and below the ends of the logs as they are read after that. It goes
by the time of the answer: what a replay from quarantine writes later belongs to a later minute, whatever time it
tells of. docs/decisions/0043 has the argument.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from processors.engine.database import Database
from processors.engine.processor import Retryable
from runtime import logs, metrics
from runtime.connections import KafkaSettings
from runtime.kafka.consumer import Partition
from runtime.kafka.errors import KafkaError
from runtime.kafka.producer import BulkProducer, OutgoingRecord
from runtime.kafka.topics import TopicAdmin
from runtime.postgres import Connection
from schemas.cloudevents import rfc3339
from schemas.topics import EVENT_TOPICS, PROGRESS

log = logs.logger("processors.persist.topic_progress")

#: Between two records.
PERIOD = timedelta(seconds=60)
#: Seconds between two looks.
INTERVAL = 2.0
#: Between the time of a record and the oldest report of a node. Only a node that PostgreSQL has not heard of since its
#: start needs it: it reports twice a second, and each try takes 4 s at most.
MARGIN = timedelta(seconds=10)
#: A longer gap between two looks: PostgreSQL was away, and a node that has started meanwhile gets MARGIN to report.
LONGEST_GAP = timedelta(seconds=5)
#: How long the table keeps a row: three times as long as the topics keep their records by default.
ROW_RETENTION = timedelta(days=90)
#: Seconds to wait for Kafka's confirmation, and for its answer where its logs end.
ACK_TIMEOUT, ASK_TIMEOUT = 5.0, 2.0
#: "HLPROGRE": one process at a time writes.
_LOCK = 0x484C50524F475245

CLOCK = "SELECT pg_try_advisory_xact_lock(%s), clock_timestamp()"
NEWEST = "SELECT max(at), max(written_at) FROM topic_progress"
NODES = "SELECT spooled, heard_at, stopped_at FROM ingest_nodes WHERE retired_at IS NULL"
WRITE = "INSERT INTO topic_progress (at, logs) VALUES (%s, %s::jsonb)"
#: What was written while the clock was ahead claims what nobody could know, and would hold up all that follows.
WITHDRAW = "DELETE FROM topic_progress WHERE at > %s"
FORGET = "DELETE FROM topic_progress WHERE at < %s"
PARKED = """
SELECT count(*) FROM parked_records AS k
WHERE k.record_offset < (%s::jsonb -> k.topic -> 'partitions' -> k.partition ->> 1)::bigint
"""

#: By topic: `topic_id`, and `partitions`: for each the first offset and the one after the last.
Logs = Mapping[str, Mapping[str, Any]]


class SpoolOfNode(NamedTuple):
    """What PostgreSQL knows of one node of ingest."""

    spooled: int
    heard_at: datetime
    stopped_at: datetime | None


def complete_until(nodes: Sequence[SpoolOfNode], now: datetime) -> datetime | None:
    """The time before which everything that was answered is on Kafka; None: a spool holds events, or nobody reports."""
    if not nodes or any(node.spooled for node in nodes):
        return None
    return min([now, *(node.heard_at for node in nodes if node.stopped_at is None)]) - MARGIN


class TopicProgress:
    """Writes down, once a minute, up to when the topics are complete."""

    def __init__(self, producer: BulkProducer, read_logs: Callable[[], Logs]) -> None:
        """`read_logs` tells where the logs of the event topics begin and end; it raises Retryable."""
        self._producer = producer
        self._read_logs = read_logs
        self._contact: tuple[datetime, datetime] | None = None  # since when looks follow each other; the last one

    def __call__(self, database: Database) -> float:
        """One round; seconds until the next. Raises Retryable where Kafka is away."""
        with database.transaction() as connection:
            [(is_ours, now)] = connection.execute(CLOCK, (_LOCK,)).fetchall()
            has_contact = self._has_contact(now)
            if not is_ours:
                return INTERVAL
            if (ahead := connection.execute(WITHDRAW, (now,)).rowcount) > 0:
                log.warning("progress_withdrawn", records=ahead, reason="PostgreSQL's clock was ahead")
            [(newest, written_at)] = connection.execute(NEWEST).fetchall()
            if newest is not None:
                metrics.PROGRESS_BEHIND.set((now - newest).total_seconds())
            if has_contact and (written_at is None or now - written_at >= PERIOD):
                self._write(connection, now, newest)
        return INTERVAL

    def _has_contact(self, now: datetime) -> bool:
        """Whether PostgreSQL has been there for MARGIN without a break, as far as our looks tell."""
        if self._contact is None or not timedelta(0) <= now - self._contact[1] <= LONGEST_GAP:
            self._contact = now, now
        since, _ = self._contact
        self._contact = since, now
        return now - since >= MARGIN

    def _write(self, connection: Connection, now: datetime, newest: datetime | None) -> None:
        at = complete_until([SpoolOfNode(*row) for row in connection.execute(NODES).fetchall()], now)
        if at is None or (newest is not None and at <= newest):
            return
        logs = self._read_logs()  # after the nodes have reported: what left their spools lies below these ends
        [(parked,)] = connection.execute(PARKED, (json.dumps(logs),)).fetchall()
        self._publish({"at": rfc3339(at), "logs": logs, "spooled": 0, "parked": parked})
        connection.execute(WRITE, (at, json.dumps(logs)))
        connection.execute(FORGET, (at - ROW_RETENTION,))
        metrics.PROGRESS_BEHIND.set((now - at).total_seconds())

    def _publish(self, content: Mapping[str, object]) -> None:
        headers = [("content-type", b"application/json")]
        record = OutgoingRecord(PROGRESS.name, b"progress", json.dumps(content).encode(), headers)
        [outcome] = self._producer.publish_all([record], timeout=ACK_TIMEOUT)
        if outcome is not None:
            raise Retryable(f"Kafka did not take the progress of the topics: {outcome}")


def event_logs(settings: KafkaSettings, client_id: str) -> Logs:
    """Where the logs of the event topics begin and end now. Raises Retryable.

    Kafka tells offsets by a topic's name, so the ids are read before and after: they are no other topic's.
    """
    names = [topic.name for topic in EVENT_TOPICS]
    try:
        with TopicAdmin(settings, client_id, timeout_s=ASK_TIMEOUT) as admin:
            shapes = admin.shapes(names)
            bounds = admin.bounds({name: shape.partitions for name, shape in shapes.items()})
            is_same = admin.shapes(names) == shapes
    except KafkaError as error:
        raise Retryable(f"Kafka does not tell where its logs end: {type(error).__name__}") from error
    if missing := set(names) - shapes.keys():
        raise Retryable(f"the topics {', '.join(sorted(missing))} are missing: `hookline topics apply` makes them")
    if not is_same:
        raise Retryable("the topics have changed while Kafka was asked where their logs end")
    return {
        name: {
            "topic_id": str(shape.id),
            "partitions": [list(bounds[Partition(name, number)]) for number in range(shape.partitions)],
        }
        for name, shape in shapes.items()
    }
