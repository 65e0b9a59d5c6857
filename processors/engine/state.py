"""What a processor is doing at the moment, for /readyz, the metrics and the log."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import UTC, datetime

from processors.engine.progress import GroupHalt
from runtime import logs, metrics
from runtime.admin import Readiness
from runtime.kafka.consumer import Partition
from runtime.reminder import Reminder

log = logs.logger("processors.engine.state")


class State:
    """Written by the processor's threads, read by the admin server's."""

    def __init__(self, processor: str) -> None:
        self._lock = threading.Lock()
        self._paused_until = metrics.PAUSED_UNTIL.labels(processor)
        self._halted = metrics.HALTED.labels(processor)
        self._pause: tuple[float, str] | None = None
        self._halt: GroupHalt | None = None
        self._lost: dict[Partition, str] = {}
        self._waiting: str | None = "has not joined its consumer group yet"
        self._kafka: str | None = None
        self._overdue: str | None = None
        self._overdue_reminder = Reminder()
        self._paused_until.set(0)
        self._halted.set(0)

    def pause(self, until: float, reason: str) -> None:
        """The next try is at `until` (epoch seconds)."""
        with self._lock:
            self._pause = until, reason
        self._paused_until.set(until)

    def go_on(self) -> None:
        """Not paused (any more)."""
        with self._lock:
            was, self._pause = self._pause, None
        if was is not None:
            self._paused_until.set(0)
            log.info("resumed", reason=was[1])

    def waiting(self, reason: str | None) -> None:
        """Nothing can be read yet, and why; None: reading."""
        with self._lock:
            self._waiting = reason

    def kafka(self, trouble: str | None) -> None:
        """What is the matter with Kafka; None: nothing."""
        with self._lock:
            before, self._kafka = self._kafka, trouble
        if trouble != before:
            if trouble is None:
                log.info("kafka_is_back")
            else:
                log.warning("kafka_trouble", reason=trouble)

    def busy(self, seconds: float, limit: float) -> None:
        """The batch under way has taken `seconds`; it may take `limit`. To be told again and again by one thread."""
        overdue = f"a batch has taken more than {limit:g} s" if seconds > limit else None
        with self._lock:
            self._overdue = overdue
        if overdue is None:
            if self._overdue_reminder.reset():
                log.info("batch_done_late")
        elif self._overdue_reminder.due():
            log.warning("batch_takes_long", seconds=round(seconds), limit=limit)

    def stand(self, halt: GroupHalt | None, lost: Mapping[Partition, str]) -> None:
        """Whether the whole processor is halted, and which partitions have lost their place."""
        with self._lock:
            before, self._halt = self._halt, halt
            new = {partition: why for partition, why in lost.items() if self._lost.get(partition) != why}
            self._lost = dict(lost)
        self._halted.set(1 if lost or (halt and not halt.is_pause) else 0)
        if halt and halt != before:
            if halt.is_pause:
                log.warning("paused_by_operator", reason=halt.reason)
            else:
                log.error("halted", reason=halt.reason)
        if before and not halt:
            log.warning("resumed_by_operator" if before.is_pause else "halt_lifted")
        for partition, why in new.items():
            log.error("offset_lost", topic=partition.topic, partition=partition.number, reason=why)

    def readiness(self) -> Readiness:
        """The gravest thing first."""
        with self._lock:
            if self._halt and not self._halt.is_pause:
                return Readiness(False, f"halted: {self._halt.reason}")
            if self._lost:
                partition, why = min(self._lost.items())
                return Readiness(False, f"halted on {len(self._lost)} partition(s): {partition}: {why}")
            if self._halt:
                return Readiness(False, self._halt.reason)
            pause = None if self._pause is None else _paused(*self._pause)
            for reason in (pause, self._overdue, self._kafka, self._waiting):
                if reason:
                    return Readiness(False, reason)
            return Readiness(True)


def _paused(until: float, reason: str) -> str:
    return f"paused until {datetime.fromtimestamp(until, UTC).isoformat(timespec='seconds')}: {reason}"
