"""How far a consumer group has come, kept in PostgreSQL beside the effects. It alone decides what is read next."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from processors.engine.batch import PartitionId, Span
from processors.engine.halts import ASIDE, WINDOW, halt_reason
from processors.engine.pauses import NOT_PAUSED, pause_reason
from processors.engine.positions import Held
from processors.engine.processor import SetAside
from runtime import logs, metrics
from runtime.kafka.consumer import Identity, Partition
from runtime.postgres import Connection
from schemas.topics import processor_of

log = logs.logger("processors.engine.progress")

#: With this many of the last WINDOW records set aside, a group halts. Records that do not count are in no window.
HALT_AT = 50
#: Beside ASIDE, a record's outcome: done, or set aside without counting (docs/decisions/0017).
DONE, UNCOUNTED = "0", "-"
#: How often a record may make us fail before it is set aside as poison.
POISON_AT = 3


class Fenced(Exception):
    """Drop the batch and read the positions again: another member moved the offset, or the group is halted."""


@dataclass(frozen=True, slots=True)
class GroupHalt:
    """Why a whole group commits nothing."""

    reason: str
    is_pause: bool = False  #: an operator has asked for it: nothing is wrong


@dataclass(frozen=True, slots=True)
class StoredProgress:
    """What PostgreSQL says about the partitions that were asked for."""

    halt: GroupHalt | None  #: of the whole group
    offsets: Mapping[Partition, int]  #: the next offset; partitions never committed are missing
    other_cluster: str | None = None  #: the group has offsets of this cluster, and none of the present one


_MOVE = f"""
UPDATE consumer_offsets AS stored
SET next_offset = moved.next_offset, topic = moved.topic, lost_since = NULL, log_begin = NULL, updated_at = now()
FROM unnest(%s::text[], %s::uuid[], %s::int[], %s::bigint[], %s::bigint[], %s::text[])
    AS moved (cluster_id, topic_id, partition, start, next_offset, topic)
WHERE stored.consumer_group = %s AND stored.cluster_id = moved.cluster_id AND stored.topic_id = moved.topic_id
    AND stored.partition = moved.partition AND stored.next_offset = moved.start
    AND NOT EXISTS (SELECT FROM consumer_outcomes AS o WHERE o.consumer_group = %s AND o.halted_at IS NOT NULL)
    AND {NOT_PAUSED}
"""  # noqa: S608 - our statements

_BEGIN = """
INSERT INTO consumer_offsets (consumer_group, cluster_id, topic_id, partition, topic, next_offset)
VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""

_PLACES = """
SELECT cluster_id, topic_id, partition, next_offset FROM consumer_offsets
WHERE consumer_group = %s AND cluster_id = ANY (%s) AND topic_id = ANY (%s)
"""

_OTHER_CLUSTER = """
SELECT cluster_id FROM consumer_offsets WHERE consumer_group = %s
    AND NOT EXISTS (SELECT FROM consumer_offsets WHERE consumer_group = %s AND cluster_id = %s)
ORDER BY updated_at DESC LIMIT 1
"""

_LOSE = """
UPDATE consumer_offsets SET lost_since = COALESCE(lost_since, now()), log_begin = %s
WHERE consumer_group = %s AND cluster_id = %s AND topic_id = %s AND partition = %s
"""

#: A window without a 1 need not be written for records that were done: the usual batch takes no lock here.
_COUNT_DONE = """
UPDATE consumer_outcomes SET recent = right(recent || %(outcomes)s, 100), updated_at = now()
WHERE consumer_group = %(group)s AND position('1' IN recent) > 0
"""

_COUNT = """
INSERT INTO consumer_outcomes AS o (consumer_group, recent, set_aside)
VALUES (%(group)s, right(%(outcomes)s, 100), (%(described)s::text[])[:50])
ON CONFLICT (consumer_group) DO UPDATE SET recent = right(o.recent || %(outcomes)s, 100), updated_at = now(),
    set_aside = (%(described)s::text[] || o.set_aside)[:50]
RETURNING recent, set_aside
"""

_EXCUSED = """
SELECT cluster_id, topic_id, partition, excused_below FROM consumer_offsets
WHERE consumer_group = %s AND excused_below > 0
"""

_EXCUSE = """
INSERT INTO consumer_offsets (consumer_group, cluster_id, topic_id, partition, topic, next_offset, excused_below)
VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (consumer_group, cluster_id, topic_id, partition) DO UPDATE SET excused_below = EXCLUDED.excused_below
"""

_COUNT_FAILURE = """
INSERT INTO consumer_failures AS f
    (consumer_group, cluster_id, topic_id, partition, record_offset, attempts, error_class)
VALUES (%s, %s, %s, %s, %s, 1, %s)
ON CONFLICT (consumer_group, cluster_id, topic_id, partition, record_offset)
DO UPDATE SET attempts = f.attempts + 1, error_class = EXCLUDED.error_class, last_failed_at = now()
RETURNING attempts
"""


