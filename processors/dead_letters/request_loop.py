"""A processor's look for requests about its dead letters; each is carried out by a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence

from processors.dead_letters.requests import oldest_request
from processors.engine.database import Database
from runtime import logs
from runtime.process import StopSignal

log = logs.logger("processors.dead_letters.request_loop")

#: Seconds between two looks, and after a process that came to no end: doubled each time, up to the last.
LOOK_EVERY, FIRST_PAUSE, LONGEST_PAUSE = 2.0, 2.0, 60.0
#: Seconds between two looks at the process that works, and that it has to end when the processor stops.
_WATCH_EVERY, _END_TIMEOUT = 0.25, 5.0


class RequestLoop:
    """One round of a periodic task."""

    def __init__(self, processor: str, stop: StopSignal, command: Callable[[], Sequence[str]] | None = None) -> None:
        """`command`: what carries out a request, with its arguments (in tests)."""
        self._stop = stop
        self._processor = processor
        self._command = command or (
            lambda: [sys.executable, "-m", "processors.dead_letters.carry_out", processor, str(os.getpid())]
        )
        self._failed = 0

    def __call__(self, database: Database) -> float:
        """Carry out the oldest request, if there is one; seconds until the next look. Raises psycopg.Error."""
        with database.transaction() as connection:
            request = oldest_request(connection, self._processor)
        if request is None:
            self._failed = 0
            return LOOK_EVERY
        code = self._run()
        if code == 0:
            self._failed = 0
            return 0.0
        self._failed += 1
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** (self._failed - 1))
        log.warning("dead_letter_request_unfinished", request=request.id, exit_code=code, seconds=pause)
        return pause

    def _run(self) -> int:
        """The exit code of the process; it is ended when the processor stops, and goes on at its next start."""
        with subprocess.Popen(self._command(), stdin=subprocess.DEVNULL) as process:  # noqa: S603 - our own program
            while process.poll() is None:
                if self._stop.wait(_WATCH_EVERY):
                    process.terminate()
                    try:
                        process.wait(_END_TIMEOUT)
                    except subprocess.TimeoutExpired:
                        process.kill()
            return process.returncode
