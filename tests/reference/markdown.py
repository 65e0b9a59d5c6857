"""Markdown tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table; None is an empty cell."""
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(map(cell, row)) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def cell(value: object) -> str:
    """`value` in one line that does not end the cell."""
    return "" if value is None else " ".join(str(value).split()).replace("|", "\\|")


def code(text: object) -> str:
    """`text` as code; nothing for nothing."""
    return "" if text in (None, "") else f"`{text}`"
