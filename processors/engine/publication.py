"""Publishing states from PostgreSQL to a compacted topic, by one process at a time.

What was taken from PostgreSQL is marked so in the transaction that waits for Kafka's confirmation. So nothing can be
lost between the two, and after a crash the same states are published again.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from processors.engine.database import Database
from processors.engine.processor import Retryable
from runtime.kafka.producer import BulkProducer, OutgoingRecord
from runtime.postgres import Connection

#: Seconds to wait for Kafka's confirmation of a group.
ACK_TIMEOUT = 10.0


class StatePublication(ABC):
    """A periodic task that publishes what is new."""

    #: One process at a time publishes, so that an older state never follows a newer one: PostgreSQL's advisory lock.
    lock: ClassVar[int]
    #: Seconds between two looks while there is nothing new.
    interval: ClassVar[float]

    def __init__(self, producer: BulkProducer) -> None:
        self._producer = producer

    def __call__(self, database: Database) -> float:
        """One round; seconds until the next. Raises Retryable where Kafka does not confirm."""
        with database.transaction() as connection:
            [(is_ours,)] = connection.execute("SELECT pg_try_advisory_xact_lock(%s)", (self.lock,)).fetchall()
            return 0.0 if is_ours and self.publish_next(connection) else self.interval

    @abstractmethod
    def publish_next(self, connection: Connection) -> bool:
        """Publish what is new, within the transaction that is open; whether there is more. Raises Retryable."""

    def confirmed(self, records: Sequence[OutgoingRecord]) -> None:
        """Return once Kafka has all of `records`. Raises Retryable."""
        for outcome in self._producer.publish_all(records, timeout=ACK_TIMEOUT):
            if outcome is not None:
                raise Retryable(f"Kafka did not take a state for {records[0].topic}: {outcome}")
