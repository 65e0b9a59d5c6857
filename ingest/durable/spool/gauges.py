"""The spool's state as Prometheus sees it: one truth for the node, whichever worker wrote it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from ingest.durable.spool.state import SharedState
from runtime.metrics import SPOOL_GAUGES


def oldest_age(state: SharedState, now: float) -> float:
    """Seconds that the oldest waiting record has waited at `now` (epoch seconds); 0 where none waits."""
    return max(0.0, now - state.oldest / 1e6) if state.records and state.oldest else 0.0


def free_bytes(directory: Path) -> int:
    """The bytes that this process may still write on the disk of `directory`."""
    disk = os.statvfs(directory)
    return disk.f_bavail * disk.f_frsize


class SpoolGauges(Collector):
    """Register it with the registry that is served."""

    def __init__(self, state: SharedState, directory: Path, limit: int, now: Callable[[], float] = time.time) -> None:
        """`limit`: the most bytes that the spool in `directory` may take."""
        self._state = state
        self._directory = directory
        self._limit = limit
        self._now = now

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """See prometheus_client's Collector."""
        state = self._state
        values = {
            "hookline_spooling": state.spooling,
            "hookline_spool_records": state.records,
            "hookline_spool_bytes": state.bytes,
            "hookline_spool_oldest_age_seconds": oldest_age(state, self._now()),
            "hookline_spool_refused_records": state.refused,
            "hookline_spool_failing": state.failing,
            "hookline_spool_damaged_files": state.damaged,
            "hookline_spool_unseen": int(state.spooling and not state.reported),
            "hookline_breaker_state": state.breaker,
            "hookline_spool_limit_bytes": self._limit,
            "hookline_spool_disk_free_bytes": free_bytes(self._directory),
        }
        for name, about in SPOOL_GAUGES.items():
            yield GaugeMetricFamily(name, about, value=values[name])
