"""The logs of topics at one moment: where each partition begins and ends, and where it was at a given time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from runtime.kafka.consumer import Partition
from runtime.kafka.topics import Offsets, TopicAdmin


@dataclass(frozen=True, slots=True)
class TopicLogs:
    """Every partition of some topics at one moment."""

    topic_ids: Mapping[str, UUID]  #: of those that exist
    bounds: Mapping[Partition, Offsets]

    @property
    def held(self) -> int:
        """How many offsets the logs span."""
        return sum(bounds.end - bounds.begin for bounds in self.bounds.values())


def topic_logs(admin: TopicAdmin, topics: Sequence[str]) -> TopicLogs:
    """The log of `topics` as it is now. Raises kafka.errors.KafkaError."""
    shapes = admin.shapes(topics)
    bounds = admin.bounds({name: shape.partitions for name, shape in shapes.items()})
    return TopicLogs(
        {name: shape.id for name, shape in shapes.items()},
        {partition: Offsets(*begin_and_end) for partition, begin_and_end in bounds.items()},
    )


def offsets_at(admin: TopicAdmin, log: TopicLogs, moment: datetime) -> dict[Partition, int]:
    """Where each partition's records of `moment` or later begin, within `log`. Raises kafka.errors.KafkaError."""
    found = admin.offsets_at(log.bounds, moment)
    return {partition: _within(found[partition], bounds) for partition, bounds in log.bounds.items()}


def _within(offset: int | None, bounds: Offsets) -> int:
    return bounds.end if offset is None else min(max(offset, bounds.begin), bounds.end)
