"""Whether the loops of a process are alive, for /healthz: one that is frozen is found, so that it can be restarted."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from runtime.process import StopSignal


@dataclass(slots=True)
class _Loop:
    name: str
    limit: float
    sign: float | None  #: when it last gave a sign of life; None: it waits for work, or for time to pass


class LoopWatch:
    """Knows when each loop last gave a sign of life. Used by any number of threads.

    A thread that was never registered may call `beat` and `rest` as well: nothing is noted for it.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._loops: dict[int, _Loop] = {}

    def register(self, name: str, limit: float) -> None:
        """The calling thread runs the loop `name`, and gives a sign at least every `limit` seconds while it works."""
        with self._lock:
            self._loops[threading.get_ident()] = _Loop(name, limit, self._clock())

    def leave(self) -> None:
        """The calling thread's loop has ended."""
        with self._lock:
            self._loops.pop(threading.get_ident(), None)

    def beat(self) -> None:
        """The calling thread is alive and at work."""
        self._sign(self._clock())

    def rest(self) -> None:
        """The calling thread has nothing to do until its next `beat`."""
        self._sign(None)

    def frozen(self) -> str | None:
        """Which loop has given no sign for longer than it may; None: every one is alive."""
        now = self._clock()
        with self._lock:
            for loop in self._loops.values():
                if loop.sign is not None and now - loop.sign > loop.limit:
                    return f"{loop.name} has given no sign of life for {now - loop.sign:.0f} s"
        return None

    def _sign(self, sign: float | None) -> None:
        loop = self._loops.get(threading.get_ident())
        if loop is not None:
            loop.sign = sign


class WatchedStop(StopSignal):
    """A stop signal for loops that are watched: who waits for it has nothing to do, and is not frozen."""

    def __init__(self, watch: LoopWatch) -> None:
        super().__init__()
        self._watch = watch

    def wait(self, seconds: float) -> bool:
        """As StopSignal.wait; whoever waits is taken to rest."""
        self._watch.rest()
        stopped = super().wait(seconds)
        self._watch.beat()
        return stopped
