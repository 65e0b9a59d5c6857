"""The whole local stack: how soon it serves, and how much memory all its processes take together."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import psycopg

from deploy.local.home import Home
from tests.bench.figures import Bound, Figure, Series, once
from tests.bench.options import Options
from tests.bench.servers import BenchFailed, megabytes, memory_by_name, wait_for

#: Webhooks after which every process has done its work once.
WARM_UP = 40


def run(options: Options) -> list[Figure]:
    """First start in an empty home, memory when warm and after load, then further starts."""
    home = Path(tempfile.mkdtemp(prefix="hookline-bench-"))
    with ExitStack() as leave:
        leave.callback(shutil.rmtree, home, ignore_errors=True)
        leave.callback(_hookline, home, "down")
        options.note("stack: first start")
        first = _up(home)
        load = int(options.seconds * 500)
        _send(home, "textlink", "received", WARM_UP)
        _send(home, "textus", "message.received", WARM_UP)
        idle, parts = _memory(home)
        options.note(f"stack: {load:,} webhooks")
        _send(home, "textlink", "received", load)
        after, _ = _memory(home)
        again = []
        for number in range(options.rounds):
            options.note(f"stack: start {number + 1} of {options.rounds} in the same home")
            _hookline(home, "down")
            again.append(_up(home))
    return [
        Figure("stack, first start (caches warm)", "s", once(first)),
        Figure("stack, further starts", "s", Series(tuple(again)), bound=Bound(most=10)),
        Figure("stack, memory warm and idle (PSS)", "MB", once(idle), bound=Bound(most=1_500)),
        *(Figure(f"  {name}", "MB", once(size)) for name, size in sorted(parts.items(), key=lambda part: -part[1])),
        Figure(f"stack, memory after {load:,} webhooks (PSS)", "MB", once(after), bound=Bound(most=1_500)),
    ]


def _up(home: Path) -> float:
    """Seconds until `hookline up --detach` returns: everything serves."""
    began = time.monotonic()
    _hookline(home, "up", "--detach")
    return time.monotonic() - began


def _send(home: Path, provider: str, kind: str, count: int) -> None:
    """Send, and wait until persist has stored them."""
    dsn = (Home(home).environment() or {})["HOOKLINE_POSTGRES__DSN"]
    with psycopg.connect(dsn, autocommit=True) as connection:

        def stored() -> int:
            (rows,) = connection.execute("SELECT count(*) FROM events").fetchone() or (0,)
            return int(rows)

        before = stored()
        _hookline(home, "send", provider, kind, "--count", str(count))
        wait_for(lambda: stored() >= before + count, f"{count} webhooks of {provider} are stored")


def _memory(home: Path) -> tuple[float, dict[str, float]]:
    """MB of all processes together, and by process."""
    supervisor = int(Home(home).state()["supervisor"]["pid"])
    return megabytes([supervisor]), dict(memory_by_name(supervisor))


def _hookline(home: Path, *arguments: str) -> None:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("HOOKLINE_")} | {
        "HOOKLINE_HOME": str(home),
        "HOOKLINE_INGEST__PORT": "0",
        "HOOKLINE_CONSOLE__PORT": "0",
    }
    command = [sys.executable, "-m", "ops", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BenchFailed(f"hookline {' '.join(arguments)} ended with {done.returncode}: {done.stderr or done.stdout}")
