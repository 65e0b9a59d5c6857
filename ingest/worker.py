"""What one worker process has to make events durable: producer, spool, publisher and replayer, and their end."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.durable.publisher import DurablePublisher
from ingest.durable.record_numbers import RecordNumbers
from ingest.durable.replay_loop import ReplayLoop
from ingest.durable.replayer import Replayer
from ingest.durable.spool.directory import worker_lock
from ingest.durable.spool.state import SharedState
from ingest.durable.spool.store import Spool
from ingest.node.name import node_name
from ingest.postgres_clock import POSTGRES_CLOCK, PostgresClock
from ingest.quarantine.keeping import KeepingQuarantine, NoQuarantine
from ingest.quarantine.store import QuarantineStore
from ingest.settings import IngestSettings
from runtime.admin import Readiness
from runtime.connections import KafkaSettings
from runtime.kafka.clients import producer_of
from runtime.logs import logger
from runtime.probes import Remembered
from runtime.settings import Dsn
from schemas.codec import Codec

if TYPE_CHECKING:
    from ingest.node.report import NodeReporter

log = logger("ingest.worker")

MIB = 1024 * 1024
#: Seconds after which a worker is ready whether or not it knows yet how Kafka is: the spool takes events all the same.
TIME_LIMIT = 1.0


class DurableWorker:
    """Built in the worker: a producer does not survive a fork."""

    def __init__(
        self,
        settings: IngestSettings,
        kafka: KafkaSettings,
        codec: Codec,
        *,
        dsn: Dsn | None = None,
        instance: str | None = None,
    ) -> None:
        """`dsn`: where to tell what the spool holds.

        `instance`: the service, from its start to its end.
        Raises ConfigurationError where another service has the spool.
        """
        self._lock = worker_lock(settings.spool_dir)
        self._spool = Spool(settings.spool_dir, limit=settings.spool_max_mb * MIB)
        self._producer = producer_of(kafka, f"hookline-ingest-{os.getpid()}")
        self._numbers = RecordNumbers.on_disk(settings.spool_dir)
        self.publisher = DurablePublisher(
            self._producer, self._spool, codec, timeout=settings.publish_timeout, numbers=self._numbers
        )
        self.readiness = IngestReadiness(
            self._spool.state, Remembered(self._spool.works), Remembered(self._producer.answers)
        )
        self._rounds = producer_of(kafka, f"hookline-replay-{os.getpid()}")
        replayer = Replayer(
            self._spool, self._rounds, answers=self._rounds.answers, reserve=settings.spool_reserve_mb * MIB
        )
        self.quarantine = _quarantine(settings)
        self._replay = ReplayLoop(replayer, self._spool.state, settings.spool_dir).start()
        self._reporter = None if dsn is None else self._reporter_of(settings.spool_dir, dsn, instance)

    def close(self) -> None:
        """Finish the round that is under way and let go; every 200 is durable already."""
        self._replay.stop()
        if self._reporter is not None:
            self._reporter.stop()
        self.quarantine.close()
        self._rounds.close()
        self._producer.close()
        self._numbers.save()
        self._spool.close()
        self._lock.close()

    def _reporter_of(self, directory: Path, dsn: Dsn, instance: str | None) -> NodeReporter:
        from ingest.node.count_report import CountReport
        from ingest.node.facts import NodeFacts, metrics_directory
        from ingest.node.report import NodeReport, NodeReporter, node_connection  # psycopg: for those with a DSN
        from ingest.node.request_watch import RequestWatch
        from runtime.heartbeat import Heartbeat

        node = node_name(directory)
        report = NodeReport(
            node,
            self._spool.state,
            lambda: node_connection(dsn.get_secret_value()),
            heartbeat=Heartbeat("ingest", node=node, instance=instance),
            readiness=self.readiness,
            facts=NodeFacts(directory, metrics_directory()),
            counts=CountReport(node, directory),
            requests=RequestWatch(node),
            postgres_clock=PostgresClock(directory / POSTGRES_CLOCK, instance or ""),
        )
        return NodeReporter(report, directory).start()


def _quarantine(settings: IngestSettings) -> KeepingQuarantine | NoQuarantine:
    if settings.quarantine_max_mb == 0:
        return NoQuarantine()
    try:
        limit = settings.quarantine_max_mb * MIB
        store = QuarantineStore(settings.spool_dir, limit=limit, days=settings.quarantine_days)
    except (sqlite3.Error, OSError) as error:  # no reason not to take what is authentic
        log.error("quarantine_unavailable", error=str(error))
        return NoQuarantine()
    return KeepingQuarantine(store).start()


class IngestReadiness:
    """Ready: Kafka or the spool can take an event, and the service is not about to stop.

    Not ready either where both PostgreSQL and Kafka have let the service in at no time since it started, PostgreSQL
    because of its password: stops would wait in a spool that the gate does not know of, and a rolling restart has to
    end here. Where PostgreSQL does not answer, the gate is not sure, and the spool's events are safe.
    """

    def __init__(
        self,
        state: SharedState,
        spool_works: Callable[[], bool],
        kafka_answers: Callable[[], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._state = state
        self._spool_works = spool_works
        self._kafka_answers = kafka_answers
        self._clock = clock
        self._begun = clock()

    def __call__(self) -> Readiness:
        """As it is now."""
        if self._state.leaving:
            return Readiness(False, "leaving")
        if not self._state.proven and self._clock() - self._begun < TIME_LIMIT:
            return Readiness(False, "starting")
        if self._is_unseen():
            return Readiness(False, "postgres_password_refused_and_no_kafka")
        if self._spool_works():
            return Readiness(True, "spooling" if self._state.spooling else "ok")
        if not self._state.spooling and self._kafka_answers():
            return Readiness(True, "spool_failing")
        return Readiness(False, "neither_kafka_nor_spool")

    def _is_unseen(self) -> bool:
        state = self._state
        return bool(state.report_refused and not state.reported and state.spooling and not state.reached_kafka)
