"""The export itself: which offsets are wanted, and one part after the other until they are there."""

from __future__ import annotations

import errno
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ops.exits import TryLater
from ops.export.manifest import Manifest, Part
from runtime.connections import KafkaSettings
from runtime.kafka.consumer import Partition, Record
from runtime.kafka.reader import read
from runtime.kafka.topic_logs import TopicLogs, offsets_at, topic_logs
from runtime.kafka.topics import Offsets, TopicAdmin
from schemas.ids import SchemaIds
from schemas.topics import Topic

if TYPE_CHECKING:
    from ops.export.source import Source

CLIENT_ID = "hookline-export"
_DAY = timedelta(days=1)
_STAGING = ".unfinished"


class UnknownTopic(Exception):
    """Name another topic: Kafka has none of this name. Exit code 2."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class PlannedPart:
    """Stretches of one topic within one day that no part has yet."""

    topic: Topic
    topic_id: str
    day: str  #: UTC
    stretches: Mapping[Partition, Offsets]

    @property
    def records(self) -> int:
        """How many offsets there are; what holds no record counts too."""
        return sum(stretch.end - stretch.begin for stretch in self.stretches.values())


@dataclass(frozen=True, slots=True)
class ExportPlan:
    """What an export is still to read, and what it comes too late for."""

    parts: list[PlannedPart]
    #: Topic -> offsets that Kafka has deleted, that the export has not, and that may have been in its window.
    deleted: dict[str, int]


def plan(
    kafka: KafkaSettings, topics: Sequence[Topic], since: datetime, until: datetime, manifest: Manifest
) -> ExportPlan:
    """What `manifest` lacks of the records whose timestamps are in `since` to `until`.

    Each partition's stretch begins at its first record of `since` or later and ends before its first of `until` or
    later. Raises UnknownTopic, OtherExport, kafka.errors.KafkaError.
    """
    planned, deleted = [], {}
    with TopicAdmin(kafka, CLIENT_ID) as admin:
        for topic in topics:
            log = topic_logs(admin, [topic.name])
            if topic.name not in log.topic_ids:
                raise UnknownTopic(f"Kafka has no topic {topic.name}: `hookline topics apply` makes it")
            topic_id = str(log.topic_ids[topic.name])
            manifest.check_topic(topic, topic_id)
            if count := _deleted(log, offsets_at(admin, log, since), manifest):
                deleted[topic.name] = count
            for day, stretches in _days(admin, log, since, until):
                planned += [PlannedPart(topic, topic_id, day, missing) for missing in manifest.missing(stretches)]
    return ExportPlan(planned, deleted)


def export(
    planned: Iterable[PlannedPart],
    manifest: Manifest,
    ids: SchemaIds,
    source: Source,
    *,
    done: Callable[[int], None] = lambda _count: None,
) -> None:
    """Write the parts of `planned` into the manifest's folder, one after the other.

    Whenever it ends, by an error or by being killed, the parts that the manifest names are whole, and what else lies
    there is written anew by the next call. Raises TryLater where the disk is full, UnknownSchemaNumber, OSError,
    kafka.errors.KafkaError.
    """
    from ops.export.part import write_part
    from ops.export.rows import columns_of

    for part in planned:
        name = part.topic.name
        numbers = {str(number): [gap.begin, gap.end] for (_, number), gap in sorted(part.stretches.items())}
        count = sum(known.topic == name and known.day == part.day for known in manifest.parts)
        file = f"{name}/day={part.day}/part-{count}.parquet"
        target, staging = manifest.folder / file, manifest.folder / _STAGING
        try:
            columns, earlier = columns_of(part.topic, ids), manifest.files(name)
            with closing(source.batches(part.topic, part.stretches)) as batches:
                written = write_part(batches, columns, target, staging, earlier, done=done)
            size = target.stat().st_size if written.rows else 0
            counts = (written.rows, size, written.duplicates, written.unreadable)
            manifest.add(Part(name, part.day, file if written.rows else None, *counts, numbers), part.topic_id)
        except Exception as error:
            if is_disk_full(error):
                raise TryLater(
                    f"the disk of {manifest.folder} is full: what its manifest names is whole, and the same command "
                    "goes on from there once there is room"
                ) from error
            raise


class KafkaReader:
    """Reads stretches from Kafka; the same in another process."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._kafka = kafka

    def __call__(self, stretches: Mapping[Partition, Offsets]) -> Iterable[Record]:
        return read(self._kafka, CLIENT_ID, stretches)


def is_disk_full(error: Exception) -> bool:
    """Whether `error` says so: an OSError's number, or DuckDB's words, which has no number of its own."""
    full = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return getattr(error, "errno", None) in full or "No space left on device" in str(error)


def _deleted(log: TopicLogs, begins: Mapping[Partition, int], manifest: Manifest) -> int:
    """How many offsets are gone of the partitions whose whole log is in a window that begins at `begins`."""
    gone = {
        partition: Offsets(0, bounds.begin)
        for partition, bounds in log.bounds.items()
        if begins[partition] == bounds.begin > 0
    }
    return sum(gap.end - gap.begin for gaps in manifest.missing(gone) for gap in gaps.values())


def _days(
    admin: TopicAdmin, log: TopicLogs, since: datetime, until: datetime
) -> Iterable[tuple[str, dict[Partition, Offsets]]]:
    """The days of the window that have records, and each one's stretches."""

    def offsets_before(moment: datetime) -> int:
        return sum(offsets_at(admin, log, moment).values())

    moments = _midnights(since, until)
    # The window may begin years before the log: the days before its first record are passed over.
    first = bisect_right(moments, offsets_before(since), key=offsets_before) - 1
    last = bisect_right(moments, offsets_before(until) - 1, key=offsets_before)
    moments = moments[first : last + 1]
    offsets = [offsets_at(admin, log, moment) for moment in moments]
    for day, begin, end in zip(moments[:-1], offsets[:-1], offsets[1:], strict=True):
        stretches = {partition: Offsets(begin[partition], end[partition]) for partition in log.bounds}
        found = {partition: stretch for partition, stretch in stretches.items() if stretch.begin < stretch.end}
        if found:
            yield day.date().isoformat(), found


def _midnights(since: datetime, until: datetime) -> list[datetime]:
    """`since`, every midnight between, and `until`; UTC."""
    midnight = since.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + _DAY
    between = [midnight + _DAY * number for number in range(max(0, (until - midnight) // _DAY + 1))]
    return [since, *(moment for moment in between if moment < until), until]