class Progress:
    """One consumer group's."""

    def __init__(self, group: str) -> None:
        self.group = group
        #: The least that PostgreSQL has of each partition: what this process has committed, or was told. It has less
        #: only where it was restored from a copy, for other members only move offsets on.
        self._least: dict[PartitionId, int] = {}
        self._looking = threading.RLock()  # the connection that is looked through may be a new one itself

    def remember(self, offsets: Mapping[PartitionId, int]) -> None:
        """PostgreSQL has these."""
        self._least.update(offsets)

    def look_for_restore(self, transaction: Callable[[], AbstractContextManager[Connection]]) -> None:
        """Write down, in a transaction of its own, that PostgreSQL went back to a copy since this process spoke to it.

        What is handled from then on may have had its effects elsewhere already: calls are looked up before they are
        made. Whoever has a new connection looks before anything else is done with it.
        """
        with self._looking:
            with transaction() as connection:
                went_back = self._went_back(connection)
                if went_back:
                    connection.execute("INSERT INTO restores (since, noted_by) VALUES ('-infinity', %s)", (self.group,))
            if went_back:  # and that is committed
                self._least.clear()
                metrics.POSITIONS_MOVED.labels(processor_of(self.group), "back").inc()
                log.error("postgres_restored", effect="CRM deliveries are looked up before they are repeated")

    def _went_back(self, connection: Connection) -> bool:
        least = dict(self._least)  # before PostgreSQL is asked: what it has may grow meanwhile
        if not least:
            return False
        stored = self._at(connection, least)
        return any(stored.get(place, 0) < offset for place, offset in least.items())

    def stored(self, connection: Connection, identity: Identity, partitions: Collection[Partition]) -> StoredProgress:
        """Where each of `partitions` stands. PostgreSQL is remembered to have that."""
        places = {
            PartitionId(identity.cluster_id, identity.topic_ids[partition.topic], partition.number): partition
            for partition in partitions
        }
        found = self._at(connection, places)
        other = None
        if not found:
            row = connection.execute(_OTHER_CLUSTER, (self.group, self.group, identity.cluster_id)).fetchone()
            other = None if row is None else str(row[0])
        offsets = {place: offset for place, offset in found.items() if place in places}
        self.remember(offsets)
        return StoredProgress(
            self.stopped_by(connection), {places[place]: offset for place, offset in offsets.items()}, other
        )

    def moved(self, connection: Connection, held: Mapping[Partition, Held]) -> dict[Partition, int | None]:
        """Of the partitions in `held`, those whose stored offset is another one, and which; None: no row."""
        stored = self._at(connection, {at.place for at in held.values()})
        found = {partition: stored.get(at.place) for partition, at in held.items()}
        return {partition: offset for partition, offset in found.items() if offset != held[partition].stored}

    def _at(self, connection: Connection, places: Iterable[PartitionId]) -> dict[PartitionId, int]:
        """The stored offsets of the topics that `places` are of."""
        clusters, topics = {place.cluster_id for place in places}, {place.topic_id for place in places}
        rows = connection.execute(_PLACES, (self.group, list(clusters), list(topics)))
        return {PartitionId(*row[:3]): int(row[3]) for row in rows}

    def halt(self, connection: Connection) -> str | None:
        """Why the group is halted; None: it is not."""
        row = connection.execute(
            "SELECT recent, set_aside FROM consumer_outcomes WHERE consumer_group = %s AND halted_at IS NOT NULL",
            (self.group,),
        ).fetchone()
        return None if row is None else halt_reason(*row)

    def stopped_by(self, connection: Connection) -> GroupHalt | None:
        """Why the group commits nothing: it is halted, or an operator has paused it; None: it goes on."""
        if (reason := self.halt(connection)) is not None:
            return GroupHalt(reason)
        paused = pause_reason(connection, self.group)
        return None if paused is None else GroupHalt(paused, is_pause=True)

    def lose(self, connection: Connection, place: PartitionId, log_begin: int) -> None:
        """Write down that the stored offset of `place` is no place in the log, which begins at `log_begin`."""
        connection.execute(_LOSE, (log_begin, self.group, *place))

    def move(self, connection: Connection, spans: Mapping[Partition, Span]) -> None:
        """Move every offset from where the batch began to behind it. Raises Fenced where one is elsewhere.

        The rows stay locked until the transaction ends: a member that is no longer the owner waits here, before
        it has done anything, and is fenced off.
        """
        moved = sorted((partition, span) for partition, span in spans.items() if span.start is not None)
        columns = [
            (span.place.cluster_id, span.place.topic_id, span.place.partition, span.start, span.next, partition.topic)
            for partition, span in moved
        ]
        if moved:
            lists = [list(column) for column in zip(*columns, strict=True)]
            if connection.execute(_MOVE, (*lists, self.group, self.group, self.group)).rowcount != len(moved):
                raise Fenced
        for partition, span in sorted(spans.items()):
            if span.start is None:
                values = (self.group, *span.place, partition.topic, span.next)
                if connection.execute(_BEGIN, values).rowcount != 1 or self.stopped_by(connection):
                    raise Fenced

    def recent(self, connection: Connection) -> str:
        """The last outcomes, without a lock."""
        row = connection.execute(
            "SELECT recent FROM consumer_outcomes WHERE consumer_group = %s", (self.group,)
        ).fetchone()
        return "" if row is None else str(row[0])

    def excused(self, connection: Connection) -> dict[PartitionId, int]:
        """Below which offset of each partition what is set aside does not count, because an operator said so."""
        rows = connection.execute(_EXCUSED, (self.group,))
        return {PartitionId(cluster_id, topic_id, number): below for cluster_id, topic_id, number, below in rows}

    def count(self, connection: Connection, outcomes: str, described: Sequence[str] = ()) -> str | None:
        """Add `outcomes` to the last ones; why the group is halted by them, or None.

        `described`: what those were that count as set aside, and who wrote them, the newest last.
        """
        counted = outcomes.replace(UNCOUNTED, "")
        newest_first = list(reversed(described[-HALT_AT:]))
        values = {"group": self.group, "outcomes": counted[-WINDOW:], "described": newest_first}
        if ASIDE not in counted:
            connection.execute(_COUNT_DONE, values)
            return None
        [(recent, set_aside)] = connection.execute(_COUNT, values).fetchall()
        if recent.count("1") < HALT_AT:
            return None
        connection.execute("UPDATE consumer_outcomes SET halted_at = now() WHERE consumer_group = %s", (self.group,))
        return halt_reason(recent, set_aside)

    def failed(self, connection: Connection, place: PartitionId, offset: int, error_class: str) -> int:
        """Count a failure of ours on one record; how many there have been."""
        [(attempts,)] = connection.execute(_COUNT_FAILURE, (self.group, *place, offset, error_class)).fetchall()
        return int(attempts)

    def failures(self, connection: Connection, place: PartitionId, offset: int) -> int:
        """How often we have failed on one record."""
        row = connection.execute(
            "SELECT attempts FROM consumer_failures WHERE consumer_group = %s AND cluster_id = %s AND topic_id = %s"
            " AND partition = %s AND record_offset = %s",
            (self.group, *place, offset),
        ).fetchone()
        return 0 if row is None else int(row[0])


