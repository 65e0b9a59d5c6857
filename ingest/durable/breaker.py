"""The breaker: while Kafka fails, it is asked rarely and with little; when it answers, it gets everything again.

It never stands in a request's way by itself: requests look at the spool's shared flag, and a breaker belongs to the
one replayer that probes for all (`replayer.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum


class BreakerState(IntEnum):
    """The numbers of the metric `hookline_breaker_state`."""

    CLOSED = 0  #: it answers
    OPEN = 1  #: it failed, and is left alone for a while
    HALF_OPEN = 2  #: it is time to try it with one record


class KafkaBreaker:
    """Counts failures in a row, and says when to try again: after twice as long each time."""

    def __init__(self, clock: Callable[[], float], *, first: float = 0.2, longest: float = 1.0) -> None:
        """`clock` gives seconds, never backwards; `first` and `longest`: seconds to leave it alone."""
        self._clock = clock
        self._first = first
        self._longest = longest
        self._pause = 0.0  # 0: closed
        self._until = 0.0

    @property
    def state(self) -> BreakerState:
        """What to do now."""
        if self._pause == 0:
            return BreakerState.CLOSED
        return BreakerState.OPEN if self._clock() < self._until else BreakerState.HALF_OPEN

    def failed(self) -> None:
        """Nothing got through."""
        self._pause = min(self._pause * 2 or self._first, self._longest)
        self._until = self._clock() + self._pause

    def succeeded(self) -> None:
        """Something got through."""
        self._pause = 0.0
