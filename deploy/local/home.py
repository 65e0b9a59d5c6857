"""HOOKLINE_HOME: one stack at a time, what it keeps from start to start, and what it tells about itself."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_fixed


class AlreadyRunning(Exception):
    """A stack runs in this home: use it, or end it with `hookline down`."""

    exit_code = 75  # try later (sysexits.h)


class HomeUnusable(Exception):
    """Free some space, or set HOOKLINE_HOME to a folder that can be written to."""

    exit_code = 78  # configuration (sysexits.h)


#: What a disk that is full, and a folder that is somebody else's, say.
_FULL = (errno.ENOSPC, errno.EDQUOT)
_CLOSED = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.ENOENT)

#: Bytes that a start needs: PostgreSQL's empty database is 40 MB, Kafka's empty topics take a few.
_ROOM = 100 << 20


class Home:
    """The folder of one local stack."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self.logs = self.path / "logs"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Be the one stack of this home. Raises AlreadyRunning.

        The lock is the kernel's: it goes with the process that holds it, however that ends.
        """
        with self.usable():
            self.logs.mkdir(parents=True, exist_ok=True)
            if (free := shutil.disk_usage(self.path).free) < _ROOM:
                raise OSError(errno.ENOSPC, f"{free / 1e6:.0f} MB are free, {_ROOM / 1e6:.0f} MB are needed")
        with (self.path / "lock").open("a") as lock:
            for attempt in Retrying(
                retry=retry_if_exception_type(BlockingIOError),
                stop=stop_after_attempt(10),  # somebody may just be looking, see is_held
                wait=wait_fixed(0.05),
                retry_error_callback=self._already_running,
            ):
                with attempt:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield

    @contextmanager
    def usable(self) -> Iterator[None]:
        """Turn what the system says about this folder into a sentence: raises HomeUnusable."""
        try:
            yield
        except OSError as error:
            if error.errno in _FULL:
                raise HomeUnusable(
                    f"the disk that holds {error.filename or self.path} is full ({error.strerror}): free some space,"
                    " or set HOOKLINE_HOME to a folder on another disk"
                ) from error
            if error.errno in _CLOSED and error.filename:
                raise HomeUnusable(
                    f"{error.filename} cannot be written ({error.strerror}): set HOOKLINE_HOME to a folder that you"
                    " can write to, or start as the user whose it is"
                ) from error
            raise

    def is_held(self) -> bool:
        """Whether a stack runs (or starts, or stops) in this home."""
        try:
            with (self.path / "lock").open("r") as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except (FileNotFoundError, NotADirectoryError):
            return False
        except BlockingIOError:
            return True
        return False

    def _already_running(self, _state: object) -> None:
        raise AlreadyRunning(
            f"a local stack already runs in {self.path}: `hookline env` tells where, `hookline down` stops it"
        )

    def read(self, name: str) -> dict[str, Any]:
        """The JSON object in the file `name`; empty where there is none."""
        try:
            return dict(json.loads((self.path / name).read_text("utf-8")))
        except (FileNotFoundError, NotADirectoryError):
            return {}

    def forget(self, name: str) -> None:
        """Remove the file `name`, if there is one."""
        if self.path.is_dir():
            (self.path / name).unlink(missing_ok=True)

    def write(self, name: str, data: Mapping[str, Any]) -> None:
        """Replace the file `name` at once and whole, for this user's eyes only."""
        self.path.mkdir(parents=True, exist_ok=True)
        partial = self.path / f"{name}.{os.getpid()}"
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(data, file, indent=1)
        partial.replace(self.path / name)

    def secret(self, name: str) -> str:
        """The random secret called `name`, made at its first use and kept."""
        kept = self.read("secrets.json")
        if name not in kept:
            kept[name] = secrets.token_urlsafe(24)
            self.write("secrets.json", kept)
        return str(kept[name])

    def state(self) -> dict[str, Any]:
        """What the running stack wrote about itself; empty when none runs."""
        return self.read("stack.json") if self.is_held() else {}

    def environment(self) -> dict[str, str] | None:
        """The variables of the stack that serves in this home, for whatever should reach it; None: none serves."""
        state = self.state()
        return dict(state["environment"]) if state.get("phase") == "serving" else None


def alive(process: Mapping[str, Any]) -> psutil.Process | None:
    """The process that `identity` described, unless it is gone and another has its number."""
    if "pid" not in process:
        return None
    try:
        found = psutil.Process(int(process["pid"]))
        return found if abs(found.create_time() - float(process["created"])) < 1 else None
    except psutil.NoSuchProcess:
        return None


def identity(pid: int) -> dict[str, Any]:
    """What tells a process from a later one of the same number; empty when it is gone."""
    try:
        return {"pid": pid, "created": psutil.Process(pid).create_time()}
    except psutil.NoSuchProcess:
        return {}
