"""docs/metrics.md, from runtime/metrics.py."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import Counter, Gauge, Histogram

from runtime import metrics
from tests.reference.markdown import code, table

TYPES = {Counter: "counter", Gauge: "gauge", Histogram: "histogram"}


def page() -> str:
    """The whole page."""
    parts = [
        "# Metrics\n",
        "Every process serves these as Prometheus text at `/metrics` of its admin port; ingest sums them over its "
        "workers. No label is about a person.\n",
        table(("metric", "type", "labels", "meaning"), sorted(rows())),
    ]
    return "\n".join(parts)


def rows() -> Iterator[tuple[str, str, str, str]]:
    """Every metric: name, type, labels, meaning."""
    for metric in vars(metrics).values():
        kind = TYPES.get(type(metric))
        if kind is not None:
            [family] = metric.describe()
            name = f"{family.name}_total" if kind == "counter" else family.name
            yield code(name), kind, ", ".join(map(code, metric._labelnames)), family.documentation
    for name, meaning in (metrics.SPOOL_GAUGES | metrics.QUARANTINE_GAUGES).items():
        yield code(name), "gauge", "", meaning
