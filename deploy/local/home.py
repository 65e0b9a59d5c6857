"""HOOKLINE_HOME: one stack at a time, what it keeps from start to start, and what it tells about itself."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import secrets
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_fixed

from deploy.local.json_files import DamagedFile, move_aside, read_json, write_json
from deploy.local.ownership import first_unusable, sentence


class AlreadyRunning(Exception):
    """A stack runs in this home: use it, or end it with `hookline down`."""

    exit_code = 75  # try later (sysexits.h)


class HomeUnusable(Exception):
    """Free some space, or set HOOKLINE_HOME to a folder that can be written to."""

    exit_code = 78  # configuration (sysexits.h)


#: What a disk that is full, and a folder that is somebody else's, say.
FULL = (errno.ENOSPC, errno.EDQUOT)
_CLOSED = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.ENOENT)

#: Bytes that a start needs: PostgreSQL's empty database is 40 MB, Kafka's empty topics take a few.
_ROOM = 100 << 20
#: PostgreSQL keeps its paths in 1,024 bytes (MAXPGPATH), and its files are 60 below this folder.
_PATH_MAX = 900

#: Root's own servers that run as another user pass a closed folder by a capability, which only Linux has.
_MODE = 0o711 if os.geteuid() == 0 and not sys.platform.startswith("linux") else 0o700

#: What becomes of the content of a file that was found damaged.
_LOSSES = {
    "secrets.json": (
        "new secrets are made: webhooks signed with the old ones are refused (401) until their senders have those that"
        " `hookline env` prints"
    ),
    "ports.json": "ports may be others than before: `hookline env` prints them",
    "stack.json": "what an earlier stack told about itself is gone; its processes end by themselves",
    "made.json": "what an earlier `hookline env` left in this shell counts as your own setting",
}


class Home:
    """The folder of one local stack."""

    def __init__(self, path: Path, announce: Callable[[str], None] | None = None) -> None:
        self.path = path.resolve()
        self.logs = self.path / "logs"
        self._announce = announce or _to_stderr
        self._is_ours = False  #: this process holds the lock

    @contextmanager
    def held(self) -> Iterator[None]:
        """Be the one stack of this home. Raises AlreadyRunning, HomeUnusable.

        The lock is the kernel's: it goes with the process that holds it, however that ends.
        """
        self._check_path()
        with self.usable():
            self.close_to_others()
            self.logs.mkdir(parents=True, exist_ok=True)
            if (free := shutil.disk_usage(self.path).free) < _ROOM:
                raise OSError(errno.ENOSPC, f"{free / 1e6:.0f} MB are free, {_ROOM / 1e6:.0f} MB are needed")
            if (path := first_unusable(self.path)) is not None:
                raise OSError(errno.EACCES, os.strerror(errno.EACCES), str(path))
            lock = (self.path / "lock").open("a")
        with lock:
            for attempt in Retrying(
                retry=retry_if_exception_type(BlockingIOError),
                stop=stop_after_attempt(10),  # somebody may just be looking, see is_held
                wait=wait_fixed(0.05),
                retry_error_callback=self._already_running,
            ):
                with attempt:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._is_ours = True
            try:
                yield
            finally:
                self._is_ours = False

    def close_to_others(self) -> None:
        """Make the folder where there is none; no other user of this machine may look into it.

        A folder that was there before is closed only where it is plainly this home: it is ours alone, and empty or
        used before. HOOKLINE_HOME=/tmp must not close /tmp to everybody.
        """
        try:
            self.path.mkdir(mode=_MODE, parents=True)
        except FileExistsError:
            found = self.path.stat()
            shared = found.st_uid != os.geteuid() or found.st_mode & 0o1022 or self.path == Path.home()
            used = (self.path / "lock").exists() or not any(self.path.iterdir())
            if used and not shared:
                self.path.chmod(_MODE)

    @contextmanager
    def usable(self) -> Iterator[None]:
        """Turn what the system says about this folder into a sentence: raises HomeUnusable."""
        try:
            yield
        except OSError as error:
            if error.errno in FULL:
                raise HomeUnusable(
                    f"the disk that holds {error.filename or self.path} is full ({error.strerror}): free some space,"
                    " or set HOOKLINE_HOME to a folder on another disk"
                ) from error
            if error.errno in _CLOSED and error.filename:
                raise HomeUnusable(sentence(self.path, Path(os.fsdecode(error.filename)), error.errno)) from error
            raise

    def is_held(self) -> bool:
        """Whether a stack runs (or starts, or stops) in this home. Raises HomeUnusable."""
        with self.usable():
            try:
                with (self.path / "lock").open("r") as lock:
                    fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except (FileNotFoundError, NotADirectoryError):
                return False
            except BlockingIOError:
                return True
            return False

    def _check_path(self) -> None:
        """Raises HomeUnusable where a server could not name its files."""
        name = os.fsencode(self.path)
        try:
            name.decode("utf-8")
        except UnicodeDecodeError as error:
            raise HomeUnusable(
                f"the name of the folder {name!r} is not UTF-8, which Java needs: set HOOKLINE_HOME to another folder"
            ) from error
        if len(name) > _PATH_MAX:
            raise HomeUnusable(
                f"the path of HOOKLINE_HOME has {len(name)} bytes, and PostgreSQL's paths have room for {_PATH_MAX}:"
                " set it to a folder with a shorter path"
            )

    def _already_running(self, _state: object) -> None:
        raise AlreadyRunning(
            f"a local stack already runs in {self.path}: `hookline env` tells where, `hookline down` stops it"
        )

    def read(self, name: str, values: type = object) -> dict[str, Any]:
        """The JSON object in the file `name`, whose values are of the type `values`; empty where there is none.

        A damaged file is announced and counts as empty; the stack that holds this home moves it aside as well.
        """
        path = self.path / name
        with self.usable():
            try:
                return read_json(path, values)
            except (FileNotFoundError, NotADirectoryError):
                return {}
            except DamagedFile as error:
                aside = f"; moved aside to {move_aside(path)}" if self._is_ours else ""
                self._announce(f"{error}{aside}; {_LOSSES.get(name, 'it counts as empty')}")
                return {}

    def set_aside_damaged(self, name: str) -> None:
        """Move the file `name` aside where it is no JSON: somebody else writes it, and makes it anew."""
        path = self.path / name
        with self.usable():
            try:
                json.loads(path.read_bytes())
            except (FileNotFoundError, NotADirectoryError):
                return
            except ValueError:
                if self._is_ours:
                    self._announce(f"{path} is damaged; moved aside to {move_aside(path)}; it is made anew")

    def forget(self, name: str) -> None:
        """Remove the file `name`, if there is one."""
        with self.usable():
            if self.path.is_dir():
                (self.path / name).unlink(missing_ok=True)

    def write(self, name: str, data: Mapping[str, Any]) -> None:
        """Replace the file `name` at once and whole, for this user's eyes only. Raises HomeUnusable."""
        with self.usable():
            self.path.mkdir(mode=_MODE, parents=True, exist_ok=True)
            write_json(self.path / name, data)

    def secret(self, name: str) -> str:
        """The random secret called `name`, made at its first use and kept."""
        stored = self.read("secrets.json", str)
        if not stored.get(name):
            stored[name] = secrets.token_urlsafe(24)
            self.write("secrets.json", stored)
        return str(stored[name])

    def state(self) -> dict[str, Any]:
        """What the running stack wrote about itself; empty when none runs, and while one has not written yet.

        The file of a stack that was killed is still there while the next one starts and holds the lock.
        """
        state = self.read("stack.json") if self.is_held() else {}
        return state if alive(state.get("supervisor")) else {}

    def environment(self) -> dict[str, str] | None:
        """The variables of the stack that serves in this home, for whatever should reach it; None: none serves."""
        return self._while_serving("environment")

    def analyst(self) -> dict[str, str] | None:
        """Those that an analyst needs; None: none serves."""
        return self._while_serving("analyst")

    def _while_serving(self, part: str) -> dict[str, str] | None:
        state = self.state()
        found = state.get(part)
        return dict(found) if state.get("phase") == "serving" and isinstance(found, dict) else None


def _to_stderr(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def alive(process: object) -> psutil.Process | None:
    """The process that `identity` described, unless it is gone and another has its number; None: it describes none."""
    if not isinstance(process, Mapping):
        return None
    try:
        found = psutil.Process(int(process["pid"]))
        return found if abs(found.create_time() - float(process["created"])) < 1 else None
    except (psutil.NoSuchProcess, KeyError, TypeError, ValueError):  # a damaged file says anything
        return None


def identity(pid: int) -> dict[str, Any]:
    """What tells a process from a later one of the same number; empty when it is gone."""
    try:
        return {"pid": pid, "created": psutil.Process(pid).create_time()}
    except psutil.NoSuchProcess:
        return {}
