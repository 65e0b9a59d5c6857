"""A processor as a service: the one place where its parts are put together."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from processors.database import Database
from processors.dead_letter import DeadLetters
from processors.handling import Handling, OurBug
from processors.isolation import described
from processors.processor import Background, Processor, processor_types
from processors.progress import Progress
from processors.retry import Patience
from processors.runner import Runner
from processors.state import State
from runtime import logs
from runtime.admin import AdminServer, Readiness, admin_app
from runtime.connections import KafkaSettings, PostgresSettings
from runtime.kafka.consumer import Consumer, KafkaConsumer
from runtime.kafka.producer import KafkaProducer, Producer
from runtime.postgres import Connection, connect
from runtime.process import StopSignal, log_settings
from runtime.schema_registry import SchemaRegistrySettings
from runtime.schema_registry import codec as registered_codec
from runtime.settings import Configuration
from schemas.codec import Codec
from schemas.ids import SchemaIds

log = logs.logger("processors.service")


def runner_of(
    processor: Processor,
    consumer: Consumer,
    producer: Producer,
    database: Database,
    *,
    state: State,
    stop: StopSignal,
    codec: Codec | None = None,
    topics: Sequence[str] | None = None,
    group: str | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Runner:
    """The parts that every processor shares, put together.

    `codec` defaults to one with the checked-in schemas, `topics` and `group` to the processor's own.
    """
    group = group or processor.group()
    letters = DeadLetters(producer, processor.dead_letters().name, group, now=now)
    patience = Patience(processor.name, state, sleep=stop.wait, longest=processor.settings.retry_max)
    handling = Handling(processor, database, Progress(group), letters, patience, now=now)
    codec = codec or Codec(SchemaIds.checked_in())
    return Runner(processor, consumer, handling, codec=codec, state=state, stop=stop, topics=topics)


def serve(name: str) -> None:
    """Run the processor called `name` until SIGTERM or Ctrl-C. Raises ConfigurationError, OurBug."""
    kind = processor_types()[name]
    shared = KafkaSettings, PostgresSettings, SchemaRegistrySettings
    configuration = Configuration.load(*shared, kind.settings_type, *kind.sections())
    kafka, dsn = configuration[KafkaSettings], configuration[PostgresSettings].dsn.get_secret_value()
    settings = configuration[kind.settings_type]
    logs.configure(name)
    codec = registered_codec(configuration[SchemaRegistrySettings])
    stop = StopSignal().install()
    processor, state = kind(settings), State(name)
    client_id = f"{kind.group()}-{os.getpid()}"

    def connected() -> Connection:
        return connect(dsn, process=name)

    def readiness() -> Readiness:
        own = processor.readiness()
        return own if not own.ready else state.readiness()

    admin = admin_app(name, readiness)
    with AdminServer(admin, settings.admin_host, settings.admin_port) as listening:
        log_settings(log, configuration)
        log.info("processor_starting", admin_port=listening.port, group=kind.group())
        producer = KafkaProducer(kafka, client_id)
        consumer = KafkaConsumer(
            kafka,
            client_id,
            kind.group(),
            max_records=settings.batch_records,
            session_timeout=settings.session_timeout,
        )
        failures, threads = start(processor.background(connected, stop), stop)
        try:
            parts = processor, consumer, producer, Database(connected)
            runner_of(*parts, state=state, stop=stop, codec=codec).run()
            deadline = time.monotonic() + settings.stop_timeout
            for thread in threads:
                thread.join(max(0.0, deadline - time.monotonic()))
            if failures:
                raise failures[0]
        except OurBug as bug:
            cause = bug.__cause__ or bug
            log.error("our_bug", error_class=type(cause).__name__, error=described(cause), frames=frames(cause))
            raise
        finally:
            producer.close()
        log.info("processor_stopped")


def start(works: Sequence[Background], stop: StopSignal) -> tuple[list[BaseException], list[threading.Thread]]:
    """Start each of `works` in a thread; one that fails stops the process, and is found in the first list."""
    failures: list[BaseException] = []
    threads: list[threading.Thread] = []

    def run(work: Background) -> None:
        try:
            work.run()
        except BaseException as error:  # noqa: BLE001 - told by whoever started it
            failures.append(error)
            stop.set()

    for work in works:
        threads.append(threading.Thread(target=run, args=(work,), name=work.name, daemon=True))
        threads[-1].start()
    return failures, threads


def frames(error: BaseException) -> list[str]:
    """Where `error` was raised, outermost first; file, line and function, none of the data."""
    found = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        found.append(f"{code.co_filename}:{trace.tb_lineno} {code.co_qualname}")
        trace = trace.tb_next
    return found
