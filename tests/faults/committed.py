"""How far each processor's commits reach, by Kafka and PostgreSQL themselves: overstated.py judges its words by it."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from typing import NamedTuple
from uuid import UUID

import psycopg

from processors.engine.processor import processor_types
from processors.engine.runner import topics_of
from runtime.kafka.consumer import Unanswered
from runtime.kafka.ends import EndsReader, LogEnds
from runtime.postgres import connect
from schemas.topics import consumer_group
from tests.faults.statements import PROMPT, SETTLED, Committed

#: A partition by its topic's id, and an offset there.
Offsets = Mapping[tuple[UUID, int], int]

#: Readings of the logs' ends that are kept, one a second: what waits for longer is not judged.
READINGS = 600
#: Seconds that PostgreSQL has for each answer, and milliseconds that it waits for a lock.
TIMEOUT, LOCK_TIMEOUT_MS = 2, 1_000
_DATABASE = "SELECT oid FROM pg_database WHERE datname = current_database()"
_STORED = (
    "SELECT consumer_group, topic_id, partition, next_offset FROM consumer_offsets WHERE consumer_group = ANY (%s)"
)


class Stored(NamedTuple):
    """What PostgreSQL holds."""

    database: int  #: another number when the database is another one of the same name
    offsets: Mapping[str, Offsets]  #: by group


def stored_offsets(dsn: str, groups: Sequence[str]) -> Stored:
    """What PostgreSQL holds of `groups`. Raises psycopg.Error.

    A connection anew each time: one that is kept would go with a database that is renamed.
    """
    found: dict[str, dict[tuple[UUID, int], int]] = defaultdict(dict)
    with closing(connect(dsn, process="faults", connect_timeout=TIMEOUT, call_timeout=TIMEOUT)) as connection:
        connection.execute(f"SET lock_timeout = {LOCK_TIMEOUT_MS}")
        for group, topic, partition, offset in connection.execute(_STORED, (list(groups),)).fetchall():
            found[group][topic, partition] = offset
        [(database,)] = connection.execute(_DATABASE).fetchall()
    return Stored(int(database), found)


class CommitWatch:
    """Used by one thread. Each look is one query of PostgreSQL, then the ends of all logs from Kafka."""

    def __init__(
        self,
        processors: Sequence[str],
        stored: Callable[[Sequence[str]], Stored],
        ends: EndsReader,
        is_judged: Callable[[str], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`stored`: of groups, raises psycopg.Error; `is_judged`: whether the rig knows enough of a processor now."""
        kinds = processor_types()
        self._topics = {name: frozenset(topics_of(kinds[name])) for name in processors}
        self._readings: dict[str, deque[tuple[float, Offsets]]] = {name: deque(maxlen=READINGS) for name in processors}
        self._stored = stored
        self._ends = ends
        self._is_judged = is_judged
        self._clock = clock
        self._settled_at = clock() + SETTLED
        self.looks = 0  #: that both have answered

    def look(self) -> list[Committed]:
        """What is known of each processor now; nothing where one of the two does not answer."""
        asked_at = self._clock()
        try:
            stored = self._stored([consumer_group(name) for name in self._topics])
        except psycopg.Error:
            return []
        answered_at = self._clock()
        try:
            ends = self._ends.ask(sorted(set().union(*self._topics.values())))
        except Unanswered:
            # What was on its way to Kafka meanwhile may come to its log later, with the time of its sending.
            self._settled_at = self._clock() + SETTLED
            return []
        if self._clock() - answered_at > PROMPT:
            self._settled_at = self._clock() + SETTLED
        self.looks += 1
        found = [self._of(name, stored, ends, asked_at, answered_at) for name in self._topics]
        return [committed for committed in found if committed is not None]

    def close(self) -> None:
        """Let go of the connection to Kafka."""
        self._ends.close()

    def _of(self, name: str, found: Stored, ends: LogEnds, asked_at: float, answered_at: float) -> Committed | None:
        """None: nothing of what was read before is committed, or an offset is no place in its log."""
        topics, readings = self._topics[name], self._readings[name]
        stored = found.offsets.get(consumer_group(name), {})
        log = {
            (ends.topics[partition.topic].id, partition.number): end
            for partition, end in ends.ends.items()
            if partition.topic in topics
        }
        until = next((at for at, before in reversed(readings) if _reach(stored, before)), None)
        while until is not None and readings[0][0] < until:
            readings.popleft()
        if ends.asked_at >= self._settled_at:
            readings.append((ends.asked_at, log))
        is_whole = topics <= ends.topics.keys() and _reach(log, {place: stored.get(place, 0) for place in log})
        if until is None or not is_whole or not self._is_judged(name):
            return None
        reached = sum(stored.get(place, 0) for place in log)
        return Committed(name, until, sum(log.values()), reached, asked_at, answered_at, found.database)


def _reach(offsets: Offsets, others: Offsets) -> bool:
    """Whether `offsets` are as far as `others` in every partition of those."""
    return all(offsets.get(place, 0) >= other for place, other in others.items())
