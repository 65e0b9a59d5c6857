"""What a processor is doing at the moment, for /readyz, the metrics and the log."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import UTC, datetime

from runtime import logs, metrics
from runtime.admin import Readiness
from runtime.kafka.consumer import Partition

log = logs.logger("processors.state")


class State:
    """Written by the processor's threads, read by the admin server's."""

    def __init__(self, processor: str) -> None:
        self._lock = threading.Lock()
        self._paused_until = metrics.PAUSED_UNTIL.labels(processor)
        self._halted = metrics.HALTED.labels(processor)
        self._pause: tuple[float, str] | None = None
        self._halt: str | None = None
        self._lost: dict[Partition, str] = {}
        self._waiting: str | None = "has not joined its consumer group yet"
        self._kafka: str | None = None
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

    def stand(self, halt: str | None, lost: Mapping[Partition, str]) -> None:
        """Whether the whole processor is halted, and which partitions have lost their place."""
        with self._lock:
            before, self._halt = self._halt, halt
            new = {one: why for one, why in lost.items() if self._lost.get(one) != why}
            self._lost = dict(lost)
        self._halted.set(1 if halt or lost else 0)
        if halt and halt != before:
            log.error("halted", reason=halt)
        if before and not halt:
            log.warning("halt_lifted")
        for partition, why in new.items():
            log.error("offset_lost", topic=partition.topic, partition=partition.number, reason=why)

    def readiness(self) -> Readiness:
        """The gravest thing first."""
        with self._lock:
            if self._halt:
                return Readiness(False, f"halted: {self._halt}")
            if self._lost:
                partition, why = min(self._lost.items())
                return Readiness(False, f"halted on {len(self._lost)} partition(s): {partition}: {why}")
            if self._pause:
                until = datetime.fromtimestamp(self._pause[0], UTC).isoformat(timespec="seconds")
                return Readiness(False, f"paused until {until}: {self._pause[1]}")
            if self._kafka:
                return Readiness(False, self._kafka)
            if self._waiting:
                return Readiness(False, self._waiting)
            return Readiness(True)
