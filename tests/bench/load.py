"""Load on ingest from a process of its own: wrk where it is installed, else the generator beside this file."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.local.ports import HOST
from tests.bench.servers import BenchFailed
from tests.bench.webhooks import EPOCH_MS, SECRET

SCRIPT = Path(__file__).with_name("wrk.lua")

#: Webhooks a second that are made before the clock starts; beyond it they are made on the way.
MOST_RATE = 10_000

#: (port, connections, seconds, number of the run) -> what came of it.
Generator = Callable[[int, int, float, int], "Load"]


@dataclass(frozen=True, slots=True)
class Load:
    """What came of loading a server for a while."""

    requests: int  #: answered, errors included
    seconds: float
    p50_ms: float
    p99_ms: float
    errors: int  #: answers that were not 200, and requests that got none

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.requests / self.seconds


@dataclass(frozen=True, slots=True)
class Sent:
    """A webhook that was to be sent at a time of its own."""

    due: float  #: when, seconds since the epoch
    answered: float  #: when its 200 was there
    event_id: str


def generators() -> dict[str, Generator]:
    """What this machine has, the best first."""
    found: dict[str, Generator] = {"bundled": _bundled}
    return {"wrk": _wrk, **found} if shutil.which("wrk") else found


def paced(port: int, rate: float, seconds: float, run: int) -> list[Sent]:
    """Send `rate` webhooks a second, whatever the answers take. Raises BenchFailed where one is not 200."""
    reported = _run([*_generator(port, 64, seconds, run), "--rate", str(rate)], seconds)
    if reported["errors"]:
        raise BenchFailed(f"{reported['errors']} of {reported['requests']} paced webhooks were not answered 200")
    return [Sent(*fields) for fields in reported["sent"]]


def lookups(port: int, rate: float, seconds: float, run: int, *, path: str, token: str) -> Load:
    """GET `path` `rate` times a second, whatever the answers take; latency counts from when each was due."""
    words = ["--rate", str(rate), "--ask", path, "--token", token]
    reported = _run([*_generator(port, 16, seconds, run), *words], seconds)
    return Load(**{key: value for key, value in reported.items() if key != "sent"})


def _wrk(port: int, connections: int, seconds: float, run: int) -> Load:
    url = f"http://{HOST}:{port}/"
    options = ["-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "10s", "-s", str(SCRIPT)]
    made = str(round(seconds * MOST_RATE))
    return Load(**_run(["wrk", *options, url, "--", str(run), SECRET, str(EPOCH_MS), made], seconds))


def _bundled(port: int, connections: int, seconds: float, run: int) -> Load:
    reported = _run(_generator(port, connections, seconds, run), seconds)
    return Load(**{key: value for key, value in reported.items() if key != "sent"})


def _generator(port: int, connections: int, seconds: float, run: int) -> list[str]:
    return [sys.executable, "-m", "tests.bench.generator", *map(str, (port, connections, seconds, run))]


def _run(command: Sequence[str], seconds: float) -> dict[str, Any]:
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60, check=False)
    if done.returncode != 0:
        raise BenchFailed(f"{command[0]} ended with {done.returncode}: {done.stderr or done.stdout}")
    data: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])  # wrk prints its own report first
    return data
