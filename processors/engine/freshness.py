"""Telling PostgreSQL up to when this member has committed everything, so that others may rely on it.

A statement such as "partition 3: all that Kafka had confirmed by 12:00:07 is committed" stays true whoever owns the
partition later, so members that come, go, or wake up after a long freeze need no agreement: for each partition the
newest statement of anybody counts (the view `opt_out_certainty`), and what nobody renews grows old by itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID, uuid4

from processors.engine.database import Database
from processors.engine.positions import CaughtUp, Positions
from runtime.database_clock import DatabaseClock
from runtime.kafka.ends import LogEnds
from runtime.postgres import Connection

#: Seconds between two statements.
EVERY = 0.5

#: A partition whose stored offset is lower than the one that the claim rests on is left out: the database has gone
#: back (a copy was restored), and what we committed may be gone with it. A higher one takes nothing away.
_CLAIM = """
WITH claim AS (
    SELECT c.topic_id, c.partition, c.caught_up_at, COALESCE(o.next_offset, -1) >= COALESCE(c.stored, -1) AS stands
    FROM unnest(%(clusters)s::text[], %(ids)s::uuid[], %(partitions)s::int[], %(stored)s::bigint[],
                %(caught_up_at)s::timestamptz[]) AS c (cluster_id, topic_id, partition, stored, caught_up_at)
    LEFT JOIN consumer_offsets AS o ON o.consumer_group = %(group)s AND o.cluster_id = c.cluster_id
        AND o.topic_id = c.topic_id AND o.partition = c.partition
), held AS (
    SELECT COALESCE(array_agg(topic_id), '{}') AS ids, COALESCE(array_agg(partition), '{}') AS partitions,
        COALESCE(array_agg(caught_up_at), '{}') AS caught_up_at
    FROM claim WHERE stands
)
INSERT INTO consumer_freshness (consumer_group, member, asked_at, topics, topic_ids, partition_counts,
    held_topic_ids, held_partitions, caught_up_at)
SELECT %(group)s, %(member)s, %(asked_at)s, %(topics)s, %(topic_ids)s, %(counts)s,
    held.ids, held.partitions, held.caught_up_at FROM held
ON CONFLICT (consumer_group, member) DO UPDATE SET asked_at = EXCLUDED.asked_at, topics = EXCLUDED.topics,
    topic_ids = EXCLUDED.topic_ids, partition_counts = EXCLUDED.partition_counts,
    held_topic_ids = EXCLUDED.held_topic_ids, held_partitions = EXCLUDED.held_partitions,
    caught_up_at = EXCLUDED.caught_up_at
RETURNING clock_timestamp(), (SELECT count(*) FROM claim WHERE NOT stands)
"""

#: Of members that are gone, and of a clock that was set back since.
_CLEAN = """
DELETE FROM consumer_freshness WHERE consumer_group = %s
    AND (asked_at < clock_timestamp() - interval '1 minute' OR asked_at > clock_timestamp() + interval '1 minute')
"""


class Freshness:
    """A round of a chore: one statement for all partitions of this member."""

    def __init__(
        self,
        group: str,
        topics: Sequence[str],
        positions: Positions,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._group = group
        self._topics = frozenset(topics)
        self._positions = positions
        self._clock = DatabaseClock(monotonic)
        self._member: UUID = uuid4()

    def __call__(self, database: Database) -> float:
        """One round; seconds until the next."""
        try:
            with database.transaction() as connection:
                self._report(connection)
        except BaseException:
            self._clock.forget()
            raise
        return EVERY

    def _report(self, connection: Connection) -> None:
        # What is known comes first, and only then the database is asked: a process that is frozen in between says
        # something that is old, not something that is untrue.
        reading, caught_up = self._positions.newest_reading(), self._positions.caught_up()
        if reading is None or reading.topics.keys() != self._topics:
            return  # a topic is missing: nobody knows what it will hold
        if self._clock.at(reading.asked_at) is None:
            [(now,)] = connection.execute("SELECT clock_timestamp()").fetchall()
            self._clock.learn(now)
        connection.execute(_CLEAN, (self._group,))
        [(now, gone_back)] = connection.execute(_CLAIM, self._values(reading, caught_up)).fetchall()
        self._clock.learn(now)
        if gone_back:
            self._positions.suspect()

    def _values(self, reading: LogEnds, caught_up: Sequence[CaughtUp]) -> dict[str, Any]:
        places = [claim.held.place for claim in caught_up]
        shapes = sorted(reading.topics.items())
        return {
            "group": self._group,
            "member": self._member,
            "asked_at": self._clock.at(reading.asked_at),
            "topics": [name for name, _ in shapes],
            "topic_ids": [shape.id for _, shape in shapes],
            "counts": [shape.partitions for _, shape in shapes],
            "clusters": [place.cluster_id for place in places],
            "ids": [place.topic_id for place in places],
            "partitions": [place.partition for place in places],
            "stored": [claim.held.stored for claim in caught_up],
            "caught_up_at": [self._clock.at(claim.instant) for claim in caught_up],
        }
