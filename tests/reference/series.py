"""What Hookline's processes have in Prometheus: its series and their labels."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

from runtime import metrics


def labels_of_series() -> dict[str, set[str]]:
    """Every series that Hookline has in Prometheus, with its labels."""
    found: dict[str, set[str]] = {name: set() for name in (*metrics.SPOOL_GAUGES, *metrics.QUARANTINE_GAUGES)}
    for item in vars(metrics).values():
        if isinstance(item, Counter | Gauge | Histogram):
            (family,) = item.describe()
            for ending in {"counter": ["_total"], "histogram": ["_bucket", "_count", "_sum"]}.get(family.type, [""]):
                found[family.name + ending] = set(item._labelnames) | ({"le"} if ending == "_bucket" else set())
    return found
