"""The quarantine's size as Prometheus sees it: one truth for the node, whichever worker wrote it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from ingest.quarantine.store import size_of
from runtime.logs import logger
from runtime.metrics import QUARANTINE_GAUGES

log = logger("ingest.quarantine")


class QuarantineGauges(Collector):
    """Register it with the registry that is served. Where the file cannot be read, it gives no samples."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """See prometheus_client's Collector."""
        try:
            size = size_of(self._directory)
        except (OSError, sqlite3.Error) as error:
            log.warning("quarantine_not_read", error=str(error))
            return
        for (name, about), value in zip(QUARANTINE_GAUGES.items(), size, strict=True):
            yield GaugeMetricFamily(name, about, value=value)
