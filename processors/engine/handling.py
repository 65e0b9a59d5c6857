"""A batch's whole life: one transaction that moves the offsets and holds the effects."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from processors.engine import dead_letter_index
from processors.engine.batch import Batch, PartitionId, identity
from processors.engine.database import Database
from processors.engine.dead_letter import DeadLetters
from processors.engine.isolation import described, is_rejection, land
from processors.engine.processor import Delivery, Processor, SetAside
from processors.engine.progress import DONE, POISON_AT, Progress, outcomes_of, records_until_halt
from processors.engine.retry import TimeLimit
from processors.engine.stored_positions import StillWanted
from processors.engine.traces import keep_traces, record_batch
from processors.engine.writer import is_ours, writer_of
from runtime import logs, metrics, tracing
from runtime.kafka.consumer import Partition
from runtime.postgres import Connection

log = logs.logger("processors.engine.handling")


class OurBug(Exception):
    """Exit uncommitted and start anew: a handler raised what no handler should. The failure has been counted."""


class _HaltsAfter(Exception):
    """Commit only the first `count` records of the batch: the last of them is one too many set aside."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.count = count


class _Failed(Exception):
    """Roll back and count the failure: `__cause__` is what the handler raised."""

    def __init__(self, place: PartitionId, offset: int) -> None:
        super().__init__(offset)
        self.place = place
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Handled:
    """What became of a batch."""

    batch: Batch  #: what of it is committed: all, unless the group is halted
    halt: str | None  #: why the group is halted from here on


class Handling:
    """Used by the worker's thread."""

    def __init__(
        self,
        processor: Processor[Any],
        database: Database,
        progress: Progress,
        dead_letters: DeadLetters,
        time_limit: TimeLimit,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._processor = processor
        self._database = database
        self._progress = progress
        self._dead_letters = dead_letters
        self._time_limit = time_limit
        self._now = now

    def handle(self, batch: Batch, still_wanted: StillWanted) -> Handled:
        """Commit `batch`, for as long as it takes.

        Raises Fenced, Unwanted and OurBug. Where a commit's outcome is unknown the next try is fenced off if it
        went through.
        """
        started, begun_ns = time.monotonic(), time.time_ns()
        try:
            committed, halt = self._time_limit.until_done(lambda: self._commit(batch), still_wanted)
        except _Failed as failed:
            attempts = self._time_limit.until_done(partial(self._count, failed), still_wanted)
            raise OurBug(f"attempt {attempts} of {POISON_AT}") from failed.__cause__
        self._measure(committed, time.monotonic() - started)
        if tracing.is_on():
            record_batch(self._processor.name, committed, begun_ns)
        return Handled(committed, halt)

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

    def _commit(self, batch: Batch) -> tuple[Batch, str | None]:
        try:
            with self._database.transaction() as connection:
                self._progress.move(connection, batch.spans)
                aside = [*batch.undecodable, *self._land(batch, connection)]
                outcomes, described = DONE * len(batch.records), list[str]()
                if aside:
                    outcomes, described = self._outcomes(batch, aside, connection)
                    self._set_aside(batch, aside, outcomes, connection)
                if tracing.is_on():
                    keep_traces(connection, self._progress.group, batch)
                halt = self._progress.count(connection, outcomes, described)
        except _HaltsAfter as limit:
            return self._commit(batch.first(limit.count))
        self._progress.remember({span.place: span.next for span in batch.spans.values()})
        for disposition, count in Counter(letter.disposition for letter in aside).items():
            metrics.DEAD_LETTERS.labels(self._processor.name, disposition).inc(count)
        for topic, count in Counter(letter.record.topic for letter in aside if not is_ours(letter.record)).items():
            metrics.FOREIGN_RECORDS.labels(self._processor.name, topic).inc(count)
        return batch, halt

    def _outcomes(self, batch: Batch, aside: list[SetAside], connection: Connection) -> tuple[str, list[str]]:
        """The outcome of each record, and what those were that count towards a halt."""
        excused = self._progress.excused(connection)

        def counts(letter: SetAside) -> bool:
            record = letter.record
            place = batch.spans[Partition(record.topic, record.partition)].place
            return record.offset >= excused.get(place, 0) and is_ours(record)

        counted = [letter for letter in aside if counts(letter)]
        described = [
            f"{letter.disposition} on {letter.record.topic}, {letter.error_class}, by {writer_of(letter.record)}"
            for letter in sorted(counted, key=lambda letter: letter.record[:3])
        ]
        return outcomes_of(map(identity, batch.records), aside, counts), described

    def _land(self, batch: Batch, connection: Connection) -> list[SetAside]:
        def blame(delivery: Delivery, error: Exception) -> SetAside:
            record = delivery.record
            description = type(error).__name__, described(error)
            if is_rejection(error):
                return SetAside(record, "rejected", *description)
            place = batch.spans[Partition(record.topic, record.partition)].place
            attempts = self._progress.failed(connection, place, record.offset, type(error).__name__)
            if attempts < POISON_AT:
                raise _Failed(place, record.offset) from error
            log.error("poison", **_where(record), error_class=description[0], error=description[1], attempts=attempts)
            return SetAside(record, "poison", *description, attempts)

        return land(batch.deliveries, self._processor.handle, connection, blame)

    def _set_aside(self, batch: Batch, aside: list[SetAside], outcomes: str, connection: Connection) -> None:
        until_halt = records_until_halt(self._progress.recent(connection), outcomes)
        if until_halt < len(outcomes):
            raise _HaltsAfter(until_halt)
        letters = [letter for letter in aside if not self._processor.park(letter, connection)]
        if letters:
            dead_letter_index.index(connection, self._progress.group, batch, letters)
        self._dead_letters.publish(letters)
        for letter in aside:
            log.warning(
                "set_aside", **_where(letter.record), disposition=letter.disposition, error_class=letter.error_class
            )

    def _count(self, failed: _Failed) -> int:
        with self._database.transaction() as connection:
            return self._progress.failed(connection, failed.place, failed.offset, type(failed.__cause__).__name__)

    def _measure(self, batch: Batch, seconds: float) -> None:
        if not batch.records:  # only the position moved, past what holds no record
            return
        name = self._processor.name
        metrics.BATCH_SECONDS.labels(name).observe(seconds)
        metrics.BATCH_RECORDS.labels(name).observe(len(batch.records))
        for topic, count in Counter(record.topic for record in batch.records).items():
            metrics.RECORDS.labels(name, topic).inc(count)
        if batch.deliveries:
            oldest = min(delivery.event.received_at for delivery in batch.deliveries)
            metrics.EVENT_AGE.labels(name).observe((self._now() - oldest).total_seconds())


def _where(record: object) -> dict[str, object]:
    return dict(zip(("topic", "partition", "offset"), identity(record), strict=True))  # type: ignore[arg-type]
