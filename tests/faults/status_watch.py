"""What `hookline status` says while a run lasts: one process of it that looks again and again, as an operator has it.

One process, because each start of the command takes about as much of the machine as a second of the load.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from deploy.local.launch import launched
from tests.faults.process import Launcher, Process
from tests.faults.statements import STATUS, Statement

ROOT = Path(__file__).parents[2]
#: Seconds between two looks.
EVERY = 1.0
#: Behind all that is judged by its speed.
NICE = ("nice", "-n", "10")
#: How a problem names a processor's lag in seconds: by its metrics, and by its heartbeat.
_LAG_PROBLEM = re.compile(
    r"the oldest record that (?P<by>[\w-]+) has not committed is (?P<age>\d+) s old"
    r"|(?P<beat>[\w-]+) on \S+ is \d+ records and (?P<behind>\d+) s behind"
)


class StatusWatch:
    """`hookline status --watch --json`, started anew whenever the settings of the run's services are others."""

    def __init__(self, launcher: Launcher, log: Path, settings: Callable[[], Mapping[str, str]]) -> None:
        """`log`: what it prints as its answers; `settings`: an operator's, as they are at the moment."""
        self._launcher = launcher
        self._log = log
        self._errors = log.with_suffix(".errors.log")
        self._settings = settings
        self._started_with: Mapping[str, str] | None = None
        self._process: Process | None = None
        self._read_until = 0
        self._looked_at = self._printed_after = 0.0
        self.lines = 0  #: answers so far
        self.is_healthy = False  #: what the last of them says
        self.ended = ""  #: how the command ended where nobody ended it

    def statements(self) -> Iterator[Statement]:
        """What it has said since the last look."""
        now = time.monotonic()
        settings = dict(self._settings())
        if settings != self._started_with:
            self._start(settings, now)
        assert self._process
        if not self._process.alive and not self.ended:
            self.ended = f"hookline status ended with {self._process.code}: {self._tail()}"
        for line in self._new_lines():
            # It looked after it had printed the line before, which was not there yet at `_printed_after`.
            asked_at, self._printed_after = self._printed_after, self._looked_at
            self.lines += 1
            yield from statements_of(line, asked_at, now)
            self.is_healthy = bool(line["healthy"])
        self._looked_at = now

    def close(self) -> None:
        """End it."""
        if self._process:
            self._process.kill()

    def _start(self, settings: dict[str, str], now: float) -> None:
        self.close()
        command = [*NICE, sys.executable, "-m", "ops", "status", "--watch", "--json", "--interval", str(EVERY)]
        self._process = self._launcher.start(launched(command, directory=ROOT), settings, self._log, self._errors)
        self._read_until = self._log.stat().st_size
        self._started_with = settings
        self._looked_at = self._printed_after = now

    def _new_lines(self) -> Iterator[Mapping[str, Any]]:
        with self._log.open("rb") as file:
            file.seek(self._read_until)
            whole, newline, _ = file.read().rpartition(b"\n")
        self._read_until += len(whole) + len(newline)
        yield from (json.loads(line) for line in whole.splitlines())

    def _tail(self) -> str:
        return self._errors.read_text("utf-8", "replace")[-300:]


def statements_of(snapshot: Mapping[str, Any], asked_at: float, answered_at: float) -> Iterator[Statement]:
    """What one answer says that can be judged."""

    def said(about: str, value: float, of: str = "") -> Statement:
        return Statement(STATUS, about, float(value), asked_at, answered_at, of=of)

    yield said("healthy", snapshot["healthy"])
    for problem in snapshot["problems"]:
        if found := _LAG_PROBLEM.match(problem):
            yield said("lag problem", float(found["age"] or found["behind"]), found["by"] or found["beat"])
    for process in snapshot["processes"]:
        if process["state"] != "not asked":
            yield said("ready", process["state"] == "ready", process["name"])
            yield said("unreachable", process["state"] == "unreachable", process["name"])
    for server in ("kafka", "postgres"):
        yield said("ready", snapshot[server]["reachable"], server)
        yield said("unreachable", not snapshot[server]["reachable"], server)
    beats: dict[str, list[str]] = {}
    for beat in snapshot["heartbeats"]:
        beats.setdefault(beat["name"], []).append(beat["state"])
    for name, states in beats.items():
        yield said("missing", all(state == "missing" for state in states), name)
    for processor in snapshot["processors"]:
        if processor["lag"] is not None:
            yield said("lag records", sum(topic["lag"] for topic in processor["lag"]), processor["name"])
        if processor["lag_seconds"] is not None:
            yield said("lag seconds", processor["lag_seconds"], processor["name"])
        if processor["dead_letters"] is not None:
            yield said("dead letters", processor["dead_letters"], processor["name"])
