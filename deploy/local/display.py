"""What a person sees of a running stack: one live table on a terminal, plain lines everywhere else."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime
from threading import Lock
from typing import Protocol

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from rich.table import Table
from rich.text import Text

from deploy.local.supervisor import Phase, Supervised
from runtime.printable import printable

_COLOURS = {Phase.SERVING: "green", Phase.DONE: "green", Phase.RESTARTING: "bold red", Phase.STOPPED: "dim"}


class Display(Protocol):
    """Where the supervisor's news go."""

    def announce(self, line: str) -> None:
        """Something happened."""

    def report(self, what: str, done: int, total: int) -> None:
        """A download went on."""

    def show(self, services: Sequence[Supervised]) -> None:
        """How the services stand."""

    def close(self) -> None:
        """Nothing more will come."""


def display_for(console: Console) -> Display:
    """The table on a terminal, plain lines elsewhere."""
    return LiveDisplay(console) if console.is_terminal else PlainDisplay(console)


def _timed(line: str) -> str:
    """With the time of day, and escaped: it may quote the last lines of a process's log."""
    return f"{datetime.now().astimezone():%H:%M:%S} {printable(line, lines=True)}"


class PlainDisplay:
    """A line for each thing that happens, and for each quarter of a download."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._quarters: dict[str, int] = {}
        self._lock = Lock()

    def announce(self, line: str) -> None:
        """With the time of day."""
        with self._lock:
            self._console.print(_timed(line), markup=False, soft_wrap=True)
            sys.stdout.flush()

    def report(self, what: str, done: int, total: int) -> None:
        """At every quarter."""
        quarter = 4 * done // total if total else 4
        if self._quarters.get(what) != quarter:
            self._quarters[what] = quarter
            self.announce(f"downloading {what}: {done / 1e6:.0f} of {total / 1e6:.0f} MB")

    def show(self, services: Sequence[Supervised]) -> None:
        """Nothing: the lines have said it."""

    def close(self) -> None:
        """Nothing."""


class LiveDisplay:
    """A table that changes in place, with downloads below it and what happened scrolling by above it."""

    def __init__(self, console: Console) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
        self._progress = Progress(*columns, console=console)
        self._tasks = {}  # type: ignore[var-annotated]
        self._console = console
        self._table: RenderableType = ""
        self._live = Live(self._drawn(), console=console, refresh_per_second=4, transient=True)
        self._live.start()

    def announce(self, line: str) -> None:
        """Above the table."""
        self._console.print(_timed(line), markup=False, highlight=False)

    def report(self, what: str, done: int, total: int) -> None:
        """A bar, gone when it is full."""
        if what not in self._tasks:
            self._tasks[what] = self._progress.add_task(f"downloading {what}", total=total)
        self._progress.update(self._tasks[what], completed=done, visible=done < total)

    def show(self, services: Sequence[Supervised]) -> None:
        """Draw the table anew."""
        table = Table(box=None, pad_edge=False)
        for column in ("service", "state", "where", "restarts"):
            table.add_column(column)
        for service in services:
            state = Text(service.phase, style=_COLOURS.get(service.phase, "yellow"))
            table.add_row(service.service.name, state, service.service.where, str(service.restarts or ""))
        self._table = table
        self._live.update(self._drawn())

    def close(self) -> None:
        """Leave the terminal as it was."""
        self._live.stop()

    def _drawn(self) -> RenderableType:
        return Group("", self._table, self._progress)
