"""The spool's database file: how it is opened, what is in it, and what an error of SQLite's means."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from ingest.durable.spool.salvage import PAGE

#: Opens a file; tests put failures in here.
Connect = Callable[[Path], sqlite3.Connection]

#: `body` is packed by row.py. AUTOINCREMENT: a place in the queue is never given twice.
SCHEMA = (
    "CREATE TABLE IF NOT EXISTS records (id INTEGER PRIMARY KEY AUTOINCREMENT, body BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS refused "
    "(id INTEGER PRIMARY KEY AUTOINCREMENT, body BLOB NOT NULL, reason TEXT NOT NULL)",
)
#: Pages after which the log is written back into the main file: 4 MiB.
_CHECKPOINT_PAGES = 1_000
#: Seconds to wait for somebody who opened the file with a tool of his own; our processes take turns.
_BUSY_TIMEOUT = 1.0


class SpoolUnavailable(Exception):
    """Answer 503 unless Kafka takes it: the spool did not. The argument: a machine code."""


class SpoolFull(SpoolUnavailable):
    """As SpoolUnavailable: the limit is reached or the disk is full. It heals when there is room."""


class SpoolRescued(Exception):
    """Try again at once: the file was damaged, and its rows stand in a new one now."""


def connect(file: Path) -> sqlite3.Connection:
    """A connection for any thread, one at a time; in autocommit mode, transactions are begun by name."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)  # SQLite would have it readable to all
    os.close(descriptor)
    return sqlite3.connect(file, isolation_level=None, check_same_thread=False, timeout=_BUSY_TIMEOUT)


def connect_to_look(file: Path) -> sqlite3.Connection:
    """A connection that changes nothing: one that may write would empty the log into the main file when it closes."""
    return sqlite3.connect(f"file:{quote(str(file))}?mode=ro", uri=True, isolation_level=None, timeout=_BUSY_TIMEOUT)


def prepare(connection: sqlite3.Connection, limit: int) -> None:
    """Set what we rely on, and make the tables of a new file. `limit`: the most bytes that the file may have.

    Raises sqlite3.Error.
    """
    connection.execute(f"PRAGMA page_size={PAGE}")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")  # an fsync of the log with each commit
    connection.execute("PRAGMA fullfsync=1")  # macOS: its fsync alone does not reach the disk
    connection.execute(f"PRAGMA wal_autocheckpoint={_CHECKPOINT_PAGES}")
    connection.execute(f"PRAGMA max_page_count={max(16, limit // PAGE)}")
    for statement in SCHEMA:
        connection.execute(statement)


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Commit what the block does when it ends well; else nothing of it has happened."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def is_damage(error: sqlite3.Error) -> bool:
    """Whether `error` says that the file is not what was written."""
    return _code(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def unavailable(error: sqlite3.Error) -> SpoolUnavailable:
    """What any other `error` means to a request."""
    if _code(error) == sqlite3.SQLITE_FULL:
        return SpoolFull("spool_full")
    name = str(getattr(error, "sqlite_errorname", "SQLITE_ERROR"))
    return SpoolUnavailable(f"spool_failed_{name.removeprefix('SQLITE_').lower()}")


def _code(error: sqlite3.Error) -> int:
    """The primary result code; an error of Python's own module has none."""
    return int(getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)) & 0xFF
