"""How far this member has come with its partitions: what is committed in PostgreSQL, against where the logs end.

Counts from what is committed, not from what was read, and needs no answer of PostgreSQL's: while that is away the
ends move on, and so does the lag.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from processors.engine.batch import Batch, PartitionId, Span
from runtime.kafka.consumer import Partition, Record
from runtime.kafka.ends import LogEnds

#: Readings of the logs' ends that are kept: half a minute of them, at two a second. What took longer to be
#: committed is not recent any more.
READINGS = 64
#: Seconds that a record may be old by its own time: longer than any topic keeps events by default.
BELIEVED = 90 * 86_400.0


class Held(NamedTuple):
    """One partition of ours."""

    place: PartitionId
    stored: int | None  #: the offset that PostgreSQL had when we last committed or asked; None: no row
    done: int  #: every record below it is committed: `stored`, or where the log began
    lost: bool = False  #: `stored` is no place in the log: nothing is read until an operator decides


class Lag(NamedTuple):
    """How far the effects are behind one partition's log."""

    records: int
    seconds: float  #: age of the oldest record that is not committed; 0: all are


class CaughtUp(NamedTuple):
    """Everything that was in one partition's log at an instant is committed."""

    held: Held
    instant: float  #: monotonic seconds


@dataclass(slots=True)
class _Track:
    place: PartitionId
    stored: int | None
    done: int
    lost: bool
    #: What is read and not committed: the offset behind it, and the age of its oldest record as an epoch in seconds.
    waiting: deque[tuple[int, float]] = field(default_factory=deque)
    #: Ends beyond `done`, each with when it was first confirmed, in monotonic seconds: both ascend. The first says how
    #: long the record at `done` has been known, however many have been committed and written since.
    unreached: deque[tuple[int, float]] = field(default_factory=deque)
    #: An instant at which the record at `done` was not there yet, as late as is known: it cannot be older than that,
    #: whatever time its writer gave it. Monotonic seconds.
    absent_at: float | None = None
    #: The time of the record at `done`, where it was read once and has to be read again: epoch seconds.
    oldest_known: float | None = None

    def confirm(self, end: int, asked_at: float) -> None:
        """Kafka was asked at `asked_at`, and the log ended at `end`: below an earlier end where it was truncated."""
        if end <= self.done:
            self.absent_at = asked_at
        while self.unreached and self.unreached[-1][0] >= end:
            _, asked_at = self.unreached.pop()
        if end > self.done:
            self.unreached.append((end, asked_at))
        if len(self.unreached) > READINGS:  # the two nearest become one: the higher end, the earlier instant
            ends, instants = zip(*self.unreached, strict=True)
            first = min(range(READINGS), key=lambda at: instants[at + 1] - instants[at])
            self.unreached[first] = (ends[first + 1], instants[first])
            del self.unreached[first + 1]

    def reach(self, done: int) -> None:
        """Every record below `done` is committed."""
        self.done = max(self.done, done)
        while self.waiting and self.waiting[0][0] <= done:
            self.waiting.popleft()
        while self.unreached and self.unreached[0][0] <= self.done:
            _, self.absent_at = self.unreached.popleft()

    def go_on_from(self, before: _Track) -> None:
        """Keep what is known of the same partition from when it was last ours: its log is the same."""
        if before.done > self.done:
            return  # the stored offset went back
        self.unreached, self.absent_at = before.unreached, before.absent_at
        if before.done == self.done:
            self.oldest_known = before.waiting[0][1] if before.waiting else before.oldest_known
        self.reach(self.done)


