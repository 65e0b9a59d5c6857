"""A processor as a service: the one place where its parts are put together."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import Any

from processors.dead_letters.request_loop import RequestLoop
from processors.engine.assignment import Assignment
from processors.engine.database import Database
from processors.engine.dead_letter import DeadLetters
from processors.engine.freshness import Freshness
from processors.engine.handling import Handling, OurBug
from processors.engine.isolation import described
from processors.engine.lag import LagWatch
from processors.engine.pace import Pace
from processors.engine.periodic_tasks import periodic_task
from processors.engine.positions import Positions
from processors.engine.processor import Background, Processor, processor_types
from processors.engine.progress import Progress
from processors.engine.restores import looked_through
from processors.engine.retry import TimeLimit
from processors.engine.runner import Runner, topics_of
from processors.engine.state import State
from processors.engine.stored_positions import StoredPositions
from processors.engine.worker import Worker
from runtime import logs, tracing
from runtime.admin import AdminServer, Readiness, admin_app, unless_frozen
from runtime.connections import KafkaSettings, PostgresSettings
from runtime.heartbeat import EVERY, Heartbeat
from runtime.kafka.clients import consumer_of, producer_of
from runtime.kafka.consumer import Consumer
from runtime.kafka.ends import EndsReader, KafkaEnds
from runtime.kafka.producer import Producer
from runtime.loops import LoopWatch, WatchedStop
from runtime.postgres import Connection, connect
from runtime.process import StopSignal, keep_for_good, log_settings
from runtime.schema_registry import SchemaRegistrySettings
from runtime.schema_registry import codec as registered_codec
from runtime.settings import Configuration
from runtime.systemd import supervised
from runtime.tracing import TracingSettings
from schemas.codec import Codec
from schemas.ids import SchemaIds

log = logs.logger("processors.engine.service")

#: Seconds without a sign of life after which what asks Kafka for the ends of the logs counts as frozen. One round is a
#: connection and three questions, each of which ends after ASK_TIMEOUT (2 s); the rest is room for a slow name server
#: and a machine without time.
LAG_LIMIT = 30.0
#: The same for what only talks to PostgreSQL, beside the deadline of one call: each answer is a sign of life, and so is
#: a call that fails. A new connection has 5 s for each address of the server, and a name server its own time.
POSTGRES_MARGIN = 40.0


def runner_of(
    processor: Processor[Any],
    consumer: Consumer,
    producer: Producer,
    database: Database,
    *,
    state: State,
    stop: StopSignal,
    codec: Codec | None = None,
    topics: Sequence[str] | None = None,
    group: str | None = None,
    positions: Positions | None = None,
    progress: Progress | None = None,
    watch: LoopWatch | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Runner:
    """The parts that every processor shares, put together.

    `codec` defaults to one with the checked-in schemas, `topics` and `group` to the processor's own; `positions`,
    `progress` and `watch` are for whoever shares them with the runner.
    """
    name, settings = processor.name, processor.settings
    progress = progress or Progress(group or processor.group())
    topics, positions, watch = topics or topics_of(processor), positions or Positions(), watch or LoopWatch()
    letters = DeadLetters(producer, processor.dead_letters().name, progress.group, now=now)
    time_limit = TimeLimit(name, state, sleep=stop.wait, longest=settings.retry_max)
    worker = Worker(stop.is_set, watch)
    stored = StoredPositions(database, progress, time_limit)
    codec = codec or Codec(SchemaIds.checked_in())
    processor.publish_with(producer, codec)
    return Runner(
        processor,
        consumer,
        Assignment(name, topics, consumer, stored, worker, positions, state, recheck=settings.recheck),
        Handling(processor, database, progress, letters, time_limit, now=now),
        worker,
        codec=codec,
        state=state,
        stop=stop,
        positions=positions,
        watch=watch,
        topics=topics,
    )


def serve(name: str) -> None:
    """Run the processor called `name` until SIGTERM or Ctrl-C. Raises ConfigurationError, OurBug."""
    kind = processor_types()[name]
    shared = KafkaSettings, PostgresSettings, SchemaRegistrySettings, TracingSettings
    configuration = Configuration.load(*shared, kind.settings_type, *kind.sections())
    kafka, postgres = configuration[KafkaSettings], configuration[PostgresSettings]
    settings = configuration[kind.settings_type]
    logs.configure(name)
    tracing.configure(name, configuration[TracingSettings])
    codec = registered_codec(configuration[SchemaRegistrySettings])
    watch = LoopWatch()
    stop = WatchedStop(watch).install()
    processor, state, positions, progress = kind(configuration), State(name), Positions(), Progress(kind.group())
    client_id = f"{kind.group()}-{os.getpid()}"
    connected = connections(name, postgres, progress, watch)

    readiness = readiness_of(processor, state, watch)
    admin = admin_app(name, readiness, frozen=watch.frozen, settings=configuration.rows)
    with (
        AdminServer(admin, settings.admin_host, settings.admin_port) as listening,
        supervised(settings.admin_host, listening.port, stop),
    ):
        log_settings(log, configuration)
        log.info("processor_starting", admin_port=listening.port, group=kind.group())
        records, seconds = settings.batch_records, settings.session_timeout
        consumer = consumer_of(kafka, client_id, kind.group(), max_records=records, session_timeout=seconds)
        database = Database(connected, lock_limit=postgres.call_timeout * 0.75)
        limit = postgres.call_timeout + POSTGRES_MARGIN
        works = [
            *processor.background(connected, stop),
            *reporting(processor, KafkaEnds(kafka, f"{client_id}-ends"), positions, connected, stop, limit),
            heart(name, readiness, positions, connected, stop, limit),
            periodic_task("dead letter requests", connected, stop, RequestLoop(name, stop)),
        ]
        with (
            closing(producer_of(kafka, client_id)) as producer,
            bugs_logged(),
            running(works, stop, watch, timeout=settings.stop_timeout),
        ):
            parts = processor, consumer, producer, database
            runner = runner_of(
                *parts, state=state, stop=stop, codec=codec, positions=positions, progress=progress, watch=watch
            )
            keep_for_good()
            runner.run()
        tracing.stop()
        log.info("processor_stopped")


def readiness_of(processor: Processor[Any], state: State, watch: LoopWatch) -> Callable[[], Readiness]:
    """What /readyz and the heartbeat say of a processor: a loop that is frozen is the gravest."""

    def own_or_shared() -> Readiness:
        own = processor.readiness()
        return own if not own.ready else state.readiness()

    return unless_frozen(own_or_shared, watch.frozen)


def connections(
    name: str, postgres: PostgresSettings, progress: Progress, watch: LoopWatch
) -> Callable[[], Connection]:
    """Makes a connection for a thread of the process `name`, looked through for a restore."""

    def connected() -> Connection:
        dsn = postgres.dsn.get_secret_value()
        connection = connect(dsn, process=name, call_timeout=postgres.call_timeout, after_call=watch.beat)
        return looked_through(connection, progress)

    return connected


def reporting(
    processor: Processor[Any],
    ends: EndsReader,
    positions: Positions,
    connect: Callable[[], Connection],
    stop: StopSignal,
    limit: float,
) -> list[Background]:
    """What says, beside the consumer, how far `processor` has come. `limit`: of what only talks to PostgreSQL."""
    topics = topics_of(processor)
    works = [Background("lag", LagWatch(processor.name, topics, ends, positions, stop).run, LAG_LIMIT)]
    if processor.tells_freshness:
        freshness = Freshness(processor.group(), topics, positions)
        works.append(periodic_task("freshness", connect, stop, freshness, limit=limit))
    return works


def lag_facts(positions: Positions) -> dict[str, object]:
    """How far behind, over all partitions; nothing where it is known of none: 0 would say that all is committed."""
    lags = positions.lags().values()
    if not lags:
        return {}
    return {
        "lag_records": sum(lag.records for lag in lags),
        "lag_seconds": round(max(lag.seconds for lag in lags), 1),
    }


def heart(
    name: str,
    readiness: Callable[[], Readiness],
    positions: Positions,
    connect: Callable[[], Connection],
    stop: StopSignal,
    limit: float,
) -> Background:
    """What says, every two seconds, how this process is, and how far behind. `limit`: see Background."""
    heartbeat, pace = Heartbeat(name), Pace(positions)

    def beat(database: Database) -> float:
        with database.transaction() as connection:
            heartbeat.beat(connection, readiness(), lag_facts(positions) | pace())
        return EVERY

    def finish(database: Database) -> None:
        with database.transaction() as connection:
            heartbeat.stopped(connection)

    return periodic_task("heartbeat", connect, stop, beat, finish, limit=limit)


@contextmanager
def running(works: Sequence[Background], stop: StopSignal, watch: LoopWatch, *, timeout: float) -> Iterator[None]:
    """Each of `works` in a thread, while the block lasts and up to `timeout` seconds after it.

    One that fails stops the process, and what it raised is raised here after the block.
    """
    failures: list[BaseException] = []

    def run(work: Background) -> None:
        watch.register(work.name, work.limit)
        try:
            work.run()
        except BaseException as error:  # noqa: BLE001 - raised below
            failures.append(error)
            stop.set()
        finally:
            watch.leave()

    threads = [threading.Thread(target=run, args=(work,), name=work.name, daemon=True) for work in works]
    for thread in threads:
        thread.start()
    yield
    deadline = time.monotonic() + timeout
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    if failures:
        raise failures[0]


@contextmanager
def bugs_logged() -> Iterator[None]:
    """A bug of ours ends the process, and leaves in the log where it was, without the data that it was about."""
    try:
        yield
    except OurBug as bug:
        cause = bug.__cause__ or bug
        log.error("our_bug", error_class=type(cause).__name__, error=described(cause), frames=frames(cause))
        raise


def frames(error: BaseException) -> list[str]:
    """Where `error` was raised, outermost first; file, line and function, none of the data."""
    found = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        found.append(f"{code.co_filename}:{trace.tb_lineno} {code.co_qualname}")
        trace = trace.tb_next
    return found
