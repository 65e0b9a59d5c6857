"""The spool's directory as a service finds it: whose it is, and whether the files in it are as they were written.

The main process of a service opens it before any worker starts, and holds it until it ends. Whatever the files look
like, the service starts: what can be read is kept, the rest is set aside under another name with an alarm.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from ingest.durable.spool import database
from ingest.durable.spool.database import Connect
from ingest.durable.spool.locks import FileLock
from ingest.durable.spool.rescue import (
    database_file,
    generations,
    index_of,
    insert_missing,
    log_of,
    rescue,
    save_rows,
    set_aside,
)
from ingest.durable.spool.salvage import PAGE, leftover, rows_in
from ingest.durable.spool.state import SharedState
from ingest.durable.spool.turn import Turn
from runtime.disk import to_disk
from runtime.logs import logger
from runtime.settings import ConfigurationError

log = logger("ingest.durable.spool")

#: Seconds to wait for a service that is just ending, or a command that looks; and for the workers of one that ended.
_SERVICE_GOES, _WORKERS_GO = 1.0, 5.0
#: Seconds that the check of a file may take at the start; rows beyond are checked when they are read.
_CHECK = 1.0
RESERVE = "reserve"
_SETTING = "HOOKLINE_INGEST__SPOOL_DIR"
_MX_FRAME = 16


class InUse(ConfigurationError):
    """Stop the other service first, or give this one another directory. Exit code 78."""

    def __init__(self, directory: Path) -> None:
        super().__init__([f"{_SETTING}: {directory} belongs to another ingest service that is running"])


class ServiceDirectory:
    """A spool directory held by a running service."""

    def __init__(self, directory: Path, *, reserve: int, connect: Connect = database.connect) -> None:
        """Take the directory and make it ready. `reserve`: bytes kept back for draining on a full disk.

        Raises ConfigurationError where it cannot be used, or another service has it.
        """
        self.directory = directory
        self._connect = connect
        try:
            directory.mkdir(parents=True, exist_ok=True)
            directory.chmod(0o700)
            self._service = FileLock(directory / "service.lock")
            if not _within(_SERVICE_GOES, self._service.take):
                raise InUse(directory)
            self._wait_for_workers()
            self.state = SharedState(directory / "state")
            self.state.clear()
            self.state.generation = self._ready_generation()
            self._count()
            keep_reserve(directory, reserve)
            to_disk(directory)
        except OSError as error:
            raise _refusal(f"{directory} cannot be used: {error.strerror}") from error
        # Whether Kafka takes events is not known yet: nobody shall wait to find out.
        self.state.spooling = 1
        self.state.breaker = 2  # half open: about to be tried

    def close(self) -> None:
        """Give the directory to whoever wants it."""
        self._service.close()
        self.state.close()

    def _wait_for_workers(self) -> None:
        """Until the workers of an earlier service have gone: they end with their parent, but not at once."""
        workers = FileLock(self.directory / "workers.lock")
        try:
            if not _within(_WORKERS_GO, workers.take):
                raise _refusal(f"{self.directory} is still used by the workers of another ingest service")
        finally:
            workers.close()

    def _ready_generation(self) -> int:
        """The number of a file that is whole and holds every row that could be read."""
        known = generations(self.directory)
        newest = known[-1] if known else 1
        damage = self._damage(newest)
        if damage:
            saved = rescue(self.directory, newest, self._connect)
            log.error("spool_damaged", damage=damage, rows_saved=saved.rows, set_aside=saved.set_aside)
            self.state.damaged += 1
            newest += 1
        for earlier in known[:-1]:  # a rescue was cut short
            with closing(self._connect(database_file(self.directory, newest))) as connection:
                rows = save_rows(self.directory, earlier, connection)
            names = set_aside(self.directory, earlier)
            log.error("spool_rescue_finished", rows_saved=rows, set_aside=names)
            self.state.damaged += 1
        return newest

    def _damage(self, generation: int) -> str | None:
        """What is wrong with the files of `generation`; None: nothing, and every row in them can be read."""
        main = database_file(self.directory, generation)
        written_ahead = log_of(self.directory, generation)
        size = main.stat().st_size if main.exists() else 0
        if size == 0 and not written_ahead:
            return None  # new
        if size < PAGE and written_ahead:  # SQLite would throw the log away
            return "the main file is cut short"
        try:
            with closing(database.connect_to_look(main)) as connection:
                if found := _check(connection):
                    return found
                behind = leftover(written_ahead, _frames_taken(self.directory, generation))
        except sqlite3.Error as error:
            return str(error)
        if behind and behind.broken:
            return "its log is damaged"
        if behind:  # a transaction that a crash cut short; nobody was told that it had happened
            with closing(self._connect(main)) as connection:
                insert_missing(connection, rows_in(Path(os.devnull), behind.pages))
        return None

    def _count(self) -> None:
        """Have the shared state say what the database holds."""
        with closing(self._connect(database_file(self.directory, self.state.generation))) as connection:
            database.prepare(connection, 2**40)
            Turn(connection, self.state, time.time_ns).recount()


def worker_lock(directory: Path) -> FileLock:
    """What a worker holds while it lives, beside the other workers of its service. Raises ConfigurationError."""
    lock = FileLock(directory / "workers.lock")
    if not lock.take(shared=True):
        raise _refusal(f"{directory} is being taken over by another ingest service")
    return lock


def keep_reserve(directory: Path, size: int) -> bool:
    """Set `size` bytes of disk aside, which `give_reserve` frees; whether there was room."""
    try:
        descriptor = os.open(directory / RESERVE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if os.fstat(descriptor).st_size != size:
                os.ftruncate(descriptor, 0)
            if size:
                os.posix_fallocate(descriptor, 0, size)
        finally:
            os.close(descriptor)
    except OSError as error:
        log.error("spool_reserve_missing", error=error.strerror)
        return False
    return True


def give_reserve(directory: Path) -> bool:
    """Free the bytes that were set aside; whether there were any."""
    file = directory / RESERVE
    if not file.exists():
        return False
    file.unlink()
    return True


def _check(connection: sqlite3.Connection) -> str | None:
    """What is wrong with the file, as far as SQLite finds it in the time that it has. Raises sqlite3.Error."""
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not {"records", "refused"} <= tables:
        return "its tables are missing"
    deadline = time.monotonic() + _CHECK
    connection.set_progress_handler(_after(deadline), 10_000)
    try:
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
        return None
    finally:
        connection.set_progress_handler(None, 0)
    return None if verdict == "ok" else str(verdict)


def _frames_taken(directory: Path, generation: int) -> int:
    """How many frames of its log SQLite has found good, from the index that it has just built beside it.

    sqlite.org/walformat.html, "The WAL-Index Header": mxFrame, in the machine's own byte order.
    """
    index = index_of(directory, generation)
    if not index.exists():
        return 0
    with index.open("rb") as file:
        head = file.read(_MX_FRAME + 4)
    return int.from_bytes(head[_MX_FRAME:], sys.byteorder)


def _after(deadline: float) -> Callable[[], bool]:
    return lambda: time.monotonic() > deadline


def _within(seconds: float, holds: Callable[[], bool]) -> bool:
    """Whether it `holds`, at the latest in so many seconds."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _refusal(why: str) -> ConfigurationError:
    return ConfigurationError([f"{_SETTING}: {why}"])
