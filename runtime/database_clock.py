"""PostgreSQL's clock, as the one clock that several machines compare times by."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta


class DatabaseClock:
    """What PostgreSQL's clock showed at an instant of ours, never later than it was.

    PostgreSQL is asked first and the instant lies behind its answer, so a process that is frozen anywhere between
    the two, or between the instant and its next statement, names a time that is too early, never one too late.
    Learn anew after each statement: the database's clock may have been set meanwhile.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._reading: datetime | None = None
        self._received = 0.0

    def learn(self, reading: datetime) -> None:
        """`reading` has just come as the answer of `SELECT clock_timestamp()`."""
        self._reading, self._received = reading, self._monotonic()

    def forget(self) -> None:
        """The connection has ended: the next one may lead to another server, with another clock."""
        self._reading = None

    def at(self, instant: float) -> datetime | None:
        """The database's time at `instant` (monotonic seconds); None: nothing is known about an instant so early."""
        if self._reading is None or instant < self._received:
            return None
        return self._reading + timedelta(seconds=instant - self._received)
