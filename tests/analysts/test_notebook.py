"""The notebook runs from its first cell to its last, and draws a picture for each figure, which is the page's."""

from __future__ import annotations

import ast
import base64
import json
from pathlib import Path
from typing import Any

import pytest

from tests.analysts.conftest import AddRow, Tools
from tests.e2e.analysts_page import SentHistory

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

PLOTS = ("per-day", "responses", "sims", "opt-outs", "tags")


def test_the_notebook_draws_true_figures(tools: Tools, add_row: AddRow, history: SentHistory, tmp_path: Path) -> None:
    out = tmp_path / "figures.ipynb"
    tools.block("dbt-duckdb")
    tools.block("notebook", NOTEBOOK_OUT=str(out))
    cells = {cell["id"]: cell.get("outputs", []) for cell in json.loads(out.read_text("utf-8"))["cells"]}
    drawn: dict[str, list[bytes]] = {}
    shown: dict[str, Any] = {}
    for name in PLOTS:
        drawn[name] = [
            base64.b64decode(output["data"]["image/png"])
            for output in cells[name]
            if "image/png" in output.get("data", {})
        ]
        [value] = [output for output in cells[name] if output["output_type"] == "execute_result"]
        shown[name] = ast.literal_eval("".join(value["data"]["text/plain"]))
    assert {name: len(pictures) for name, pictures in drawn.items()} == dict.fromkeys(PLOTS, 1)
    assert all(picture.startswith(b"\x89PNG") for [picture] in drawn.values())

    truth = history.truth
    columns = ("messages_out", "messages_in", "failed")
    assert shown["per-day"] == {name: sum(row[name] for row in truth["per_day"]) for name in columns}
    assert shown["responses"][0]["account"] is None
    assert shown["responses"][0]["response_rate"] == pytest.approx(truth["response_rate"])
    assert shown["responses"][0]["median_seconds"] == pytest.approx(truth["median_seconds"])
    failures = {row["sim_card_id"]: row["failure_rate"] for row in shown["sims"]}
    assert failures == {sim: of["failed"] / of["messages_out"] for sim, of in truth["sims"].items()}
    stopped = {(row["provider"], row["account"]): row["opt_outs"] for row in shown["opt-outs"]}
    assert stopped == {(row["provider"], row["account"]): row["opt_outs"] for row in truth["opt_outs"]}
    changes = {(row["previous_tag"], row["tag"]): row["changes"] for row in shown["tags"]}
    assert changes == {(row["previous_tag"], row["tag"]): row["changes"] for row in truth["tags"]}
    add_row(
        "notebook",
        tools.versions("nbclient", "matplotlib", "duckdb"),
        sum(truth["events"].values()),
        f"{len(PLOTS)} plots of true figures",
    )
