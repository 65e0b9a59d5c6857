"""One embedded server for as long as a block runs: what tests, benchmarks and one-off tools want."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from deploy.local.child import Log


class Server(Protocol):
    """What EmbeddedKafka and EmbeddedPostgres have in common."""

    def command(self) -> list[str]:
        """What to run."""

    def environment(self) -> Mapping[str, str]:
        """The variables it needs beside ours."""

    def ready(self) -> bool:
        """Whether it serves."""


class ServerEnded(Exception):
    """Read the log's last lines, which are in the text: the server did not come up."""


@contextmanager
def running(
    server: Server, log: Path, *, timeout: float = 60.0, stop_timeout: float = 15.0
) -> Iterator[subprocess.Popen[bytes]]:
    """`server`, prepared before, running and ready within `timeout` seconds; what it prints goes to `log`.

    Ended with the block, and killed if that takes longer than `stop_timeout` seconds.
    """
    with log.open("ab") as out:
        process = subprocess.Popen(  # noqa: S603 - our own servers
            server.command(),
            env=os.environ | dict(server.environment()),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait(server, process, log, timeout)
        yield process
    finally:
        process.send_signal(signal.SIGINT)  # PostgreSQL's "fast" shutdown; Kafka takes it as SIGTERM
        try:
            process.wait(stop_timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait(server: Server, process: subprocess.Popen[bytes], log: Path, timeout: float) -> None:
    deadline = time.monotonic() + timeout
    while not server.ready():
        if process.poll() is not None or time.monotonic() > deadline:
            ended = process.returncode is not None
            how = f"ended with {process.returncode}" if ended else f"did not serve in {timeout:g} s"
            raise ServerEnded("\n  ".join([f"{process.args!r} {how}:", *Log(log).tail()]))
        time.sleep(0.05)
