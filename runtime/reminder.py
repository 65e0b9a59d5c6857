"""Saying that something goes on: once when it begins, and again each minute, not at each try."""

from __future__ import annotations

import time
from collections.abc import Callable

#: Seconds between two log lines about the same trouble.
EVERY = 60.0


class Reminder:
    """Whether it is time to log the same trouble again. Used by one thread."""

    def __init__(self, every: float = EVERY, clock: Callable[[], float] = time.monotonic) -> None:
        self._every = every
        self._clock = clock
        self._logged_at: float | None = None

    def due(self) -> bool:
        """True the first time, and then once every `every` seconds until `reset`."""
        now = self._clock()
        if self._logged_at is not None and now - self._logged_at < self._every:
            return False
        self._logged_at = now
        return True

    def reset(self) -> bool:
        """The trouble is over; whether it had been logged."""
        logged, self._logged_at = self._logged_at is not None, None
        return logged
