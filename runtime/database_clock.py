"""PostgreSQL's clock, as the one clock that several machines compare times by."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta


class DatabaseClock:
    """What PostgreSQL's clock showed at an instant of ours, never later than it was.

    An answer comes after the clock was read, so counting from its arrival names a time that is too early by as long
    as the answer, or a process that was frozen meanwhile, took: never one too late. Learn anew with each statement:
    the database's clock may be set at any time.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._reading: datetime | None = None
        self._received = 0.0

    def learn(self, reading: datetime) -> None:
        """`reading` has just come: what `clock_timestamp()` was when PostgreSQL answered."""
        self._reading, self._received = reading, self._monotonic()

    def forget(self) -> None:
        """The connection has ended: the next one may lead to another server, with another clock."""
        self._reading = None

    def at(self, instant: float) -> datetime | None:
        """The database's time at `instant` (monotonic seconds); None: its clock has not been read."""
        return None if self._reading is None else self._reading + timedelta(seconds=instant - self._received)
