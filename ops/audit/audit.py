"""`audit`: whether everything that was answered 200 in a window is on the topics, and all of that in PostgreSQL."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from ops.audit import stored as tables
from ops.audit.records import CountedAt, IngestWorker, ReceiptReader, TopicRecords
from ops.audit.stored import Accepted
from ops.audit.window import AuditWindow, hour_of
from runtime.connections import KafkaSettings
from runtime.kafka.consumer import Partition
from runtime.kafka.reader import read
from runtime.kafka.topic_logs import TopicLogs, offsets_at, topic_logs
from runtime.kafka.topics import Offsets, TopicAdmin
from runtime.postgres import Connection
from schemas.ids import SchemaIds
from schemas.topics import EVENT_TOPICS

_CLIENT_ID = "hookline-audit"
#: Records are read from so long before the window: a node's clock may have been behind its producer's.
_BEFORE = timedelta(minutes=5)
#: And to so long after it. Where something is missing then, to the end of the log: it may have waited in a spool.
_AFTER = timedelta(minutes=15)
#: Numbers of one gap that are listed.
_LISTED = 100


@dataclass(frozen=True, slots=True)
class Gap:
    """Events that were answered 200 and are not on the topics."""

    node: str
    epoch: str
    minute: datetime
    topic: str
    accepted: int
    on_topics: int
    numbers: Sequence[int]  #: hl-seq that no record has, of the minute's: the lost ones are among them


@dataclass(frozen=True, slots=True)
class HourCounts:
    """One hour of receipt."""

    hour: datetime
    accepted: int
    on_topics: int
    in_postgres: int


@dataclass(frozen=True, slots=True)
class Audit:
    """The answer."""

    ok: bool  #: nothing is missing, and everything could be looked at
    since: datetime
    until: datetime
    accepted: int  #: by ingest's own counts
    on_topics: int
    in_postgres: int
    dead_letters: int  #: events that persist set aside
    parked: int  #: records that opt-out could not process
    missing: Sequence[UUID]  #: on the topics, and neither stored nor set aside nor waiting for persist
    hours: Sequence[HourCounts]
    gaps: Sequence[Gap]
    waiting: int  #: events on the topics that persist has not come to yet
    spooled: int  #: events that are not on the topics and may be in a node's spool
    notes: Sequence[str]  #: what keeps the audit from knowing more

    def as_dict(self) -> dict[str, Any]:
        """As `hookline audit --json` answers."""
        return asdict(self) | {"missing": [str(event_id) for event_id in self.missing]}


def audit(
    connection: Connection,
    kafka: KafkaSettings,
    ids: SchemaIds,
    window: AuditWindow,
    *,
    begun: Callable[[int], None] = lambda _total: None,
    done: Callable[[int], None] = lambda _count: None,
) -> Audit:
    """Compare the three places for `window`. Raises psycopg.Error, kafka.errors.KafkaError.

    `begun` is called with how many records are about to be read, `done` with how many were.
    """
    # In the order in which an event takes the steps: what a later place lacks was in the earlier one before.
    accepted = tables.accepted(connection, window)
    elsewhere, spooled = tables.spooled_elsewhere(connection, window), tables.spooled(connection)
    with TopicAdmin(kafka, _CLIENT_ID) as admin:
        log = topic_logs(admin, [topic.name for topic in EVENT_TOPICS])
        first, last = offsets_at(admin, log, window.since - _BEFORE), offsets_at(admin, log, window.until + _AFTER)
    records, receipt = TopicRecords(window), ReceiptReader(ids)
    stored = tables.stored(connection, window)

    def take(begin: Mapping[Partition, int], end: Mapping[Partition, int]) -> None:
        stretches = {partition: Offsets(begin[partition], max(begin[partition], end[partition])) for partition in begin}
        begun(sum(stretch.end - stretch.begin for stretch in stretches.values()))
        records.take(read(kafka, _CLIENT_ID, stretches), receipt, done)

    take(first, last)
    total = sum(count.events for count in accepted.values())
    if records.total < total or not stored.keys() <= records.events.keys():
        take(last, {partition: bounds.end for partition, bounds in log.bounds.items()})
    return _compared(connection, window, accepted, spooled, elsewhere, log, first, records, stored)


def _compared(
    connection: Connection,
    window: AuditWindow,
    accepted: Mapping[CountedAt, Accepted],
    spooled: Mapping[str, int],
    elsewhere: Mapping[CountedAt, int],
    log: TopicLogs,
    first: Mapping[Partition, int],
    records: TopicRecords,
    stored: Mapping[UUID, datetime],
) -> Audit:
    unaccounted = records.events.keys() - stored.keys()
    unaccounted -= tables.also_stored(connection, unaccounted)
    aside = tables.set_aside(connection, unaccounted)
    # What persist stored while the topics were read is stored now; what it has passed since and did not store is lost.
    positions = tables.positions(connection, log)
    waiting = {event_id for event_id in unaccounted - aside if _waits(records.events[event_id], positions)}
    lost = unaccounted - aside - waiting
    missing = sorted(lost - tables.also_stored(connection, lost))
    gaps, in_spools = _gaps(accepted, records, spooled, elsewhere)
    cut = [partition for partition, begin in first.items() if 0 < log.bounds[partition].begin == begin]
    notes = [*_notes(accepted, records, in_spools, waiting), *_cut_notes(cut, gaps)]
    unexplained = _unexplained(accepted, records)
    notes += unexplained
    return Audit(
        ok=not missing and not gaps and not unexplained,
        since=window.since,
        until=window.until,
        accepted=sum(count.events for count in accepted.values()),
        on_topics=records.total,
        in_postgres=len(stored),
        dead_letters=len(aside),
        parked=tables.parked(connection, window),
        missing=missing,
        hours=_hours(accepted, records, stored),
        gaps=gaps,
        waiting=len(waiting),
        spooled=in_spools.total(),
        notes=notes,
    )


def _waits(place: tuple[Partition, int], positions: Mapping[Partition, int]) -> bool:
    partition, offset = place
    return offset >= positions.get(partition, 0)


def _gaps(
    accepted: Mapping[CountedAt, Accepted],
    records: TopicRecords,
    spooled: Mapping[str, int],
    elsewhere: Mapping[CountedAt, int],
) -> tuple[list[Gap], Counter[str]]:
    """What the topics lack of what was counted; and how much of that may be in the spool of each node.

    A spool explains only what went to it in that very minute, and only as much as it holds beside what it holds of
    other minutes.
    """
    short = {
        at: count.events - records.counted[at] for at, count in accepted.items() if count.events > records.counted[at]
    }
    left = Counter(spooled)
    for at, events in elsewhere.items():
        left[at.worker.node] -= max(0, events - records.counted_elsewhere[at])
    was_spooled = {at: count for at, count in short.items() if count <= accepted[at].spooled}
    lacking: Counter[str] = Counter()
    for at, count in was_spooled.items():
        lacking[at.worker.node] += count
    in_spools = Counter({node: count for node, count in lacking.items() if count <= left[node]})
    gaps = [
        Gap(
            *at.worker,
            at.minute,
            at.topic,
            accepted[at].events,
            records.counted[at],
            _absent(accepted[at], records.numbers.get(at.worker, set())),
        )
        for at in sorted(short)
        if at not in was_spooled or at.worker.node not in in_spools
    ]
    return gaps, in_spools


def _absent(count: Accepted, seen: set[int]) -> list[int]:
    absent: list[int] = []
    for number in range(count.first_seq, count.last_seq + 1):
        if number not in seen:
            absent.append(number)
            if len(absent) == _LISTED:
                break
    return absent


def _unexplained(accepted: Mapping[CountedAt, Accepted], records: TopicRecords) -> list[str]:
    """Numbers that no record has, of workers that counted nothing here: nobody knows whether they were answered 200."""
    counting = {at.worker for at in accepted}
    spans: dict[IngestWorker, tuple[int, int]] = {}
    for worker, seen in records.numbers.items():
        if worker not in counting:
            spans[worker] = min(seen), max(seen)
    lines = []
    for worker, (low, high) in sorted(spans.items()):
        absent = high - low + 1 - len(records.numbers[worker])
        if absent and any(at.worker == worker for at in records.counted):
            lines.append(
                f"{absent} numbers between {low} and {high} of {worker.node} {worker.epoch} are on no topic, and its "
                "counts are not in PostgreSQL: start ingest on that node's spool directory, which reports them"
            )
    return lines


def _notes(
    accepted: Mapping[CountedAt, Accepted],
    records: TopicRecords,
    in_spools: Mapping[str, int],
    waiting: Collection[UUID],
) -> list[str]:
    notes = [f"{count} may wait in the spool of {node}: hookline nodes" for node, count in sorted(in_spools.items())]
    if waiting:
        notes.append(f"{len(waiting)} wait for persist, whose lag is told by hookline status")
    uncounted = sum(max(0, count - _events(accepted, at)) for at, count in records.counted.items())
    if uncounted:
        notes.append(f"{uncounted} numbered records are in no count that ingest has reported: it does so every 5 s")
    if records.unnumbered:
        notes.append(f"{records.unnumbered} events carry no number: a version before numbers wrote them, or a stranger")
    return notes


def _events(accepted: Mapping[CountedAt, Accepted], at: CountedAt) -> int:
    return accepted[at].events if at in accepted else 0


def _cut_notes(cut: Sequence[Partition], gaps: Sequence[Gap]) -> list[str]:
    if not cut or not gaps:
        return []
    return [f"{len(cut)} partitions begin within the window: their retention may have taken what is missing"]


def _hours(
    accepted: Mapping[CountedAt, Accepted], records: TopicRecords, stored: Mapping[UUID, datetime]
) -> list[HourCounts]:
    counted: dict[datetime, int] = defaultdict(int)
    for at, count in accepted.items():
        counted[hour_of(at.minute)] += count.events
    in_postgres = tables.by_hour(stored)
    return [
        HourCounts(hour, counted[hour], records.hours[hour], in_postgres[hour])
        for hour in sorted({*counted, *records.hours, *in_postgres})
    ]
