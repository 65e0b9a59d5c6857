"""Requests per window: how many one caller may make, and what the answer's headers say about it.

As documented by TextUs (apidocs.next.textus.com/overview/rate_limiting, seen 2026-11): 1,000 requests per 5
minutes per API token, or per address without one. Windows are fixed and begin at whole multiples of their
length since the epoch (inferred: the documented X-RateLimit-Reset, 1774476900, is a multiple of 300).
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Limit:
    """How many requests fit into a window."""

    requests: int = 1000  #: 0 means no limit and no headers
    window_s: float = 300.0  #: seconds by the sandbox's clock
    clock_scale: float = 1.0  #: seconds of the sandbox's clock in one real second; 60 makes 5 minutes last 5 s

    @property
    def real_window_s(self) -> float:
        """Length of a window in the caller's seconds."""
        return self.window_s / self.clock_scale


#: TextUs's documented limit.
DOCUMENTED = Limit()
NO_LIMIT = Limit(requests=0)


@dataclass(frozen=True)
class Allowance:
    """What one request was told about its caller's window; all times in the caller's (real) seconds."""

    allowed: bool
    limit: int
    remaining: int
    reset_at: int  #: epoch seconds, rounded up: waiting until then is always enough
    retry_after: int  #: seconds until reset, rounded up, at least 1

    def headers(self) -> dict[str, str]:
        """The documented headers; Retry-After only on a refusal."""
        headers = {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(self.reset_at),
        }
        return headers if self.allowed else headers | {"Retry-After": str(self.retry_after)}


class SandboxRateLimiter:
    """Counts the requests of each caller in the current window. Refused requests do not count."""

    def __init__(self, limit: Limit, *, clock: Callable[[], float], lock: threading.RLock) -> None:
        self._initial = limit
        self._limit = limit
        self._clock = clock
        self._lock = lock
        self._window = -1
        self._counts: dict[str, int] = {}

    @property
    def limit(self) -> Limit:
        """The limit in force."""
        return self._limit

    def change(self, limit: Limit) -> None:
        """Put `limit` in force, with nothing counted."""
        with self._lock:
            self._limit = limit
            self._window = -1
            self._counts.clear()

    def reset(self) -> None:
        """Back to the limit of the settings, with nothing counted."""
        self.change(self._initial)

    def used(self) -> dict[str, int]:
        """Requests of each caller counted in the current window."""
        with self._lock:
            self._turn(self._clock())
            return dict(self._counts)

    def take(self, caller: str) -> Allowance | None:
        """Count one request of `caller`, if it is allowed. None: there is no limit."""
        with self._lock:
            limit = self._limit
            if not limit.requests:
                return None
            now = self._clock()
            ends = self._turn(now)
            count = self._counts.get(caller, 0)
            allowed = count < limit.requests
            if allowed:
                count += 1
                self._counts[caller] = count
            return Allowance(
                allowed=allowed,
                limit=limit.requests,
                remaining=limit.requests - count,
                reset_at=math.ceil(ends),
                retry_after=max(1, math.ceil(ends - now)),
            )

    def _turn(self, now: float) -> float:
        """Begin a new window when the old one is over; returns when the current one ends."""
        length = self._limit.real_window_s
        window = math.floor(now / length)
        if window != self._window:
            self._window = window
            self._counts.clear()
        return (window + 1) * length
