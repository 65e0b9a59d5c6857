"""One embedded server for as long as a block runs: what tests, benchmarks and one-off tools want."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol


class Server(Protocol):
    """What EmbeddedKafka and EmbeddedPostgres have in common."""

    def command(self) -> list[str]:
        """What to run."""

    def environment(self) -> Mapping[str, str]:
        """The variables it needs beside ours."""

    def wait_ready(self, timeout: float) -> None:
        """Return once it serves, or raise after `timeout` seconds."""


@contextmanager
def running(server: Server, log: Path, *, timeout: float = 60.0) -> Iterator[subprocess.Popen[bytes]]:
    """`server`, prepared before, running and ready; what it prints goes to `log`. Ended with the block."""
    with log.open("ab") as out:
        process = subprocess.Popen(  # noqa: S603 - our own servers
            server.command(),
            env=os.environ | dict(server.environment()),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        server.wait_ready(timeout)
        yield process
    finally:
        process.send_signal(signal.SIGINT)  # PostgreSQL's "fast" shutdown; Kafka takes it as SIGTERM
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
