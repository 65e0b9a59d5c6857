"""Every row by its name, found by looking through this package."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from runtime.found import modules_in
from tests.faults import rows
from tests.faults.run import Row, Run

_rows: dict[str, Row] = {}


def row(name: str, fault: str, **details: Any) -> Callable[[Callable[[Run], None]], Callable[[Run], None]]:
    """Make a row of a story; `details` as in Row."""

    def registered(story: Callable[[Run], None]) -> Callable[[Run], None]:
        assert name not in _rows, name
        _rows[name] = Row(name, fault, story, **details)
        return story

    return registered


def all_rows() -> dict[str, Row]:
    """In the order of the table."""
    list(modules_in(rows))
    order = "KICPMOSFX"
    return dict(sorted(_rows.items(), key=lambda item: (order.index(item[0][0]), int(item[0][1:]))))
