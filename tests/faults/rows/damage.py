"""A spool's files damaged in copies, many ways: the service must start on each, with what was synced and is whole."""

from __future__ import annotations

import io
import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, redirect_stdout
from pathlib import Path

from ingest.durable.spool.directory import ServiceDirectory

#: SQLite's page, and the header of a frame in its write-ahead log.
PAGE, FRAME = 4096, 24
#: Rows of ours on one page at most (none is below 300 bytes).
ROWS_A_PAGE = 13


def rows(spool: Path) -> int:
    """How many rows wait in the spool, for SQLite itself."""
    newest = max(spool.glob("spool-*.sqlite"), key=lambda file: int(file.stem.split("-")[1]))
    with closing(sqlite3.connect(newest)) as connection:
        return int(connection.execute("SELECT count(*) FROM records").fetchone()[0])


def damaged_copies(spool: Path, copies: Path, rng: random.Random) -> Iterator[str]:
    """What is wrong with what the service makes of damaged copies; nothing, if all is well."""
    copies.mkdir()
    whole = copies / "whole"
    shutil.copytree(spool, whole)
    there = rows(whole)
    for number in range(24):
        copy = copies / str(number)
        shutil.copytree(spool, copy)
        file = max(copy.glob("spool-*-wal"), key=lambda path: path.stat().st_size, default=None)
        if file is None or file.stat().st_size == 0:
            file = max(copy.glob("spool-*.sqlite"), key=lambda path: path.stat().st_size)
        size = file.stat().st_size
        if number % 2:
            place, lost = rng.randrange(size), ROWS_A_PAGE
            with file.open("r+b") as there_now:
                there_now.seek(place)
                byte = there_now.read(1)
                there_now.seek(place)
                there_now.write(bytes([byte[0] ^ (1 << rng.randrange(8))]))
            what = f"bit flipped at {place} of {size} in {file.name}"
        else:
            cut = rng.randrange(1, min(size, 2 * (PAGE + FRAME)))
            lost = there if size < 8 * PAGE else 3 * ROWS_A_PAGE
            with file.open("r+b") as there_now:
                there_now.truncate(size - cut)
            what = f"{cut} of {size} bytes cut off {file.name}"
        try:
            with redirect_stdout(io.StringIO()):  # its alarms
                ServiceDirectory(copy, reserve=0).close()
            found = rows(copy)
        except Exception as error:  # noqa: BLE001 - whatever it is, a service that does not start is what must not be
            yield f"{what}: the service does not start: {type(error).__name__}: {error}"
            continue
        if found < there - lost:
            yield f"{what}: {found} of {there} rows recovered"
        shutil.rmtree(copy)
