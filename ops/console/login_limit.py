"""How often somebody may try to log in."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

#: Failures within WINDOW seconds after which a name from one address, and a whole address, has to wait.
FAILURES_OF_NAME, FAILURES_OF_ADDRESS, WINDOW = 5, 30, 300.0
#: Names and addresses that are remembered at once.
MOST = 10_000


class LoginLimit:
    """Counts failed logins in this process's memory. Used by any number of threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures: dict[tuple[str, str], deque[float]] = {}

    def wait(self, address: str, name: str) -> float:
        """Seconds until `name` may be tried again from `address`; 0: now."""
        now = self._clock()
        with self._lock:
            return max(
                self._wait((address, name), FAILURES_OF_NAME, now), self._wait((address, ""), FAILURES_OF_ADDRESS, now)
            )

    def failed(self, address: str, name: str) -> None:
        """A login failed."""
        now = self._clock()
        with self._lock:
            if len(self._failures) > MOST:
                self._failures = {key: times for key, times in self._failures.items() if times[-1] > now - WINDOW}
            for key in {(address, name), (address, "")}:
                self._failures.setdefault(key, deque(maxlen=FAILURES_OF_ADDRESS)).append(now)

    def succeeded(self, address: str, name: str) -> None:
        """The failures of `name` from `address` count no more."""
        with self._lock:
            self._failures.pop((address, name), None)

    def _wait(self, key: tuple[str, str], most: int, now: float) -> float:
        recent = [failure for failure in self._failures.get(key, ()) if failure > now - WINDOW]
        return 0.0 if len(recent) < most else recent[-most] + WINDOW - now
