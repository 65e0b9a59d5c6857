"""The partitions that are ours, and where each stands: known once Kafka and PostgreSQL have both been asked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from processors.batch import Place, Span
from processors.progress import Stored
from runtime.kafka.consumer import Bounds, Identity, Partition, Record


class Standing(NamedTuple):
    """Where a partition stands."""

    place: Place
    stored: int | None  #: what PostgreSQL will have when all that was read is committed; None: nothing stored
    next: int  #: the next offset to read


class Lost(NamedTuple):
    """A partition whose stored offset is no place in its log."""

    place: Place
    log_begin: int
    reason: str


def found(
    identity: Identity, stored: Stored, bounds: Mapping[Partition, Bounds], truncated: Collection[Partition]
) -> tuple[dict[Partition, Standing], dict[Partition, Lost]]:
    """Where each partition that has `bounds` stands: at its stored offset, or, where none is, at its log's begin."""
    standing: dict[Partition, Standing] = {}
    lost: dict[Partition, Lost] = {}
    for partition, (begin, end) in bounds.items():
        place = Place(identity.cluster_id, identity.topic_ids[partition.topic], partition.number)
        offset = stored.offsets.get(partition)
        if offset is None:
            standing[partition] = Standing(place, None, begin)
        elif partition in truncated:
            lost[partition] = Lost(place, begin, f"the log was truncated below the stored offset {offset}")
        elif offset < begin:
            lost[partition] = Lost(place, begin, f"the stored offset {offset} is below the log's begin, {begin}")
        elif offset > end:
            lost[partition] = Lost(place, begin, f"the stored offset {offset} is beyond the log's end, {end}")
        else:
            standing[partition] = Standing(place, offset, offset)
    return standing, lost


def advance(standing: dict[Partition, Standing], records: Iterable[Record]) -> dict[Partition, Span]:
    """Move `standing` behind `records`, in order within each partition; the spans that committing them moves."""
    ends = {(record.topic, record.partition): record.offset + 1 for record in records}
    return advance_to(standing, {Partition(*place): end for place, end in ends.items()})


def advance_to(places: dict[Partition, Standing], ends: Mapping[Partition, int]) -> dict[Partition, Span]:
    """Move `places` to `ends`, each an offset to be read next; the spans that committing them moves."""
    spans: dict[Partition, Span] = {}
    for partition, end in ends.items():
        before = places[partition]
        spans[partition] = Span(before.place, before.stored, end)
        places[partition] = Standing(before.place, end, end)
    return spans
