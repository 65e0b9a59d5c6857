"""Metrics are declared in one list, and their labels are never personal."""

from __future__ import annotations

import ast
from pathlib import Path

from prometheus_client.metrics import MetricWrapperBase

from runtime import metrics

ROOT = Path(__file__).parents[3]
ROOMS = ("schemas", "runtime", "ingest", "processors", "ops", "deploy")

#: What a label may tell. A new one is added here on purpose, never a phone, a text or an id.
LABELS = {
    "provider", "status", "event_type", "durability", "reason", "flag", "processor", "topic", "partition",
    "disposition", "outcome", "action", "actor", "tier", "state", "kind", "target", "account", "api",
    "for_whom", "direction", "severity",
}  # fmt: skip


def declared() -> dict[str, MetricWrapperBase]:
    return {name: value for name, value in vars(metrics).items() if isinstance(value, MetricWrapperBase)}


def test_every_metric_is_ours_and_explained() -> None:
    for metric in declared().values():
        assert metric._name.startswith("hookline_")
        assert metric._documentation


def test_labels_are_of_the_list() -> None:
    assert {label for metric in declared().values() for label in metric._labelnames} <= LABELS


def test_metrics_are_declared_nowhere_else() -> None:
    elsewhere = [
        str(file.relative_to(ROOT))
        for room in ROOMS
        for file in (ROOT / room).rglob("*.py")
        if file != ROOT / "runtime" / "metrics.py"
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom)
        and node.module == "prometheus_client"
        and {alias.name for alias in node.names} & {"Counter", "Gauge", "Histogram", "Summary", "Info", "Enum"}
    ]
    assert not elsewhere


def test_every_metric_is_used() -> None:
    sources = "\n".join(
        file.read_text("utf-8")
        for room in ROOMS
        for file in (ROOT / room).rglob("*.py")
        if file != ROOT / "runtime" / "metrics.py"
    )
    assert not [name for name in declared() if f"metrics.{name}" not in sources]
