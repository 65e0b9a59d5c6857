"""A group of records on its way: which partition each goes to, in which batch, and what became of it.

A partition's batches go one after the other: the next is not shown before the one in front of it is acknowledged or
refused for good. So whatever fails, no record is in the log before an earlier one of its partition.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

from kafka import errors
from kafka.errors import KafkaError
from kafka.structs import TopicPartition

from runtime.kafka.internals.encoding import encoded_batch, hash_of_key
from runtime.kafka.topics import MAX_LETTER_BYTES
from schemas.cloudevents import Headers

#: The most bytes of a batch of several records: far below what the smallest of our topics takes.
BATCH_BYTES = 256 * 1024
#: What stands around key and value, headers and all, is less, but in some dead letters: a batch of several that is
#: too large is sent record by record.
_AROUND = 512
#: The largest record that a topic of ours takes is a dead letter; a little more around it.
MAX_RECORD_BYTES = MAX_LETTER_BYTES + 64 * 1024


class NotPublished(Exception):
    """Keep the record elsewhere or try again: Kafka did not confirm it (it may have taken it all the same)."""


class RefusedForGood(Exception):
    """Set the record aside: Kafka will never take it, whatever happens to the others."""


class TooLarge(RefusedForGood):
    """Keep what fits and say what does not: the record is larger than its topic takes."""


#: What became of a record; None: every in-sync replica has it.
Outcome = NotPublished | RefusedForGood | None

_TOO_LARGE = (errors.MessageSizeTooLargeError, errors.RecordListTooLargeError)
#: What no other state of the cluster would change. A right that is missing is none: it can be given (back).
_FOR_GOOD = (*_TOO_LARGE, errors.InvalidTopicError)


class OutgoingRecord(NamedTuple):
    """A record on its way to Kafka."""

    topic: str
    key: bytes | None
    value: bytes  #: ingest's; a dead letter's, and what it is sent back as, may lack a value, and headers theirs
    headers: Headers

    @property
    def size(self) -> int:
        """The bytes of its key and its value."""
        return len(self.value or b"") + len(self.key or b"")


def partition_of_key(key: bytes, partitions: int) -> int:
    """Where the records of `key` go, as Java's default partitioner has it."""
    return hash_of_key(key) % partitions


class RecordGroup:
    """Records that are published together. Used by one thread."""

    def __init__(self, records: Sequence[OutgoingRecord]) -> None:
        self._records = records
        #: What became of each record, in order; until it is known, that it was not confirmed in time.
        self.outcomes: list[Outcome] = [NotPublished("KafkaTimeoutError")] * len(records)
        self._unplaced: dict[str, list[int]] = {}
        self._queues: dict[TopicPartition, deque[list[int]]] = {}
        for number, record in enumerate(records):
            if record.size > MAX_RECORD_BYTES:
                self.outcomes[number] = TooLarge(errors.MessageSizeTooLargeError.__name__)
            else:
                self._unplaced.setdefault(record.topic, []).append(number)

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to send."""
        return not self._queues and not self._unplaced

    @property
    def was_answered(self) -> bool:
        """Whether Kafka has said anything final of any record."""
        return any(not isinstance(outcome, NotPublished) for outcome in self.outcomes)

    def unplaced_topics(self) -> list[str]:
        """Topics whose partitions were not known yet."""
        return list(self._unplaced)

    def place(self, topic: str, partitions: int, any_partition: Callable[[], int]) -> None:
        """`topic` has so many partitions; `any_partition` chooses one for a record without a key."""
        queues: dict[int, deque[list[int]]] = {}
        sizes: dict[int, int] = {}
        for number in self._unplaced.pop(topic):
            record = self._records[number]
            chosen = any_partition() if record.key is None else partition_of_key(record.key, partitions)
            size = record.size + _AROUND
            if chosen not in queues:
                queues[chosen], sizes[chosen] = deque([[]]), 0
            elif sizes[chosen] + size > BATCH_BYTES:
                queues[chosen].append([])
                sizes[chosen] = 0
            queues[chosen][-1].append(number)
            sizes[chosen] += size
        self._queues |= {TopicPartition(topic, chosen): queue for chosen, queue in queues.items()}

    def refuse(self, topic: str, outcome: Outcome) -> None:
        """No record of `topic` can be placed."""
        for number in self._unplaced.pop(topic):
            self.outcomes[number] = outcome

    def heads(self) -> dict[TopicPartition, bytes]:
        """The batch that each partition gets next."""
        return {place: self._encoded(queue[0]) for place, queue in self._queues.items()}

    def answered(self, place: TopicPartition, error: KafkaError | None) -> None:
        """What a broker said of the batch that `place` got."""
        queue = self._queues[place]
        if isinstance(error, _TOO_LARGE) and len(queue[0]) > 1:  # it may be the company's fault
            queue.extendleft([number] for number in reversed(queue.popleft()))
            return
        outcome = None if error is None else failure_of(error)
        for number in queue[0]:
            self.outcomes[number] = outcome
        if not isinstance(outcome, NotPublished):
            queue.popleft()
        elif not isinstance(error, errors.RetriableError):
            queue.clear()  # what is behind it was never sent
        if not queue:
            del self._queues[place]

    def _encoded(self, numbers: Sequence[int]) -> bytes:
        return encoded_batch(self._records[number] for number in numbers)


def failure_of(error: KafkaError) -> NotPublished | RefusedForGood:
    """What the client's error means to whoever publishes."""
    name = type(error).__name__
    if isinstance(error, _TOO_LARGE):
        return TooLarge(name)
    return RefusedForGood(name) if isinstance(error, _FOR_GOOD) else NotPublished(name)
