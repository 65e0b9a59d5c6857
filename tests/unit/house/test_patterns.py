"""No pattern repeats a group possessively: before Python 3.11.5 such a pattern does not find everything.

`(?>(?:ab|c)+)` means the same as `(?:ab|c)++` and is right everywhere (python/cpython issue 106052).
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
ROOMS = ("schemas", "runtime", "ingest", "processors", "ops")

GROUP_REPEATED_POSSESSIVELY = re.compile(r"(?<!\\)\)(?:[*+?]|\{\d*,?\d*\})\+")


def strings_of(tree: ast.AST) -> list[str]:
    """All but those that stand alone, which are documentation."""
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in alone
    ]


def test_no_pattern_repeats_a_group_possessively() -> None:
    files = [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]
    found = {
        f"{path.relative_to(ROOT)}: {text}"
        for path in files
        for text in strings_of(ast.parse(path.read_text("utf-8")))
        if GROUP_REPEATED_POSSESSIVELY.search(text)
    }
    assert len(files) > 100
    assert found == set()


def test_such_a_group_is_recognised() -> None:
    for pattern in ("(?:ab|c)++", "(?:ab|c)*+", "(?:ab)?+c", "(?:ab){0,3}+"):
        assert GROUP_REPEATED_POSSESSIVELY.search(pattern)
    for pattern in ("(?>(?:ab|c)+)", "[ab]++", "a*+", r"\)++"):
        assert not GROUP_REPEATED_POSSESSIVELY.search(pattern)
