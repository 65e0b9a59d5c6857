"""The alert rules ask for metrics and labels that Hookline has, and alert when they should."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.reference.series import labels_of_series

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "deploy" / "prometheus"
CONFIG: dict[str, Any] = yaml.safe_load((FOLDER / "prometheus.yml").read_text("utf-8"))
RULES = [
    rule for group in yaml.safe_load((FOLDER / "alerts.yml").read_text("utf-8"))["groups"] for rule in group["rules"]
]
SERVICES = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text("utf-8"))["services"]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_rules_ask_for_metrics_that_exist(rule: dict[str, Any]) -> None:
    known = labels_of_series()
    for series, matchers in re.findall(r"\b(hookline_\w+)(?:\{([^}]*)\})?", rule["expr"]):
        assert series in known, f"{series} is no series of runtime/metrics.py"
        assert set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", matchers)) <= known[series] | {"job", "instance"}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_rules_say_how_urgent_and_what_is_wrong(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in ("page", "ticket")
    series = re.findall(r"\b(?:hookline_\w+|up)\b", rule["expr"])
    there = set().union(*(labels_of_series().get(name, set()) for name in series)) | {"job", "instance"}
    if grouped := re.findall(r"by \(([^)]*)\)", rule["expr"]):  # what a sum drops, its text cannot name
        there = {name for names in grouped for name in re.split(r"\W+", names)}
    assert set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"])) <= there


def test_every_process_is_scraped_on_its_admin_port() -> None:
    targets = {
        target
        for job in CONFIG["scrape_configs"]
        for static in job.get("static_configs", [])
        for target in static["targets"]
    }
    targets |= {
        f"{name}:{by_name['port']}"
        for job in CONFIG["scrape_configs"]
        for by_name in job.get("dns_sd_configs", [])
        for name in by_name["names"]
    }
    admin = {
        f"{name}:{value}"
        for name, service in SERVICES.items()
        for variable, value in service.get("environment", {}).items()
        if variable.endswith("__ADMIN_PORT")
    }
    assert targets == admin


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool, which runs the alerts' own tests, is not here")
def test_alerts_fire_when_they_should() -> None:
    done = subprocess.run(
        ["promtool", "test", "rules", "alerts_test.yml"], cwd=FOLDER, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
