"""A node's look for requests about its quarantine; each is carried out by a process of its own, nobody waits for it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

import psycopg

from ingest.quarantine.requests import oldest_request
from runtime.logs import logger
from runtime.postgres import Connection

log = logger("ingest.node.request_watch")

#: Seconds between two looks, and after a process that came to no end: doubled each time, up to the last.
LOOK_EVERY, FIRST_PAUSE, LONGEST_PAUSE = 2.0, 2.0, 60.0
#: Seconds that the process has to end when the worker does.
_END_TIMEOUT = 2.0


class RequestWatch:
    """Used by the thread that reports the node, over its connection."""

    def __init__(
        self,
        node: str,
        *,
        command: Callable[[], Sequence[str]] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`command`: what carries out a request, with its arguments (in tests)."""
        self._node = node
        self._command = command or (
            lambda: [sys.executable, "-m", "ingest.quarantine.carry_out", node, str(os.getpid())]
        )
        self._monotonic = monotonic
        self._next = float("-inf")
        self._failed = 0
        self._process: subprocess.Popen[bytes] | None = None

    def __call__(self, connection: Connection) -> None:
        """Start a process where something is asked for and none works on it. Raises psycopg.Error where the connection
        is gone: what else PostgreSQL refuses, such as a table that is not there yet, keeps the node's report up not.
        """
        now = self._monotonic()
        if self._process is not None and not self._has_ended(now):
            return
        if now < self._next:
            return
        self._next = now + LOOK_EVERY
        try:
            is_asked = oldest_request(connection, self._node) is not None
        except psycopg.Error as error:
            if connection.closed or (error.sqlstate is None and isinstance(error, psycopg.OperationalError)):
                raise
            self._next = now + LONGEST_PAUSE
            log.warning("quarantine_requests_not_read", error_class=type(error).__name__, sqlstate=error.sqlstate)
            return
        if is_asked:
            self._process = subprocess.Popen(self._command(), stdin=subprocess.DEVNULL)  # noqa: S603 - our own program

    def close(self) -> None:
        """End the process: it goes on when a worker reports again."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_END_TIMEOUT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _has_ended(self, now: float) -> bool:
        assert self._process is not None
        code = self._process.poll()
        if code is None:
            return False
        self._process = None
        if code == 0:
            self._failed, self._next = 0, now
            return True
        self._failed += 1
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** (self._failed - 1))
        self._next = now + pause
        log.warning("quarantine_request_unfinished", exit_code=code, seconds=pause)
        return True
