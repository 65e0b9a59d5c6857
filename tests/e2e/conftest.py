"""A local stack as a person has it: through the command line alone. Nothing here imports anything of ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import psutil
import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent

#: Seconds; far beyond what any step takes, downloads of a first start included.
TIME_LIMIT = 600.0


@dataclass(frozen=True)
class Stack:
    """A HOOKLINE_HOME of its own, and the command in it."""

    home: Path

    @property
    def environment(self) -> dict[str, str]:
        """What the command is started with: ports that nobody else has."""
        own = {"HOOKLINE_HOME": str(self.home), "HOOKLINE_INGEST__PORT": "0", "HOOKLINE_CONSOLE__PORT": "0"}
        return {key: value for key, value in os.environ.items() if not key.startswith("HOOKLINE_")} | own

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`hookline ARGUMENTS`, whatever it exits with."""
        return subprocess.run(
            [str(BIN / "hookline"), *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=TIME_LIMIT,
            check=False,
        )

    def hookline(self, *arguments: str) -> str:
        """What `hookline ARGUMENTS` prints; it must succeed."""
        done = self.run(*arguments)
        assert done.returncode == 0, f"hookline {' '.join(arguments)}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    @cached_property
    def env(self) -> dict[str, str]:
        """Where everything is; the same after a restart."""
        found: dict[str, str] = json.loads(self.hookline("env", "--json"))
        return found

    def processes(self) -> list[psutil.Process]:
        """Everything that runs for this home: whatever the stack starts inherits the variable."""
        found = []
        for process in psutil.process_iter():
            try:
                ours = process.environ().get("HOOKLINE_HOME") == str(self.home)
                if ours and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue  # it ended meanwhile, or is somebody else's
        return found


def eventually(look: Callable[[], Any], what: str, seconds: float = 60.0) -> Any:
    """What `look` gives once it is true."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(0.1)
    return found


@contextmanager
def serving_stack(home: Path) -> Iterator[Stack]:
    """A stack that serves from `home`; in the end, nothing of it is left."""
    stack = Stack(home)
    try:
        stack.hookline("up", "--detach")
        yield stack
    finally:
        stack.run("down")
        assert not stack.processes()


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Until this folder's last test: a dozen idle processes beside all other tests would make them slower."""
    with serving_stack(tmp_path_factory.mktemp("home")) as stack:
        yield stack
