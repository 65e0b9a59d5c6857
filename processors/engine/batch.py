"""What one poll brought: decoded, and with the offsets that committing it moves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from processors.engine.processor import Delivery, SetAside
from runtime.kafka.consumer import Partition, Record
from schemas.codec import Codec, Undecodable
from schemas.topics import RECORD_TOPICS, Retention

_COMPACTED = frozenset(topic.name for topic in RECORD_TOPICS if topic.retention is Retention.LATEST)


class PartitionId(NamedTuple):
    """A partition, whatever its topic is called at the moment."""

    cluster_id: str
    topic_id: UUID
    partition: int


class Span(NamedTuple):
    """A partition's part in a batch."""

    place: PartitionId
    start: int | None  #: the stored offset that the batch begins at; None: none was stored
    next: int  #: the offset to be stored with its effects


@dataclass(frozen=True, slots=True)
class Batch:
    """Records in the order in which they were polled: in order within each partition."""

    records: Sequence[Record]
    deliveries: Sequence[Delivery]
    undecodable: Sequence[SetAside]
    spans: Mapping[Partition, Span]

    def first(self, count: int) -> Batch:
        """The first `count` records as a batch of their own."""
        records = self.records[:count]
        first_ones = {identity(record) for record in records}
        ends = {Partition(record.topic, record.partition): record.offset + 1 for record in records}
        return Batch(
            records,
            [delivery for delivery in self.deliveries if identity(delivery.record) in first_ones],
            [letter for letter in self.undecodable if identity(letter.record) in first_ones],
            {partition: self.spans[partition]._replace(next=end) for partition, end in ends.items()},
        )


def identity(record: Record) -> tuple[str, int, int]:
    """What tells `record` from every other in a batch."""
    return record[:3]


def decoded(records: Iterable[Record], codec: Codec) -> tuple[list[Delivery], list[SetAside]]:
    """The events in `records`, and the records that hold none.

    A record without a value on a compacted topic says that no more is known of its key: that is nothing to do.
    """
    deliveries: list[Delivery] = []
    undecodable: list[SetAside] = []
    for record in records:
        if record.unreadable is not None:
            undecodable.append(SetAside(record, "undecodable", "UnreadableBatch", record.unreadable))
            continue
        if record.value is None and record.topic in _COMPACTED:
            continue
        try:
            deliveries.append(Delivery(record, codec.decode(record.value)))
        except Undecodable as error:
            undecodable.append(SetAside(record, "undecodable", type(error).__name__, str(error)))
    return deliveries, undecodable
