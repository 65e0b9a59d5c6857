"""SECURITY.md and the page of attacks claim nothing without a test: each row of their tables names one that exists."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
_NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def _rows() -> list[list[str]]:
    """The cells of each threat: attacker, asset, what stops them, test."""
    table = (ROOT / "SECURITY.md").read_text("utf-8").split("## Threats")[1].split("\n## ")[0]
    lines = [line for line in table.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def _attacks() -> list[str]:
    """The tests of the page of attacks."""
    table = (ROOT / "docs" / "attacks.md").read_text("utf-8").split("## Which test")[1].split("\n## ")[0]
    return [line.strip("|").rpartition(" | ")[2].strip() for line in table.splitlines() if line.startswith("| ")][1:]


def test_there_are_threats() -> None:
    assert len(_rows()) > 20
    assert all(len(cells) == 4 and all(cells) for cells in _rows())
    assert len(_attacks()) > 30


@pytest.mark.parametrize("named", [*(cells[3] for cells in _rows()), *_attacks()])
def test_the_test_that_it_names_exists(named: str) -> None:
    found = _NAMED.fullmatch(named.rstrip(" |"))
    assert found, f"{named} is no `tests/...py::test_...`"
    assert found[2] in _tests(ROOT / found[1]), named


def test_one_that_is_gone_would_be_seen() -> None:
    assert "test_one_that_is_gone_would_be_seen" in _tests(Path(__file__))
    assert "test_nothing" not in _tests(Path(__file__))


@cache
def _tests(path: Path) -> set[str]:
    """The names of the test functions in `path`, those of its classes included."""
    tree = ast.parse(path.read_text("utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}
