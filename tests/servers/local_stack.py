"""A local stack as tests run it: `hookline up` in a home and on ports of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sysconfig
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg

from deploy.local.launch import hookline

ROOT = Path(__file__).resolve().parents[2]
#: A first start downloads; this machine may be busy with other tests.
TIME_LIMIT = 180.0

#: All ports are free ones, so that a developer's own stack is in nobody's way.
PORTS = {"HOOKLINE_INGEST__PORT": "0", "HOOKLINE_CONSOLE__PORT": "0"}


class LocalStack:
    """One home, and the command that runs a stack in it."""

    def __init__(
        self, home: Path, *, code: Path = ROOT, user: int | None = None, python: Path | None = None, **environ: str
    ) -> None:
        """`code`: another copy of the code, whose dependencies are ours; `user`: None: who runs the test.

        `python`: another Python than ours.
        """
        self.home = home
        self._code = code
        self._user = user
        self._command = hookline() if python is None else [str(python), "-m", "ops"]
        outside = {name: value for name, value in os.environ.items() if not name.startswith("HOOKLINE_")}
        kept = {name: os.environ[name] for name in ("HOOKLINE_CACHE",) if name in os.environ}
        self._environ = outside | kept | PORTS | {"HOOKLINE_HOME": str(home)} | environ
        if code != ROOT:
            self._environ["PYTHONPATH"] = os.pathsep.join([str(code), sysconfig.get_path("purelib")])

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self._command, *arguments],
            env=self._environ,
            cwd=self._code,
            user=self._user,
            group=self._user,
            extra_groups=None if self._user is None else [],
            capture_output=True,
            text=True,
            check=False,
            timeout=TIME_LIMIT * 2,
        )

    def popen(self, *arguments: str, **more: Any) -> subprocess.Popen[str]:
        return subprocess.Popen([*self._command, *arguments], env=self._environ, cwd=self._code, text=True, **more)

    def up(self) -> dict[str, str]:
        done = self.run("up", "--detach", "--json")
        assert done.returncode == 0, done.stderr
        environment: dict[str, str] = json.loads(done.stdout)
        return environment

    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = json.loads((self.home / "stack.json").read_text())
        return state

    def service(self, name: str) -> dict[str, Any]:
        (found,) = (running for running in self.state()["services"] if running["name"] == name)
        return dict(found)

    def processes(self) -> list[psutil.Process]:
        """The supervisor, its services, and all that those started."""
        supervisor = psutil.Process(self.state()["supervisor"]["pid"])
        return [supervisor, *supervisor.children(recursive=True)]


def until(met: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + TIME_LIMIT
    while not met():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def post(environment: dict[str, str], text: str) -> httpx.Response:
    body = {"phone_number": "+15005550006", "text": text, "timestamp": 1_760_000_000_000}
    url = f"{environment['INGEST_URL']}/webhooks/textlink/received"
    return httpx.post(url, json=body | {"secret": environment["TEXTLINK_SECRET"]}, timeout=30)


def texts(environment: dict[str, str]) -> set[str]:
    with psycopg.connect(environment["HOOKLINE_POSTGRES__DSN"]) as connection:
        return {row[0] for row in connection.execute("SELECT text FROM messages")}


def environment_of(stack: LocalStack) -> dict[str, str]:
    done = stack.run("env", "--json")
    assert done.returncode == 0, done.stderr
    environment: dict[str, str] = json.loads(done.stdout)
    return environment
