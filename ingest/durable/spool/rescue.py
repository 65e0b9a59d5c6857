"""Saving the rows of a damaged spool into a new file, and setting the damaged one aside under another name."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from ingest.durable.spool import database
from ingest.durable.spool.database import Connect, transaction
from ingest.durable.spool.salvage import FoundRow, log_pages, rows_in
from runtime.disk import to_disk

#: SQLite's files beside the main one: write-ahead log and its index.
_LOG, _INDEX = "-wal", "-shm"
_NAME = re.compile(r"spool-(\d+)\.sqlite(-wal|-shm)?")
_BATCH = 1_000


@dataclass(frozen=True, slots=True)
class Saved:
    """What a rescue brought."""

    rows: int  #: found whole, and in the new file now
    set_aside: tuple[str, ...]  #: names of the damaged files, in the spool's directory


def database_file(directory: Path, generation: int) -> Path:
    """The file of `generation`: a damaged one is followed by a new name, never by a new file of its name."""
    return directory / f"spool-{generation}.sqlite"


def generations(directory: Path) -> list[int]:
    """Every generation of which there is a file, oldest first: more than one after a rescue that was cut short."""
    names = (_NAME.fullmatch(file.name) for file in directory.iterdir())
    return sorted({int(name[1]) for name in names if name})


def rescue(directory: Path, generation: int, connect: Connect) -> Saved:
    """Save the rows of `generation` into the next one, which is made anew.

    Nobody may have the files open. Raises sqlite3.Error, OSError; then the damaged files are where they were.
    """
    following = database_file(directory, generation + 1)
    for file in (following, *_log_and_index(following)):
        file.unlink(missing_ok=True)  # of a rescue that was cut short, and is done again
    with closing(connect(following)) as connection:
        database.prepare(connection, 2**40)
        rows = save_rows(directory, generation, connection)
    return Saved(rows, set_aside(directory, generation))


def save_rows(directory: Path, generation: int, into: sqlite3.Connection) -> int:
    """Put every whole row of `generation` that `into` lacks into it, at its place; how many they were."""
    main = database_file(directory, generation)
    return insert_missing(into, rows_in(main, log_pages(log_of(directory, generation))))


def log_of(directory: Path, generation: int) -> bytes:
    """The write-ahead log of `generation`; empty where there is none."""
    log = _log_and_index(database_file(directory, generation))[0]
    return log.read_bytes() if log.exists() else b""


def index_of(directory: Path, generation: int) -> Path:
    """The index that SQLite keeps of the log of `generation` while somebody has the file open."""
    return _log_and_index(database_file(directory, generation))[1]


def insert_missing(connection: sqlite3.Connection, rows: Iterable[FoundRow]) -> int:
    """Put `rows` at their places where those are free; how many were."""
    inserted = 0
    for batch in _batches(rows):
        with transaction(connection):
            for row in batch:
                if row.reason is None:
                    done = connection.execute("INSERT OR IGNORE INTO records (id, body) VALUES (?, ?)", row[:2])
                else:
                    done = connection.execute("INSERT OR IGNORE INTO refused (id, body, reason) VALUES (?, ?, ?)", row)
                inserted += done.rowcount
    return inserted


def set_aside(directory: Path, generation: int) -> tuple[str, ...]:
    """Give the files of `generation` another name, under which they stay for people to look at."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    main = database_file(directory, generation)
    log, index = _log_and_index(main)
    names = []
    for file in (main, log):
        if file.exists():
            aside = directory / f"damaged-{stamp}-{file.name}"
            file.rename(aside)
            names.append(aside.name)
    index.unlink(missing_ok=True)
    to_disk(directory)
    return tuple(names)


def _log_and_index(main: Path) -> tuple[Path, Path]:
    return main.with_name(main.name + _LOG), main.with_name(main.name + _INDEX)


def _batches(rows: Iterable[FoundRow]) -> Iterator[list[FoundRow]]:
    remaining = iter(rows)
    while batch := list(islice(remaining, _BATCH)):
        yield batch
