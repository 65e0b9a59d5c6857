"""Deleting old rows beside everybody else's work: in small transactions, with pauses; it can be killed at any time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ops.retention.audited_days import released_until
from ops.retention.histories import History
from runtime.postgres import Connection

#: Keys are looked up for so much time at once, and held in memory.
WINDOW = timedelta(minutes=10)
#: What comes late is stored with the time that it was received at: so much before the mark is looked through again.
LATE = timedelta(days=7)

_MARK = "SELECT before FROM retention_marks WHERE history = %s"
_KEEP_MARK = """
INSERT INTO retention_marks (history, before) VALUES (%s, %s)
ON CONFLICT (history) DO UPDATE SET before = greatest(retention_marks.before, EXCLUDED.before), done_at = now()
"""
#: Two runs at once would only wait for each other. Any number that nobody else locks.
_LOCK = "SELECT pg_try_advisory_lock(72107091)"


class RetentionInProgress(Exception):
    """Another `hookline retention` is at work."""


@dataclass(frozen=True, slots=True)
class Deleted:
    """What a run did to one kind of history."""

    history: str
    rows: int
    since: datetime | None  #: where it began to look; None: there is nothing, or all of it stays
    until: datetime | None  #: everything before is gone
    limit: datetime | None  #: everything before should be gone
    held_back: bool = False  #: a day's audit has not passed: it and what comes after stays


def lock(connection: Connection) -> None:
    """For as long as the connection lives. Raises RetentionInProgress."""
    [(locked,)] = connection.execute(_LOCK).fetchall()
    if not locked:
        raise RetentionInProgress("this database is being worked on by another hookline retention run")


class Deletion:
    """Deletes on a connection in autocommit, so that each step is a transaction of its own."""

    def __init__(
        self,
        connection: Connection,
        *,
        step_rows: int,
        share: float,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        dry_run: bool = False,
    ) -> None:
        self._connection = connection
        self._step_rows = step_rows
        self._rest = 1 / share - 1  #: seconds of pause for a second of work
        self._clock = clock
        self._sleep = sleep
        self._dry_run = dry_run

    def run(
        self,
        history: History,
        limit: datetime | None,
        *,
        begun: Callable[[int], None] = lambda _total: None,
        done: Callable[[int], None] = lambda _count: None,
    ) -> Deleted:
        """Delete what is older than `limit`.

        `begun` is called with how many stretches of time there are to look through, `done` after each.
        """
        mark = self._mark(history)
        since = None if limit is None else self._begin(history, mark)
        if limit is None or since is None or since >= limit:
            return Deleted(history.name, 0, None, None, limit)
        # What is before the mark was released once.
        until = released_until(self._connection, mark or since, limit) if history.needs_audit else limit
        rows, begin = 0, since
        begun(-(-(until - since) // WINDOW))
        while begin < until:
            end = min(begin + WINDOW, until)
            rows += self._window(history, begin, end)
            begin = end
            done(1)
            if not self._dry_run and begin.minute == 0:
                self._connection.execute(_KEEP_MARK, (history.name, begin))
        if not self._dry_run and until > since:
            self._connection.execute(_KEEP_MARK, (history.name, until))
        return Deleted(history.name, rows, since, until, limit, held_back=until < limit)

    def _mark(self, history: History) -> datetime | None:
        row = self._connection.execute(_MARK, (history.name,)).fetchone()
        return None if row is None else row[0]

    def _begin(self, history: History, mark: datetime | None) -> datetime | None:
        """Shortly before the mark, or where there is none, the oldest row's time; in whole windows."""
        if mark is not None:
            return _whole(mark - LATE)
        [(oldest,)] = self._connection.execute(history.oldest).fetchall()
        return None if oldest is None else _whole(oldest)

    def _window(self, history: History, since: datetime, until: datetime) -> int:
        began = self._clock()
        found = self._connection.execute(history.keys, {"since": since, "until": until}).fetchall()
        keys = [row[0] for row in found]
        self._pause(began)
        if self._dry_run:
            return len(keys)
        rows = 0
        for first in range(0, len(keys), self._step_rows):
            rows += self._step(history, keys[first : first + self._step_rows])
        return rows

    def _step(self, history: History, keys: list[Any]) -> int:
        began = self._clock()
        deleted = self._connection.execute(history.delete, {"keys": keys}).rowcount
        self._pause(began)
        return deleted

    def _pause(self, began: float) -> None:
        self._sleep((self._clock() - began) * self._rest)


def _whole(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(minute=moment.minute // 10 * 10, second=0, microsecond=0)