class Positions:
    """Written by the processor's threads as records are read and committed, read by whoever reports about them."""

    def __init__(
        self, *, monotonic: Callable[[], float] = time.monotonic, now: Callable[[], float] = time.time
    ) -> None:
        self._monotonic = monotonic
        self._now = now
        self._lock = threading.Lock()
        self._tracks: dict[Partition, _Track] = {}
        self._before: dict[PartitionId, _Track] = {}  #: of partitions that were ours at any time
        self._readings: deque[LogEnds] = deque(maxlen=READINGS)
        self._suspect = False

    def take(self, places: Mapping[Partition, Held]) -> None:
        """These are ours, and all that are; each is read from `done` on."""
        with self._lock:
            self._before |= {track.place: track for track in self._tracks.values()}
            self._tracks = {}
            for partition, held in places.items():
                track = self._tracks[partition] = _Track(held.place, held.stored, held.done, held.lost)
                if (before := self._before.get(track.place)) is not None:
                    track.go_on_from(before)
            self._suspect = False

    def drop(self) -> None:
        """None is ours any more."""
        self.take({})

    def read(self, batch: Batch) -> None:
        """`batch` has been read."""
        oldest = _oldest(batch.records, self._now())
        with self._lock:
            for partition, span in batch.spans.items():
                track = self._tracks.get(partition)
                if track is not None and track.place == span.place:
                    track.waiting.append((span.next, oldest[partition]))

    def commit(self, spans: Mapping[Partition, Span]) -> None:
        """The effects up to these offsets are committed, and so are the offsets."""
        with self._lock:
            for partition, span in spans.items():
                track = self._tracks.get(partition)
                if track is None or track.place != span.place:
                    continue
                track.stored, track.oldest_known = span.next, None
                track.reach(span.next)

    def forget_read(self) -> None:
        """What was read and not committed will be read again."""
        with self._lock:
            for track in self._tracks.values():
                if track.waiting:
                    track.oldest_known = track.waiting[0][1]
                track.waiting.clear()

    def note(self, reading: LogEnds, before: Mapping[Partition, Held]) -> None:
        """Kafka has confirmed `reading`; `before` is what was held when it was asked.

        A log that ends below what was committed already is another one, or was truncated: that end says nothing
        about what is committed, and is left out.
        """
        shrunk = [partition for partition, held in before.items() if held.done > reading.ends.get(partition, held.done)]
        reading = replace(
            reading, ends={partition: end for partition, end in reading.ends.items() if partition not in shrunk}
        )
        with self._lock:
            self._readings.append(reading)
            self._suspect = self._suspect or bool(shrunk)
            for partition, track in self._tracks.items():
                if partition in shrunk:
                    track.unreached.clear()
                elif partition in reading.ends and _is_same(reading, partition, track.place):
                    track.confirm(reading.ends[partition], reading.asked_at)

    def held(self) -> dict[Partition, Held]:
        """All partitions that are ours, as they stand."""
        with self._lock:
            return {partition: _held(track) for partition, track in self._tracks.items()}

    def lags(self) -> dict[Partition, Lag]:
        """How far each of our partitions is behind the end that Kafka last confirmed, or behind what was read of it.

        Those of which neither is known are missing.
        """
        with self._lock:
            newest = self._readings[-1] if self._readings else None
            found = {}
            for partition, track in self._tracks.items():
                ends = [track.waiting[-1][0]] if track.waiting else []
                if newest is not None and partition in newest.ends and _is_same(newest, partition, track.place):
                    ends.append(newest.ends[partition])
                if ends:
                    found[partition] = self._lag(track, max(ends))
            return found

    def caught_up(self) -> list[CaughtUp]:
        """For each of our partitions, the last instant whose records are all committed by now.

        Those of which that is not known of any recent instant are missing.
        """
        with self._lock:
            found = []
            for partition, track in self._tracks.items():
                for reading in () if track.lost else reversed(self._readings):
                    end = reading.ends.get(partition)
                    if end is not None and track.done >= end and _is_same(reading, partition, track.place):
                        found.append(CaughtUp(_held(track), reading.asked_at))
                        break
            return found

    def newest_reading(self) -> LogEnds | None:
        """The ends that Kafka confirmed last."""
        with self._lock:
            return self._readings[-1] if self._readings else None

    def suspect(self) -> None:
        """Somebody has seen other offsets in PostgreSQL than ours: have them compared at once."""
        self._suspect = True

    def is_suspect(self) -> bool:
        """Whether they are to be compared at once; asked once."""
        suspect, self._suspect = self._suspect, False
        return suspect

    def _lag(self, track: _Track, end: int) -> Lag:
        records = max(0, end - track.done)
        if records == 0:
            return Lag(0, 0.0)
        oldest = track.waiting[0][1] if track.waiting else track.oldest_known
        age = 0.0 if oldest is None else self._now() - oldest
        now = self._monotonic()
        known_for = now - track.unreached[0][1] if track.unreached else 0.0
        at_most = age if track.absent_at is None else now - track.absent_at
        return Lag(records, max(0.0, known_for, min(age, at_most)))


def _held(track: _Track) -> Held:
    return Held(track.place, track.stored, track.done, track.lost)


def _is_same(reading: LogEnds, partition: Partition, place: PartitionId) -> bool:
    """Whether `reading` is about the very topic that `place` is a partition of."""
    shape = reading.topics.get(partition.topic)
    return shape is not None and shape.id == place.topic_id


def _oldest(records: Iterable[Record], now: float) -> dict[Partition, float]:
    """The oldest time of each partition's records, as their writers gave it, in epoch seconds.

    A time that no record can have counts as `now`: whoever may write to a topic may write any.
    """
    found: dict[Partition, float] = {}
    earliest = now - BELIEVED
    for record in records:
        partition = Partition(record.topic, record.partition)
        at = record.timestamp_ms / 1000
        if at < earliest:
            at = now
        found[partition] = min(found.get(partition, at), at)
    return found
