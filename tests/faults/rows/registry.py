"""Every row by its name, found by looking through this package."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from typing import Any

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
    for module in pkgutil.iter_modules(rows.__path__):
        importlib.import_module(f"{rows.__name__}.{module.name}")
    order = "KICPMOSFX"
    return dict(sorted(_rows.items(), key=lambda item: (order.index(item[0][0]), int(item[0][1:]))))
