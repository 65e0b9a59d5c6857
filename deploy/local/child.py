"""One service's process: started with its log, watched, and ended with everything it started."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

#: A log is set aside as NAME.log.1 when it has grown to this many bytes.
LOG_LIMIT = 10 << 20


class Log:
    """The file that a service prints to. It appends, so the file can be emptied beneath it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def rotate(self, limit: int = LOG_LIMIT) -> None:
        """Set aside what there is when it has grown to `limit` bytes; a line printed meanwhile may be lost."""
        if self.path.exists() and self.path.stat().st_size >= limit:
            shutil.copyfile(self.path, self.path.with_name(self.path.name + ".1"))
            os.truncate(self.path, 0)

    def end(self) -> int:
        """Where what comes next will begin."""
        return self.path.stat().st_size if self.path.exists() else 0

    def tail(self, since: int = 0, lines: int = 15) -> list[str]:
        """The last lines printed after the position `since`."""
        if not self.path.exists():
            return []
        with self.path.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(since if since <= end else 0, end - 65_536))
            return file.read().decode("utf-8", "replace").splitlines()[-lines:]


class Child:
    """A running process that leads a session, and so a process group, of its own."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str], log: Log) -> None:
        log.rotate()
        self.log = log
        self.log_begins = log.end()
        with log.path.open("ab") as out:
            self._process = subprocess.Popen(  # noqa: S603 - our own services
                list(command),
                env=dict(environ),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.pid = self._process.pid

    def ended(self) -> int | None:
        """Its exit code (minus the signal that killed it), once it has ended; then nothing of it is left."""
        code = self._process.poll()
        if code is not None:
            self._signal_group(signal.SIGKILL)  # workers whose main process was killed still serve its port
        return code

    def signal(self, number: int) -> None:
        """Send a signal to the process itself; it knows what to do about its own children."""
        if self._process.poll() is None:
            self._process.send_signal(number)

    def kill(self) -> None:
        """End it and all that it started, now."""
        self._signal_group(signal.SIGKILL)
        self._process.wait()

    def tail(self) -> list[str]:
        """The last lines that it printed."""
        return self.log.tail(self.log_begins)

    def _signal_group(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS: EPERM for a group of zombies
            os.killpg(self.pid, number)
