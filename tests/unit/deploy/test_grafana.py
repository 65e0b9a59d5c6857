"""The dashboard asks for series and labels that exist, and each panel says what it shows and what to do."""

from __future__ import annotations

import json
import re
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY

from tests.reference.series import labels_of_series

DASHBOARD: dict[str, Any] = json.loads(
    (Path(__file__).resolve().parents[3] / "deploy" / "grafana" / "hookline.json").read_text("utf-8")
)
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
EXPRESSIONS = [target["expr"] for panel in PANELS for target in panel["targets"]]
#: What Prometheus itself makes, and prometheus_client's own collector, with their labels.
OTHERS = {"up": set[str](), "process_start_time_seconds": set[str]()}
#: Grafana's ids of units (packages/grafana-data/src/valueFormats/categories.ts).
UNITS = {"none", "s", "bytes", "percentunit", "reqps", "cps"}
#: PromQL's own words in these expressions.
WORDS = {
    "by", "changes", "count", "histogram_quantile", "increase", "le", "max", "or", "rate", "sum", "vector",
}  # fmt: skip


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_expressions_ask_for_series_and_labels_that_exist(expression: str) -> None:
    known = labels_of_series() | OTHERS
    given = {"job", "instance"}
    found = re.findall(r"\b((?:hookline|process)_\w+|up)\b(?:\{([^}]*)\})?", expression)
    assert found
    for series, matchers in found:
        assert series in known, f"{series} is no series of runtime/metrics.py"
        assert set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", matchers)) <= known[series] | given
    grouped = {name for names in re.findall(r"by \(([^)]*)\)", expression) for name in re.split(r"\W+", names)}
    for series, _ in found:
        assert grouped <= known[series] | given, f"{series} has no label {grouped - known[series]}"
    # Nothing else is asked for: every word is a series, a label, or PromQL's.
    rest = re.sub(r'"[^"]*"|\{[^}]*\}|\[[^\]]*\]', "", expression)
    assert set(re.findall(r"[a-z_]{2,}", rest)) <= WORDS | known.keys() | grouped
    assert all(expression.count(opening) == expression.count(closing) for opening, closing in ("()", "{}", "[]"))


def test_the_collectors_series_are_there() -> None:
    found = {family.name for family in REGISTRY.collect()}
    assert OTHERS.keys() - {"up"} <= found


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_every_panel_has_a_title_a_description_a_unit_and_legends_of_labels_that_are_left(
    panel: dict[str, Any],
) -> None:
    assert panel["title"]
    assert len(panel["description"]) > 15
    assert panel["fieldConfig"]["defaults"]["unit"] in UNITS
    assert panel["type"] in ("timeseries", "stat")
    assert panel["datasource"] == {"type": "prometheus", "uid": "${source}"}
    for target in panel["targets"]:
        left = {name for names in re.findall(r"by \(([^)]*)\)", target["expr"]) for name in re.split(r"\W+", names)}
        aggregated = re.search(r"\b(sum|max|count)\b", target["expr"])
        named = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
        assert named <= (left if aggregated else {"job", "instance"})
        assert target["legendFormat"]
    assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])


def test_the_grid_has_no_overlap_and_every_panel_an_id_and_a_title_of_its_own() -> None:
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len({panel["title"] for panel in panels}) == len(panels)
    for first, second in combinations((panel["gridPos"] for panel in panels), 2):
        beside = first["x"] + first["w"] <= second["x"] or second["x"] + second["w"] <= first["x"]
        below = first["y"] + first["h"] <= second["y"] or second["y"] + second["h"] <= first["y"]
        assert beside or below
    assert all(place["x"] >= 0 and place["x"] + place["w"] <= 24 for place in (panel["gridPos"] for panel in panels))
    assert [item["name"] for item in DASHBOARD["templating"]["list"]] == ["source"]


def test_what_an_operator_asks_for_first_is_on_it() -> None:
    everything = " ".join(EXPRESSIONS)
    for series in (
        "webhooks_total", 'status="401"', 'status="400"', "webhook_seconds", "spool_records", "spool_disk_free_bytes",
        "lag_seconds", "lag_records", "halted", "dead_letters_total", "quarantine_webhooks", "enforcements_overdue",
        "enforcements_near_deadline", "enforcement_seconds", "crm_deliveries", "breaker_state", "gate_answers_total",
        "gate_unsure", "process_start_time_seconds", "alarms_on",
    ):  # fmt: skip
        assert series in everything
