"""Nodes of ingest, Kafka and PostgreSQL in one thread and on one clock, with faults: does the progress run ahead?

What decides is the real code: publisher, spool, replayer, the node's report, and the progress. The network,
PostgreSQL's tables and the clocks are here, so that a seed gives the same run again, and anything may happen between
two statements.
"""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

from ingest.durable.publisher import Durability, DurablePublisher
from ingest.durable.replayer import Replayer
from ingest.durable.spool import database
from ingest.durable.spool.directory import ServiceDirectory
from ingest.durable.spool.store import Spool
from ingest.node import report as node_report
from ingest.node.report import NodeReport
from processors.engine.processor import Retryable
from processors.persist import topic_progress
from processors.persist.topic_progress import Logs, TopicProgress
from runtime.kafka.producer import NotPublished, OutgoingRecord
from schemas.codec import Codec
from schemas.events import Message
from schemas.ids import SchemaIds
from schemas.topics import MESSAGES, PROGRESS
from tests.twins.events import message

CODEC = Codec(SchemaIds.checked_in())
BEGIN = datetime(2026, 11, 2, tzinfo=UTC)
TOPIC_ID = "9b1f0a4e-0000-4000-8000-000000000001"
#: Seconds between two reports of a node, the step of the clock.
TICK = node_report.EVERY


class SimulatedRows(list[tuple[Any, ...]]):
    """What a statement gives."""

    def fetchall(self) -> SimulatedRows:
        return self

    @property
    def rowcount(self) -> int:
        return len(self)


class ProgressWorld:
    """Everything but the nodes."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.seconds = 0.0
        self.log: list[UUID] = []  #: the events on Kafka, one partition
        self.late: list[UUID] = []  #: sent to a broker that was frozen: they arrive later, perhaps
        self.is_frozen = False  #: Kafka
        self.is_away = False  #: PostgreSQL
        self.has_faults = False  #: between two statements, too
        self.nodes: list[SimulatedNode] = []
        self.answered: dict[UUID, datetime] = {}
        self.reports: dict[str, dict[str, Any]] = {}  #: the table ingest_nodes
        self.written: list[tuple[datetime, Logs]] = []  #: the table topic_progress
        self.written_at: datetime | None = None
        self.published: list[dict[str, Any]] = []  #: sms.progress.v1
        self.progress = TopicProgress(self, self.read_logs)
        self._is_interleaved = False

    @property
    def now(self) -> datetime:
        return BEGIN + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    # Kafka

    def publish_all(self, records: Sequence[OutgoingRecord], *, timeout: float = 2.0) -> list[Any]:
        """A BulkProducer: of a broker that is frozen nobody knows what it will do with them."""
        if self.is_frozen:
            self.late += [event_id(r) for r in records if r.topic == MESSAGES.name and self.chance.random() < 0.5]
            return [NotPublished("KafkaTimeoutError")] * len(records)
        self.log += [event_id(record) for record in records if record.topic == MESSAGES.name]
        self.published += [json.loads(record.value) for record in records if record.topic == PROGRESS.name]
        return [None] * len(records)

    def read_logs(self) -> Logs:
        self.interleave()
        if self.is_frozen:
            raise Retryable("Kafka is frozen")
        return {MESSAGES.name: {"topic_id": TOPIC_ID, "partitions": [[0, len(self.log)]]}}

    # PostgreSQL

    @contextmanager
    def transaction(self) -> Iterator[ProgressWorld]:
        """What a Database gives to the progress."""
        yield self

    def close(self) -> None:
        """A connection's."""

    def execute(self, statement: str, values: Any = ()) -> SimulatedRows:
        """A statement takes time, and other things happen meanwhile."""
        self.interleave()
        if self.is_away:
            raise psycopg.OperationalError("away")
        return SimulatedRows(self._rows(statement, values))

    def _rows(self, statement: str, values: Any) -> list[tuple[Any, ...]]:
        if statement == "SELECT clock_timestamp()":
            return [(self.now,)]
        if statement == node_report._REPORT:
            self.reports[values["node"]] = {**values, "stopped_at": None}
            return [(self.now,)]
        if statement == node_report._STOPPED:
            row = self.reports[values[0]]
            row["stopped_at"] = self.now if row["spooled"] == 0 else row["stopped_at"]
        elif statement == topic_progress.WRITE:
            self.written.append((values[0], json.loads(values[1])))
            self.written_at = self.now
        elif statement == topic_progress.WITHDRAW:
            ahead = [(at, logs) for at, logs in self.written if at > values[0]]
            self.written = [(at, logs) for at, logs in self.written if at <= values[0]]
            return [(at,) for at, _ in ahead]
        elif statement == topic_progress.NODES:
            return [(row["spooled"], row["heard_at"], row["stopped_at"]) for row in self.reports.values()]
        newest = max((at for at, _ in self.written), default=None)
        answers: dict[str, list[tuple[Any, ...]]] = {
            topic_progress.CLOCK: [(True, self.now)],
            topic_progress.NEWEST: [(newest, self.written_at)],
            topic_progress.PARKED: [(0,)],
        }
        return answers.get(statement, [])

    # What happens

    def interleave(self) -> None:
        """Perhaps other things happen just now, or it takes long."""
        if self._is_interleaved or self.chance.random() < 0.7:
            return
        self._is_interleaved = True
        for _ in range(self.chance.randrange(1, 4)):
            self.seconds += self.chance.choice([0.0, 0.001, 0.01, 0.1])
            if self.has_faults and self.chance.random() < 0.03:
                self.seconds += self.chance.choice([1.0, 5.0, 20.0])
            if self.has_faults and self.chance.random() < 0.03:
                self.is_frozen = not self.is_frozen
            for node in self.nodes:
                node.do(self.chance.choice(["answer", "drain"]))
        self._is_interleaved = False

    def look(self) -> None:
        """The progress has a look."""
        try:
            self.progress(self)  # type: ignore[arg-type] # the part of a Database that it uses
        except (Retryable, psycopg.OperationalError):
            return

    def late_events(self) -> list[str]:
        """Events that were answered before the time of a record, and are not below its ends."""
        first = {event: place for place, event in reversed(list(enumerate(self.log)))}
        found = []
        for record in self.published:
            at = datetime.fromisoformat(record["at"])
            [[_, end]] = record["logs"][MESSAGES.name]["partitions"]
            found += [
                f"{at}: {event} was answered at {when}"
                for event, when in self.answered.items()
                if when < at and first.get(event, end) >= end
            ]
        return found


