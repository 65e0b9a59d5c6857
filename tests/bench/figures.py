"""What a benchmark finds out: figures with their limit and spread, and the table that shows them."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from ops.output import stacked, table

if TYPE_CHECKING:
    from rich.console import RenderableType


#: Of the table: what a Figure's row holds.
COLUMNS = ("figure", "median", "rounds", "limit", "ratio", "ratios", "must reach")


@dataclass(frozen=True, slots=True)
class Series:
    """The same thing measured in several rounds."""

    values: tuple[float, ...]

    @property
    def middle(self) -> float:
        """The median."""
        return median(self.values)

    @property
    def spread(self) -> tuple[float, float]:
        """The least and the greatest."""
        return min(self.values), max(self.values)

    def over(self, others: Series) -> Series:
        """Round by round, this divided by `others`: a noisy minute touches both."""
        return Series(tuple(ours / theirs for ours, theirs in zip(self.values, others.values, strict=True)))


@dataclass(frozen=True, slots=True)
class Bound:
    """What a figure must reach."""

    least: float | None = None
    most: float | None = None

    def __str__(self) -> str:
        return f">= {_number(self.least)}" if self.least is not None else f"<= {_number(self.most)}"

    def met(self, value: float) -> bool:
        """Whether `value` reaches it."""
        return value >= self.least if self.least is not None else self.most is None or value <= self.most


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table."""

    name: str
    unit: str
    rounds: Series
    limit: Series | None = None  #: what bounds it, measured in turns with it
    limit_is: str = ""  #: what that was
    bound: Bound | None = None  #: what the figure itself must reach
    ratio_bound: Bound | None = None  #: what its share of the limit must reach

    @property
    def ratio(self) -> Series | None:
        """Its share of the limit, round by round."""
        return None if self.limit is None else self.rounds.over(self.limit)

    def row(self) -> tuple[object, ...]:
        """As the table shows it."""
        ratio = self.ratio
        low, high = self.rounds.spread
        return (
            self.name,
            f"{_number(self.rounds.middle)} {self.unit}".strip(),
            f"{_number(low)} .. {_number(high)}" if len(self.rounds.values) > 1 else None,
            None if self.limit is None else f"{_number(self.limit.middle)} ({self.limit_is})",
            None if ratio is None else f"{ratio.middle:.2f}",
            None if ratio is None else f"{ratio.spread[0]:.2f} .. {ratio.spread[1]:.2f}",
            self._verdict(),
        )

    def _verdict(self) -> str | None:
        reported = []
        if self.bound is not None:
            reported.append(f"{self.bound} {self.unit}: {_yes(self.bound.met(self.rounds.middle))}")
        if self.ratio_bound is not None and self.ratio is not None:
            reported.append(f"ratio {self.ratio_bound}: {_yes(self.ratio_bound.met(self.ratio.middle))}")
        return ", ".join(reported) or None

    def data(self) -> dict[str, object]:
        """As --json tells it."""
        ratio = self.ratio
        return {
            "name": self.name,
            "unit": self.unit,
            "median": self.rounds.middle,
            "rounds": self.rounds.values,
            "limit": None
            if self.limit is None
            else {"is": self.limit_is, "median": self.limit.middle, "rounds": self.limit.values},
            "ratio": None if ratio is None else {"median": ratio.middle, "rounds": ratio.values},
            "must_reach": None if self.bound is None else str(self.bound),
            "ratio_must_reach": None if self.ratio_bound is None else str(self.ratio_bound),
            "reached": self._verdict() is None or "NO" not in str(self._verdict()),
        }


def quantile(share: float, rounds: Iterable[Iterable[float]]) -> Series:
    """The value that `share` of each round's values are below."""
    ordered = [sorted(round_values) for round_values in rounds]
    return Series(tuple(round_values[int(share * len(round_values))] for round_values in ordered))


def once(value: float) -> Series:
    """What is measured a single time."""
    return Series((value,))


def machine() -> dict[str, object]:
    """What the figures depend on, and how busy it is with other things at this moment."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load_average": round(os.getloadavg()[0], 2),
    }


def drawn(figures: Iterable[Figure], before: dict[str, object], after: dict[str, object]) -> RenderableType:
    """The table for people."""
    about = (
        f"{before['processor']}, {before['cores']} cores, {before['system']}, Python {before['python']}; "
        f"load average {before['load_average']} before, {after['load_average']} after"
    )
    rows: Sequence[tuple[object, ...]] = [figure.row() for figure in figures]
    return stacked(table(COLUMNS, rows, numbers=("ratio",)), about)


def _number(value: float | None) -> str:
    """Three digits that count, or all of a large number's."""
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _yes(met: bool) -> str:
    return "yes" if met else "NO"


def _processor() -> str:
    reported = Path("/proc/cpuinfo")
    if reported.exists():
        for line in reported.read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
