"""How fast a process works off its partitions, and how fast records arrive on them: over the last minute."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from processors.engine.batch import PartitionId
from processors.engine.positions import Positions

#: Seconds that are looked back, and below which nothing is said.
WINDOW, LEAST = 60.0, 5.0

#: By partition: below which offset everything is committed, and where the log ends.
_Sample = dict[PartitionId, tuple[int, int]]


class Pace:
    """Used by one thread, which calls it every few seconds."""

    def __init__(self, positions: Positions, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._positions = positions
        self._monotonic = monotonic
        self._samples: deque[tuple[float, _Sample]] = deque()

    def __call__(self) -> dict[str, object]:
        """As facts of the heartbeat; nothing until it has looked for some seconds.

        A partition that was not ours all the time is left out.
        """
        held, now = self._positions.held(), self._monotonic()
        lags = self._positions.lags()
        sample = {
            held[partition].place: (held[partition].done, held[partition].done + lag.records)
            for partition, lag in lags.items()
            if partition in held
        }
        self._samples.append((now, sample))
        while self._samples[0][0] < now - WINDOW:
            self._samples.popleft()
        at, before = self._samples[0]
        both = sample.keys() & before.keys()
        if now - at < LEAST or not both:
            return {}
        handled = sum(sample[place][0] - before[place][0] for place in both)
        arrived = sum(sample[place][1] - before[place][1] for place in both)
        return {
            "records_per_second": round(max(0, handled) / (now - at), 1),
            "arrivals_per_second": round(max(0, arrived) / (now - at), 1),
        }
