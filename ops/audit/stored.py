"""What PostgreSQL knows of a window: what ingest counted, what persist stored and what was set aside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ops.audit.records import CountedAt, IngestWorker
from ops.audit.window import AuditWindow, hour_of
from runtime.kafka.consumer import Partition
from runtime.kafka.topic_logs import TopicLogs
from runtime.postgres import Connection
from schemas.topics import consumer_group

#: Rows that are fetched at once, and ids that are asked about at once.
_BATCH = 20_000

_ACCEPTED = """
SELECT node, epoch, minute, topic, sum(events)::bigint,
    coalesce(sum(events) FILTER (WHERE durability = 'spool'), 0)::bigint, min(first_seq), max(last_seq)
FROM ingest_counts
WHERE minute >= %(since)s AND minute < %(until)s GROUP BY node, epoch, minute, topic
"""
# An event's receipt is some moments before `oldest`, which is null where Kafka has refused all that waits.
_SPOOLED_ELSEWHERE = """
SELECT c.node, c.epoch, c.minute, c.topic, sum(c.events)::bigint
FROM ingest_counts AS c JOIN ingest_nodes AS n ON n.node = c.node
WHERE n.retired_at IS NULL AND n.spooled > 0 AND c.durability = 'spool'
    AND c.minute >= least(n.oldest - interval '2 minutes', %(until)s)
    AND NOT (c.minute >= %(since)s AND c.minute < %(until)s)
GROUP BY c.node, c.epoch, c.minute, c.topic
"""
_SPOOLED = "SELECT node, spooled FROM ingest_nodes WHERE retired_at IS NULL AND spooled > 0"
_STORED = "SELECT event_id, received_at FROM events WHERE received_at >= %(since)s AND received_at < %(until)s"
_ALSO_STORED = "SELECT event_id FROM events WHERE event_id = ANY (%s)"
_SET_ASIDE = "SELECT DISTINCT event_id FROM dead_letters WHERE consumer_group = %s AND event_id = ANY (%s)"
_PARKED = """
SELECT count(*) FROM opt_out_parked WHERE record_timestamp >= extract(epoch FROM %(since)s::timestamptz) * 1000
    AND record_timestamp < extract(epoch FROM %(until)s::timestamptz) * 1000
"""
_POSITIONS = "SELECT topic_id, partition, next_offset FROM consumer_offsets WHERE consumer_group = %s"


@dataclass(frozen=True, slots=True)
class Accepted:
    """What a worker answered 200 in a minute, of one topic."""

    events: int
    spooled: int  #: of them, those that went to the spool
    first_seq: int
    last_seq: int


def accepted(connection: Connection, window: AuditWindow) -> dict[CountedAt, Accepted]:
    """What ingest's nodes counted."""
    rows = connection.execute(_ACCEPTED, _values(window)).fetchall()
    return {
        CountedAt(IngestWorker(node, epoch), minute, topic): Accepted(*counts)
        for node, epoch, minute, topic, *counts in rows
    }


def spooled(connection: Connection) -> dict[str, int]:
    """How many events wait in the spool of each node, as far as it was heard of."""
    return {str(node): int(count) for node, count in connection.execute(_SPOOLED)}


def spooled_elsewhere(connection: Connection, window: AuditWindow) -> dict[CountedAt, int]:
    """What nodes that hold events in their spools have spooled outside of `window`, since the oldest that waits."""
    rows = connection.execute(_SPOOLED_ELSEWHERE, _values(window)).fetchall()
    return {
        CountedAt(IngestWorker(node, epoch), minute, topic): int(count) for node, epoch, minute, topic, count in rows
    }


def stored(connection: Connection, window: AuditWindow) -> dict[UUID, datetime]:
    """The events that were received in `window`, and the hour of each."""
    with connection.transaction(), connection.cursor("audit") as cursor:
        cursor.itersize = _BATCH
        cursor.execute(_STORED, _values(window))
        return {event_id: hour_of(received_at) for event_id, received_at in cursor}


def also_stored(connection: Connection, event_ids: Collection[UUID]) -> set[UUID]:
    """Those of `event_ids` that are stored, whenever they were received: a repeat is stored with its first."""
    return _found(connection, _ALSO_STORED, (), event_ids)


def set_aside(connection: Connection, event_ids: Collection[UUID]) -> set[UUID]:
    """Those of `event_ids` that persist has set aside."""
    return _found(connection, _SET_ASIDE, (consumer_group("persist"),), event_ids)


def parked(connection: Connection, window: AuditWindow) -> int:
    """Records of `window` that opt-out has parked."""
    [(count,)] = connection.execute(_PARKED, _values(window)).fetchall()
    return int(count)


def positions(connection: Connection, log: TopicLogs) -> dict[Partition, int]:
    """The next offset that persist reads of each partition; one that it has not begun is missing."""
    names = {topic_id: name for name, topic_id in log.topic_ids.items()}
    rows = connection.execute(_POSITIONS, (consumer_group("persist"),)).fetchall()
    return {Partition(names[topic_id], number): next_ for topic_id, number, next_ in rows if topic_id in names}


def by_hour(counts: Mapping[UUID, datetime]) -> Counter[datetime]:
    """How many events each hour has."""
    return Counter(counts.values())


def _values(window: AuditWindow) -> dict[str, datetime]:
    return {"since": window.since, "until": window.until}


def _found(connection: Connection, query: str, values: tuple[str, ...], event_ids: Collection[UUID]) -> set[UUID]:
    every, found = list(event_ids), set[UUID]()
    for start in range(0, len(every), _BATCH):
        rows = connection.execute(query, (*values, every[start : start + _BATCH])).fetchall()
        found |= {event_id for (event_id,) in rows}
    return found