def outcomes_of(
    records: Iterable[tuple[str, int, int]], aside: Collection[SetAside], counts: Callable[[SetAside], bool]
) -> str:
    """One character a record: done, set aside, or set aside where it does not count."""
    found = {letter.record[:3]: ASIDE if counts(letter) else UNCOUNTED for letter in aside}
    return "".join(found.get(record, DONE) for record in records)


def records_until_halt(recent: str, outcomes: str) -> int:
    """How many records may be committed before the group halts: all, unless HALT_AT is reached among them."""
    window = recent[-WINDOW:]
    for done, outcome in enumerate(outcomes, start=1):
        if outcome == UNCOUNTED:
            continue
        window = (window + outcome)[-WINDOW:]
        if outcome == ASIDE and window.count(ASIDE) >= HALT_AT:
            return done
    return len(outcomes)


def resume(connection: Connection, group: str) -> bool:
    """Lift a group's halt and forget its last outcomes; whether it was halted. For operators."""
    return (
        connection.execute(
            "UPDATE consumer_outcomes SET recent = '', set_aside = '{}', halted_at = NULL, updated_at = now()"
            " WHERE consumer_group = %s AND halted_at IS NOT NULL",
            (group,),
        ).rowcount
        > 0
    )


def excuse(connection: Connection, group: str, ends: Mapping[tuple[PartitionId, str], tuple[int, int]]) -> None:
    """Have nothing that is set aside below the ends of these partitions count towards a halt. For operators.

    `ends`: where the log of each place and topic begins and ends.
    """
    with connection.cursor() as cursor:
        cursor.executemany(
            _EXCUSE, [(group, *place, topic, begin, end) for (place, topic), (begin, end) in sorted(ends.items())]
        )


def accept_loss(connection: Connection, group: str) -> list[tuple[str, int, int, int]]:
    """Have every partition of `group` that lost its place begin where its log does. For operators.

    Returns (topic, partition, offset that was lost, offset to go on from). What was handled before is handled
    again, which changes nothing; what the log no longer has is gone.
    """
    rows = connection.execute(
        "UPDATE consumer_offsets AS now_is SET next_offset = was.log_begin, lost_since = NULL, log_begin = NULL"
        " FROM consumer_offsets AS was"
        " WHERE was.consumer_group = %s AND was.lost_since IS NOT NULL AND was.log_begin IS NOT NULL"
        " AND (now_is.consumer_group, now_is.cluster_id, now_is.topic_id, now_is.partition)"
        " = (was.consumer_group, was.cluster_id, was.topic_id, was.partition)"
        " RETURNING was.topic, was.partition, was.next_offset, now_is.next_offset",
        (group,),
    ).fetchall()
    return [(str(topic), int(number), int(lost), int(begin)) for topic, number, lost, begin in rows]
