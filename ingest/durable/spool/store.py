"""The spool: records that Kafka could not take, on disk before anybody answers 200, in the order they came.

One spool a node, shared by its workers. Only who holds the *turn*, a lock between all threads of all workers, reads
or writes it; SQLite's own waiting would starve workers for seconds (measured). `append` sets the shared flag
`spooling` before anything it took can be answered; `Turn.hand_back` clears it, with the spool empty and nobody
adding, for both need the turn. So whoever receives an event after another was answered goes behind it.

Nothing is answered on the strength of a write that failed: an error leaves the transaction undone, closes the
connection, and reaches every request of its group.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from ingest.durable.spool import database
from ingest.durable.spool.database import Connect, SpoolRescued, SpoolUnavailable
from ingest.durable.spool.locks import FileLock
from ingest.durable.spool.rescue import database_file, rescue
from ingest.durable.spool.row import DamagedRow
from ingest.durable.spool.state import SharedState
from ingest.durable.spool.turn import Turn
from runtime import metrics
from runtime.kafka.producer import OutgoingRecord
from runtime.logs import logger

log = logger("ingest.durable.spool")

Outcome = TypeVar("Outcome")


class Spool:
    """This process's hold on the spool of its node. `directory.open_service` has made it ready."""

    def __init__(
        self,
        directory: Path,
        *,
        limit: int,
        now: Callable[[], int] = time.time_ns,
        connect: Connect = database.connect,
    ) -> None:
        """`limit`: the most bytes on disk. Raises OSError where the directory's files can't be opened."""
        self.directory = directory
        self.state = SharedState(directory / "state")
        self._limit = limit
        self._now = now
        self._connect = connect
        self._turn = FileLock(directory / "turn.lock")
        self._connection: sqlite3.Connection | None = None
        self._generation = 0

    @property
    def spooling(self) -> bool:
        """Whether new events queue here, whichever worker takes them."""
        return self.state.spooling == 1

    def divert(self) -> None:
        """Have every worker's new events queue here: Kafka does not confirm."""
        self.state.spooling = 1

    def append(self, records: Sequence[OutgoingRecord], *, only_while_spooling: bool = False) -> bool:
        """Put `records` at the end of the queue, synced to disk when this returns True.

        False: `only_while_spooling` was asked for, and what was spooled has been handed back to Kafka meanwhile;
        nothing was kept. Raises SpoolUnavailable.
        """
        return self.in_turn(lambda turn: turn.append(records, only_while_spooling=only_while_spooling))

    def in_turn(self, work: Callable[[Turn], Outcome]) -> Outcome:
        """What `work` returns, done in a turn of its own; once more if the file turned out to be damaged.

        Raises SpoolUnavailable.
        """
        try:
            with self.turn() as turn:
                return work(turn)
        except SpoolRescued:
            with self.turn() as turn:
                return work(turn)

    @contextmanager
    def turn(self) -> Iterator[Turn]:
        """Wait for the turn, and hold it while the block runs. Raises SpoolUnavailable, SpoolRescued."""
        with self._turn.held():
            try:
                yield Turn(self._current(), self.state, self._now)
            except DamagedRow as damage:
                self._rescue(str(damage))
            except sqlite3.Error as error:
                self._drop_connection()  # what it believes about the file may be wrong now
                if database.is_damage(error):
                    self._rescue(str(error))
                raise self._failed(database.unavailable(error)) from error

    def works(self) -> bool:
        """Whether the spool can take an event; after a failure it is tried out."""
        if self.state.failing == 0:
            return True
        try:
            self.in_turn(lambda turn: turn.try_out())
        except SpoolUnavailable:
            return False
        return True

    def recount(self) -> None:
        """Have the shared state say what the database holds."""
        self.in_turn(lambda turn: turn.recount())

    def close(self) -> None:
        """Let go of everything; what is spooled stays."""
        with self._turn.held():
            self._drop_connection()
        self._turn.close()
        self.state.close()

    def _current(self) -> sqlite3.Connection:
        """A connection to the file in use: another worker may have had to start a new one."""
        if self._connection is None or self._generation != self.state.generation:
            self._drop_connection()
            self._generation = self.state.generation
            try:
                self._connection = self._connect(database_file(self.directory, self._generation))
            except OSError as error:
                raise self._failed(SpoolUnavailable("spool_not_opened")) from error
            database.prepare(self._connection, self._limit)
        return self._connection

    def _drop_connection(self) -> None:
        connection, self._connection = self._connection, None
        if connection:
            connection.close()

    def _failed(self, failure: SpoolUnavailable) -> SpoolUnavailable:
        self.state.failing = 1
        metrics.SPOOL_FAILURES.labels(str(failure)).inc()
        return failure

    def _rescue(self, damage: str) -> None:
        """Save what can be saved into a new file, and set the damaged one aside. Raises SpoolRescued."""
        self._drop_connection()
        try:
            saved = rescue(self.directory, self.state.generation, self._connect)
            self.state.generation += 1
            Turn(self._current(), self.state, self._now).recount()
        except (sqlite3.Error, OSError) as error:
            self._drop_connection()
            log.error("spool_damaged_and_not_rescued", damage=damage, error=str(error))
            raise self._failed(SpoolUnavailable("spool_damaged")) from error
        self.state.damaged += 1
        log.error("spool_damaged", damage=damage, rows_saved=saved.rows, set_aside=saved.set_aside)
        metrics.SPOOL_DAMAGED.inc()
        raise SpoolRescued(damage)
