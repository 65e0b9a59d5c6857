"""The results as a table, for people and for docs/drill.md."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tests.drill.judgement import DrillResult, Mention

COLUMNS = (
    *("fault", "`status` knew", "it said", "alarm came", "rule"),
    *("mended by", "`status` well", "alarm over", "verdict"),
)
#: Characters of what status said that are shown.
SHOWN = 110


def rows(results: Iterable[DrillResult]) -> list[tuple[str, ...]]:
    """A row each."""
    return [
        (
            result.fault.what,
            _seconds(result.status.after if result.status else None, is_asked=bool(result.fault.status)),
            _cut(result.status.text if result.status else ""),
            _seconds(result.alarm.after if result.alarm else None, is_asked=bool(result.fault.alarm)),
            _rule(result.alarm),
            "; ".join(filter(None, (result.fault.mended_by, f"`{result.command}`" if result.command else ""))),
            _seconds(result.well_after),
            _seconds(result.over_after, is_asked=bool(result.fault.alarm)),
            "; ".join(result.misses) or "ok",
        )
        for result in results
    ]


def markdown(results: Sequence[DrillResult]) -> str:
    """The table as Markdown."""
    lines = [COLUMNS, tuple("---" for _ in COLUMNS), *rows(results)]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines) + "\n"


def _seconds(value: float | None, *, is_asked: bool = True) -> str:
    if value is None:
        return "never" if is_asked else "-"
    return f"{value:.0f} s"


def _rule(alarm: Mention | None) -> str:
    return alarm.text.partition(" ")[2].partition(":")[0] if alarm else "-"


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
