"""docs/glossary.md names what there is; a class name stands for one thing."""

from __future__ import annotations

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

from tests.unit.house.syntax import tree_of

ROOT = Path(__file__).parents[3]
ROOMS = ("schemas", "runtime", "ingest", "processors", "ops", "deploy")
#: Words that do not say what they hold.
VAGUE = {"one", "ones", "told", "tell", "asked", "thing", "things", "stuff", "wanted"}


@cache
def _classes() -> Counter[str]:
    """Every class of the product, and how many there are of the name."""
    files = [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]
    trees = [tree_of(path.read_text("utf-8")) for path in files]
    return Counter(node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef))


def _rows() -> list[list[str]]:
    """Word, meaning, classes, table: a list for each row of the glossary's tables."""
    lines = (ROOT / "docs" / "glossary.md").read_text("utf-8").splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    return [row for row in cells if row[0] != "word"]


def test_each_word_stands_once() -> None:
    words = Counter(row[0] for row in _rows())
    assert [word for word, count in words.items() if count > 1] == []
    assert len(words) > 40


def test_each_class_of_the_glossary_exists() -> None:
    there = _classes()
    named = [name for row in _rows() for name in re.findall(r"`(\w+)`", row[2])]
    assert [name for name in named if name not in there] == []


def test_each_table_of_the_glossary_exists() -> None:
    migrations = "".join(path.read_text("utf-8") for path in (ROOT / "schemas" / "sql").glob("*.sql"))
    named = [name.split(".") for row in _rows() for name in re.findall(r"`([a-z_]+(?:\.[a-z_]+)?)`", row[3])]
    missing = [parts for parts in named if not all(re.search(rf"\b{part}\b", migrations) for part in parts)]
    assert missing == []


def test_no_class_name_stands_for_two_things() -> None:
    assert {name: count for name, count in _classes().items() if count > 1} == {}


def test_no_class_has_a_vague_name() -> None:
    assert {name for name in _classes() if name.strip("_").lower() in VAGUE} == set()
