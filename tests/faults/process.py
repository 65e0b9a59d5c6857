"""Processes of a run: started so that none outlives the rig, killed, frozen, watched."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil


class NotInTime(Exception):
    """What a run waited for did not come."""


def wait_until(holds: Callable[[], Any], timeout: float, what: str, *, every: float = 0.05) -> Any:
    """What `holds` returns once that is true. Raises NotInTime after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not (found := holds()):
        if time.monotonic() > deadline:
            raise NotInTime(f"not within {timeout:g} s: {what}")
        time.sleep(every)
    return found


def wait_until_done(
    left: Callable[[], float | None], patience: float, at_last: float, what: str, *, every: float
) -> None:
    """Until nothing is left. Raises NotInTime when it has not become less for `patience` s, or after `at_last` s.

    `left`: how much there is to do; None: nobody can say.
    """
    begun = last = time.monotonic()
    least: float | None = None
    while (found := left()) != 0:
        now = time.monotonic()
        if found is not None and (least is None or found < least):
            least, last = found, now
        if now - last > patience or now - begun > at_last:
            raise NotInTime(f"not within {now - begun:.0f} s: {what}; left: {found}, at the least {least}")
        time.sleep(every)


class Process:
    """A program in a process group of its own."""

    def __init__(self, popen: subprocess.Popen[bytes], log: Path) -> None:
        self._popen = popen
        self.pid = popen.pid
        self.log = log

    @property
    def alive(self) -> bool:
        return self._popen.poll() is None

    @property
    def code(self) -> int | None:
        """Its exit code, minus the signal that ended it; None while it runs."""
        return self._popen.poll()

    def signal(self, number: int) -> None:
        """To it and all that it started, also what left its process group (PostgreSQL's do)."""
        others = self.children()
        with suppress(ProcessLookupError):
            os.killpg(self.pid, number)
        for other in others:
            with suppress(psutil.NoSuchProcess):
                other.send_signal(number)

    def signal_main(self, number: int) -> None:
        """To it alone."""
        if self.alive:
            self._popen.send_signal(number)

    def kill(self) -> None:
        """kill -9 of the whole group; what is frozen dies, too."""
        self.signal(signal.SIGKILL)
        self._popen.wait()

    def stop(self, timeout: float) -> int:
        """SIGTERM to the main process, and its exit code. Raises NotInTime, after a kill -9."""
        self.signal_main(signal.SIGTERM)
        try:
            code = self._popen.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise NotInTime(f"{self.log.stem} did not stop within {timeout:g} s") from None
        self.signal(signal.SIGKILL)
        return code

    def wait(self, timeout: float) -> int:
        """Its exit code. Raises NotInTime."""
        try:
            return self._popen.wait(timeout)
        except subprocess.TimeoutExpired:
            raise NotInTime(f"{self.log.stem} did not end within {timeout:g} s") from None

    def children(self) -> list[psutil.Process]:
        """What it has started and what still runs."""
        try:
            return psutil.Process(self.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []


def _ours_forgotten() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if not key.startswith("HOOKLINE_")}


class Launcher:
    """Starts processes from one thread that lives as long as the rig: the kernel ends them when it does."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "launcher")
        self._started: list[Process] = []

    def start(
        self, command: Sequence[str], environ: Mapping[str, str], log: Path, errors: Path | None = None
    ) -> Process:
        """`command` is one that `deploy.local.launch.launched` made: the kernel ends it with us.

        `log` gets what it prints, and its standard error too where there is no file `errors` for that.
        """
        return self._thread.submit(self._start, list(command), dict(environ), log, errors or log).result()

    def close(self) -> None:
        """End whatever is left."""
        for process in self._started:
            if process.alive:
                process.kill()
        self._thread.shutdown()

    def _start(self, command: list[str], environ: dict[str, str], log: Path, errors: Path) -> Process:
        with log.open("ab") as output, errors.open("ab") as error_output:
            popen = subprocess.Popen(
                command,
                env=_ours_forgotten() | environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=error_output,
                start_new_session=True,
            )
        self._started.append(Process(popen, log))
        return self._started[-1]
