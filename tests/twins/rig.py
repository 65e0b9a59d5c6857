"""A processor run on Kafka in memory and a real PostgreSQL, with every step at hand."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar
from uuid import UUID

import psycopg

from processors.engine.database import Database
from processors.engine.positions import Positions
from processors.engine.processor import Delivery, Processor, SetAside
from processors.engine.runner import Runner
from processors.engine.service import runner_of
from processors.engine.settings import ProcessorSettings
from processors.engine.state import State
from runtime.kafka.consumer import Consumer, Partition, Record
from runtime.postgres import Connection, connect
from runtime.process import StopSignal
from runtime.settings import Configuration
from schemas import cloudevents
from schemas.codec import Codec
from schemas.events import Event
from schemas.ids import SchemaIds
from schemas.privileges import GROUP_TABLES
from schemas.topics import MESSAGES, Topic
from tests.twins.events import message
from tests.twins.kafka import MemoryConsumer, MemoryKafka, MemoryProducer

TOPIC, REDRIVE, DEAD = "sms.messages.v1", "redrive.probe", "dlq.probe"
TIME_LIMIT = 90.0
_codec = Codec(SchemaIds.checked_in())


def until(condition: Callable[[], Any], what: str = "it", every: float = 0.005) -> Any:
    """What `condition` returns once it is true; it is looked at `every` so many seconds."""
    deadline = time.monotonic() + TIME_LIMIT
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(every)
    raise AssertionError(f"{what} never came true")


@contextmanager
def beside(run: Callable[[], None], stop: Callable[[], None]) -> Iterator[threading.Thread]:
    """`run` on a thread of its own; `stop` at the end, and what it raised is raised, whatever was waited for."""
    raised: list[BaseException] = []

    def noted() -> None:
        try:
            run()
        except BaseException as error:  # noqa: BLE001 - raised below
            raised.append(error)

    thread = threading.Thread(target=noted, daemon=True)
    thread.start()
    try:
        yield thread
    finally:
        stop()
        thread.join(TIME_LIMIT)
        if raised:
            raise raised[0]
    assert not thread.is_alive()


class ProbeSettings(ProcessorSettings, name="probe"):
    """Of the processor under test."""


class Probe(Processor[ProbeSettings]):
    """Writes one row a delivery, without looking whether it is there: a second effect would show."""

    name: ClassVar[str] = "probe"
    topics: ClassVar[tuple[Topic, ...]] = (MESSAGES,)
    settings_type = ProbeSettings

    def __init__(self, configuration: Configuration) -> None:
        super().__init__(configuration)
        self.before: Callable[[Delivery, Connection], None] = lambda _delivery, _connection: None
        self.parks = False
        self.parked: list[SetAside] = []
        self.batches: list[int] = []

    def handle(self, batch: Sequence[Delivery], connection: Connection) -> None:
        self.batches.append(len(batch))
        for delivery in batch:
            self.before(delivery, connection)
            connection.execute("INSERT INTO effects (event_id) VALUES (%s)", (delivery.event.event_id,))

    def park(self, aside: SetAside, connection: Connection) -> bool:
        if self.parks:
            self.parked.append(aside)
        return self.parks


class Rig:
    """Starts and stops runners over one Kafka and one database."""

    def __init__(self, postgres: Any, *, partitions: int = 2, **settings: Any) -> None:
        self.kafka = MemoryKafka()
        self.kafka.create(TOPIC, partitions)
        self.kafka.create(REDRIVE, partitions)
        self.producer = MemoryProducer()
        self.owner = psycopg.connect(postgres.owner_dsn, autocommit=True)
        self.owner.execute("CREATE TABLE effects (number serial, event_id uuid NOT NULL)")
        self.owner.execute("GRANT SELECT, INSERT ON effects TO hookline_probe")
        self.owner.execute("GRANT USAGE ON effects_number_seq TO hookline_probe")
        self.owner.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {', '.join(GROUP_TABLES)} TO hookline_probe")
        self.owner.execute("GRANT SELECT, INSERT ON dead_letters, restores TO hookline_probe")
        self.owner.execute("GRANT SELECT ON process_pauses TO hookline_probe")
        self._dsn = postgres.dsn("probe")
        self.settings = ProbeSettings(**{"recheck": 0.05, "retry_max": 0.2, "stop_timeout": 10.0} | settings)
        self.probe = self.another_probe()

    def another_probe(self) -> Probe:
        """A processor of its own with the same settings."""
        return Probe(Configuration.of(self.settings))

    def connect(self) -> Connection:
        return connect(self._dsn, process="probe")

    def put(self, event: Event, number: int = 0, topic: str = TOPIC, **given: Any) -> int:
        """As ingest writes it."""
        return self.kafka.append(
            topic, number, _codec.encode(event), **({"headers": cloudevents.headers(event)} | given)
        )

    def put_as_stranger(self, event: Event, number: int = 0) -> int:
        """What can be read all the same, by somebody who does not know our headers."""
        return self.kafka.append(TOPIC, number, _codec.encode(event))

    def put_broken(self, number: int = 0) -> int:
        """A record that ingest wrote and nobody can read: of a schema that a newer version has, say."""
        return self.kafka.append(TOPIC, number, b"\x00\x00\x00\xff\xffbroken", headers=cloudevents.headers(message()))

    @contextmanager
    def running(self, **given: Any) -> Iterator[Running]:
        """A runner of its own thread; stopped at the end, and what it raised is raised."""
        run = Running(self, **given)
        with beside(run.runner.run, run.stop.set) as run.thread:
            yield run

    def effects(self) -> list[UUID]:
        return [row[0] for row in self.owner.execute("SELECT event_id FROM effects ORDER BY number")]

    def stored(self) -> dict[Partition, int]:
        rows = self.owner.execute("SELECT topic, partition, next_offset FROM consumer_offsets")
        return {Partition(topic, number): offset for topic, number, offset in rows}

    def value(self, statement: str) -> Any:
        row = self.owner.execute(statement).fetchone()
        return None if row is None else row[0]

    def close(self) -> None:
        self.owner.close()


class Running:
    """One runner, as a process would have it."""

    def __init__(
        self,
        rig: Rig,
        *,
        probe: Probe | None = None,
        consumer: Consumer | None = None,
        database: Database | None = None,
        positions: Positions | None = None,
        topics: Sequence[str] | None = None,
    ) -> None:
        self.stop = StopSignal()
        self.state = State("probe")
        self.consumer = consumer or MemoryConsumer(rig.kafka, "hookline-probe", max_records=rig.settings.batch_records)
        self.thread: threading.Thread
        self.runner: Runner = runner_of(
            probe or rig.probe,
            self.consumer,
            rig.producer,
            database or Database(rig.connect),
            state=self.state,
            stop=self.stop,
            positions=positions,
            topics=topics,
        )

    @property
    def reason(self) -> str:
        return self.state.readiness().reason


def record_of(event: Event, offset: int = 0) -> Record:
    """`event` as it would come from Kafka."""
    return Record(TOPIC, 0, offset, 0, b"k", _codec.encode(event), [])
