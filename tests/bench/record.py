"""Keeping a run: its table, in docs/benchmarks.md, between two marks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from runtime.version import hookline_version
from tests.bench.figures import COLUMNS, Figure

BEGIN, END = "<!-- recorded: begin -->", "<!-- recorded: end -->"


def keep(
    page: Path, figures: Sequence[Figure], command: str, before: dict[str, object], after: dict[str, object]
) -> None:
    """Replace what stands between the marks of `page`. Raises ValueError where it has none."""
    lines = [_line(COLUMNS), _line(["---"] * len(COLUMNS)), *(_line(figure.row()) for figure in figures)]
    write_recorded(page, f"{ran_on(command, before, after)}\n\n" + "\n".join(lines))


def ran_on(command: str, before: dict[str, object], after: dict[str, object]) -> str:
    """What was run, when and where, as a sentence."""
    return (
        f"`{command}`, {datetime.now(UTC):%Y-%m-%d}, version {hookline_version()}: {before['processor']}, "
        f"{before['cores']} cores, {before['system']}, Python {before['python']}; load average "
        f"{before['load_average']} before, {after['load_average']} after."
    )


def write_recorded(page: Path, text: str) -> None:
    """Replace what stands between the marks of `page`. Raises ValueError where it has none."""
    head, began, rest = page.read_text("utf-8").partition(BEGIN)
    _, ended, tail = rest.partition(END)
    if not (began and ended):
        raise ValueError(f"{page} has no lines {BEGIN} and {END}")
    page.write_text(f"{head}{BEGIN}\n\n{text}\n\n{END}{tail}", "utf-8")


def _line(cells: Sequence[object]) -> str:
    return "| " + " | ".join("" if cell is None else str(cell) for cell in cells) + " |"
