"""The positions that PostgreSQL keeps, asked for by the worker, for as long as that takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from processors.engine.batch import PartitionId
from processors.engine.database import Database
from processors.engine.positions import Held
from processors.engine.progress import GroupHalt, Progress, StoredProgress
from processors.engine.retry import TimeLimit
from runtime.kafka.consumer import Identity, Partition

#: Whether what is being tried is still ours to do.
StillWanted = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Located:
    """Where the partitions stand, as PostgreSQL has it."""

    identity: Identity
    stored: StoredProgress


@dataclass(frozen=True, slots=True)
class Compared:
    """What PostgreSQL says to the offsets that a member holds."""

    halt: GroupHalt | None  #: of the whole group
    held: Mapping[Partition, Held]
    moved: Mapping[Partition, int | None]  #: those whose stored offset is another one; None: no row

    def moved_back(self) -> int:
        """Of how many partitions the stored offset is lower than ours, or gone: a database restored from a copy."""
        ours = {partition: self.held[partition].stored or 0 for partition in self.moved}
        return sum(stored is None or stored < ours[partition] for partition, stored in self.moved.items())


class StoredPositions:
    """One consumer group's. Used by the worker's thread; each method raises Unwanted."""

    def __init__(self, database: Database, progress: Progress, time_limit: TimeLimit) -> None:
        self._database = database
        self._progress = progress
        self._time_limit = time_limit

    def read(self, identity: Identity, partitions: frozenset[Partition], still_wanted: StillWanted) -> Located:
        """Where each of `partitions` stands. That PostgreSQL was restored from a copy is noted with it."""

        def read() -> Located:
            self._progress.look_for_restore(self._database.transaction)
            with self._database.transaction() as connection:
                return Located(identity, self._progress.stored(connection, identity, partitions))

        return self._time_limit.until_done(read, still_wanted)

    def compare(self, held: Mapping[Partition, Held], still_wanted: StillWanted) -> Compared:
        """Whether PostgreSQL still has the offsets that we hold."""

        def read() -> Compared:
            with self._database.transaction() as connection:
                return Compared(self._progress.stopped_by(connection), held, self._progress.moved(connection, held))

        return self._time_limit.until_done(read, still_wanted)

    def lose(self, lost: Mapping[PartitionId, int], still_wanted: StillWanted) -> None:
        """Write down that the stored offsets of these are no place in their logs, and where those begin."""

        def write() -> None:
            with self._database.transaction() as connection:
                for place, log_begin in sorted(lost.items()):
                    self._progress.lose(connection, place, log_begin)

        self._time_limit.until_done(write, still_wanted)
