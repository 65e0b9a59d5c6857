"""Publishing states from PostgreSQL to a compacted topic, by one process at a time.

What was taken from PostgreSQL is marked so in the transaction that waits for Kafka's confirmation. So nothing can be
lost between the two, and after a crash the same states are published again. While a processor catches up, its rows go
first: each state is made once for all that has changed in the meantime.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import ClassVar

from processors.engine.database import Database
from processors.engine.processor import Retryable
from runtime.kafka.producer import BulkProducer, OutgoingRecord
from runtime.postgres import Connection

#: Seconds to wait for Kafka's confirmation of a group.
ACK_TIMEOUT = 10.0

#: Times as long as a round took that the next one waits, or until there is no backlog any more: states take a twentieth
#: of the time. The end of the backlog is seen within one `interval`.
_REST = 19
#: Seconds since the last full batch after which there is no backlog any more.
_CAUGHT_UP_AFTER = 1.0


class Backlog:
    """Whether Kafka has many records that were not handled yet: batches come full, one after the other."""

    def __init__(self, largest: int, clock: Callable[[], float] = time.monotonic) -> None:
        """`largest`: records in one batch at most; `clock` as time.monotonic."""
        self._full = largest / 2  # what Kafka answers with rarely fills a batch to its last record
        self._clock = clock
        self._last_full = -_CAUGHT_UP_AFTER

    def handled(self, records: int) -> None:
        """A batch of so many `records` was handled."""
        if records >= self._full:
            self._last_full = self._clock()

    def is_there(self) -> bool:
        """Whether there is one now. Any thread may ask."""
        return self._clock() - self._last_full < _CAUGHT_UP_AFTER


class StatePublication(ABC):
    """A periodic task that publishes what is new."""

    #: One process at a time publishes, so that an older state never follows a newer one: PostgreSQL's advisory lock.
    lock: ClassVar[int]
    #: Seconds between two looks while there is nothing new.
    interval: ClassVar[float]

    def __init__(
        self, producer: BulkProducer, backlog: Backlog | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`backlog`: what is to be handled before states are published; `clock` as time.monotonic."""
        self._producer = producer
        self._backlog = backlog
        self._clock = clock
        self._rests_until = clock()

    def __call__(self, database: Database) -> float:
        """One round; seconds until the next. Raises Retryable where Kafka does not confirm."""
        started = self._clock()
        if started < self._rests_until and self._is_behind():
            return self.interval
        with database.transaction() as connection:
            [(is_ours,)] = connection.execute("SELECT pg_try_advisory_xact_lock(%s)", (self.lock,)).fetchall()
            if not (is_ours and self.publish_next(connection)):
                return self.interval
        ended = self._clock()
        self._rests_until = ended + _REST * (ended - started)
        return self.interval if self._is_behind() else 0.0

    def _is_behind(self) -> bool:
        return self._backlog is not None and self._backlog.is_there()

    @abstractmethod
    def publish_next(self, connection: Connection) -> bool:
        """Publish what is new, within the transaction that is open; whether there is more. Raises Retryable."""

    def confirmed(self, records: Sequence[OutgoingRecord]) -> None:
        """Return once Kafka has all of `records`. Raises Retryable."""
        for outcome in self._producer.publish_all(records, timeout=ACK_TIMEOUT):
            if outcome is not None:
                raise Retryable(f"Kafka did not take a state for {records[0].topic}: {outcome}")