class SimulatedNode:
    """One node of ingest: what its processes do, without the processes."""

    def __init__(self, world: ProgressWorld, directory: Path) -> None:
        self.world = world
        self.directory = directory
        self.service: ServiceDirectory | None = None
        self.is_known = False  #: PostgreSQL has heard of it since it started
        self.is_frozen = False  #: all of it
        self.is_cut_off = False  #: from Kafka, which others reach
        self.reporter_is_frozen = False  #: the worker that reports, and no other
        world.nodes.append(self)

    def do(self, step: str) -> None:
        """One step of a node that is up, and of none that is not."""
        if self.service is not None and not self.is_frozen:
            getattr(self, step)()

    def start(self) -> None:
        world = self.world
        self.service = ServiceDirectory(self.directory, reserve=0, connect=unsynced)
        self.spool = Spool(self.directory, limit=2**26, connect=unsynced)
        self.publisher = DurablePublisher(self, self.spool, CODEC, timeout=1.0)
        self.replayer = Replayer(self.spool, self, answers=self.reaches_kafka, reserve=0, clock=world.monotonic)
        self.is_frozen, self.reporter_is_frozen = True, False  # it has no workers yet: see ingest/server.py
        self.is_known = self._new_report().report()
        self.node_report = self._new_report()
        self.is_frozen = False

    def _new_report(self) -> NodeReport:
        world = self.world
        return NodeReport(
            self.directory.name,
            self.spool.state,
            lambda: world,  # type: ignore[arg-type, return-value] # the part of a Connection that it uses
            monotonic=world.monotonic,
        )

    def reaches_kafka(self) -> bool:
        return not (self.is_cut_off or self.world.is_frozen)

    def publish_all(self, records: Sequence[OutgoingRecord], *, timeout: float = 2.0) -> list[Any]:
        """A BulkProducer."""
        if self.is_cut_off:
            return [NotPublished("KafkaTimeoutError")] * len(records)
        return self.world.publish_all(records, timeout=timeout)

    def report(self) -> None:
        if not self.reporter_is_frozen:
            self.is_known = self.node_report.report() or self.is_known

    def answer(self) -> None:
        """A webhook comes, and is answered 200."""
        event = message(received_at=self.world.now)
        assert self.publisher.publish_all([event]) in Durability
        self.world.answered[event.event_id] = self.world.now

    def drain(self) -> None:
        if self.spool.spooling:
            self.replayer.step()

    def kill(self) -> None:
        """As kill -9 does: nobody says anything."""
        assert self.service is not None
        self.spool.close()
        self.service.close()
        self.service = None

    def stop(self) -> None:
        """As SIGTERM does."""
        self.is_frozen = True  # no worker is left
        self._new_report().stopped()
        self.kill()


def unsynced(path: Path) -> sqlite3.Connection:
    """A spool's connection: nothing here outlives a power cut, so nothing waits for the disk."""
    connection = database.connect(path)
    connection.execute("PRAGMA synchronous = OFF")
    return connection


def event_id(record: OutgoingRecord) -> UUID:
    found = CODEC.decode(record.value)
    assert isinstance(found, Message)
    return found.event_id
