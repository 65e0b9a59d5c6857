"""Reading the event topics by time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from runtime.connections import KafkaSettings
from runtime.kafka.consumer import Partition
from runtime.kafka.topics import Offsets, TopicAdmin
from schemas.topics import EVENT_TOPICS

CLIENT_ID = "hookline-audit"
_EVENT_TOPICS = [topic.name for topic in EVENT_TOPICS]


@dataclass(frozen=True, slots=True)
class TopicLogs:
    """Every partition of some topics at one moment."""

    topic_ids: Mapping[str, UUID]
    bounds: Mapping[Partition, Offsets]

    @property
    def held(self) -> int:
        """How many offsets the logs span."""
        return sum(bounds.end - bounds.begin for bounds in self.bounds.values())


def open_log(settings: KafkaSettings, topics: Sequence[str] = _EVENT_TOPICS) -> TopicLogs:
    """The log of `topics` as it is now. Raises kafka.errors.KafkaError."""
    with TopicAdmin(settings, CLIENT_ID) as admin:
        states = admin.describe(topics)
        offsets = admin.offsets(states.values())
    return TopicLogs(
        {name: state.id for name, state in states.items()},
        {Partition(*place): bounds for place, bounds in offsets.items()},
    )


def offsets_at(settings: KafkaSettings, log: TopicLogs, moments: Sequence[datetime]) -> list[dict[Partition, int]]:
    """For each of `moments`, where each partition's records from then on begin. Raises kafka.errors.KafkaError."""
    with TopicAdmin(settings, CLIENT_ID) as admin:
        found = [admin.offsets_at(log.bounds, moment) for moment in moments]
    return [
        {partition: _within(offsets[partition], bounds) for partition, bounds in log.bounds.items()}
        for offsets in found
    ]


def _within(offset: int | None, bounds: Offsets) -> int:
    return bounds.end if offset is None else min(max(offset, bounds.begin), bounds.end)
