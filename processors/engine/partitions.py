"""The partitions that are ours, and where each stands: known once Kafka and PostgreSQL have both been asked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from processors.engine.batch import PartitionId, Span
from processors.engine.progress import StoredProgress
from runtime.kafka.consumer import Bounds, Identity, Partition, Record


class PartitionPosition(NamedTuple):
    """Where a partition stands."""

    place: PartitionId
    stored: int | None  #: what PostgreSQL will have when all that was read is committed; None: nothing stored
    next: int  #: the next offset to read


class Lost(NamedTuple):
    """A partition whose stored offset is no place in its log."""

    place: PartitionId
    log_begin: int
    reason: str


def found(
    identity: Identity, stored: StoredProgress, bounds: Mapping[Partition, Bounds], truncated: Collection[Partition]
) -> tuple[dict[Partition, PartitionPosition], dict[Partition, Lost]]:
    """Where each partition that has `bounds` stands: at its stored offset, or, where none is, at its log's begin."""
    position: dict[Partition, PartitionPosition] = {}
    lost: dict[Partition, Lost] = {}
    for partition, (begin, end) in bounds.items():
        place = PartitionId(identity.cluster_id, identity.topic_ids[partition.topic], partition.number)
        offset = stored.offsets.get(partition)
        if offset is None:
            position[partition] = PartitionPosition(place, None, begin)
        elif partition in truncated:
            lost[partition] = Lost(place, begin, f"the log was truncated below the stored offset {offset}")
        elif offset < begin:
            lost[partition] = Lost(place, begin, f"the stored offset {offset} is below the log's begin, {begin}")
        elif offset > end:
            lost[partition] = Lost(place, begin, f"the stored offset {offset} is beyond the log's end, {end}")
        else:
            position[partition] = PartitionPosition(place, offset, offset)
    return position, lost


def advance(position: dict[Partition, PartitionPosition], records: Iterable[Record]) -> dict[Partition, Span]:
    """Move `position` behind `records`, in order within each partition; the spans that committing them moves."""
    ends = {(record.topic, record.partition): record.offset + 1 for record in records}
    return advance_to(position, {Partition(*place): end for place, end in ends.items()})


def advance_to(places: dict[Partition, PartitionPosition], ends: Mapping[Partition, int]) -> dict[Partition, Span]:
    """Move `places` to `ends`, each an offset to be read next; the spans that committing them moves."""
    spans: dict[Partition, Span] = {}
    for partition, end in ends.items():
        before = places[partition]
        spans[partition] = Span(before.place, before.stored, end)
        places[partition] = PartitionPosition(before.place, end, end)
    return spans
