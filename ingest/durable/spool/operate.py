"""What an operator's command does with a spool: look at it, and use it beside a running service or alone."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ingest.durable.breaker import BreakerState
from ingest.durable.spool.database import connect_to_look
from ingest.durable.spool.directory import InUse, ServiceDirectory
from ingest.durable.spool.gauges import oldest_age
from ingest.durable.spool.locks import FileLock
from ingest.durable.spool.rescue import database_file, generations
from ingest.durable.spool.row import AT_PLACE, AT_SIZE, is_whole, unpacked
from ingest.durable.spool.state import SharedState
from ingest.quarantine.store import count_waiting

#: Refused records that a status lists.
LISTED = 20


@dataclass(frozen=True, slots=True)
class RefusedRecord:
    """A record that Kafka refused for good, without anything personal."""

    id: int
    topic: str
    event_id: str
    reason: str
    size: int  #: bytes of its value
    at: datetime  #: when it was refused


@dataclass(frozen=True, slots=True)
class SpoolStatus:
    """A spool at a glance."""

    directory: str
    service_running: bool
    spooling: bool  #: new events queue in it
    breaker: str  #: closed, open or half_open; "unknown" where no service runs
    records: int  #: that wait
    bytes: int
    oldest_age_seconds: float  #: 0: none waits
    replayed: int  #: since the service started
    failing: bool  #: the last write failed
    refused: int  #: records that Kafka refused for good
    refused_records: tuple[RefusedRecord, ...]  #: the newest of them
    damaged_files: tuple[str, ...]  #: set aside, for people to look at and delete
    quarantined: int  #: webhooks that wait in the quarantine


def is_running(directory: Path) -> bool:
    """Whether a service has `directory`. Raises OSError."""
    lock = FileLock(directory / "service.lock")
    try:
        return not lock.take(shared=True)
    finally:
        lock.close()


@contextmanager
def in_use_or_alone(directory: Path, reserve: int) -> Iterator[bool]:
    """Have `directory` usable while the block runs: beside the service that has it (True), or as its only user.

    Raises ConfigurationError where it cannot be used.
    """
    try:
        alone = ServiceDirectory(directory, reserve=reserve)
    except InUse:
        yield True
        return
    try:
        yield False
    finally:
        alone.close()


def status(directory: Path) -> SpoolStatus:
    """How the spool in `directory` is, changing nothing. Raises OSError, sqlite3.Error where it cannot be read."""
    running = is_running(directory)
    state = SharedState(directory / "state")
    try:
        files = generations(directory)
        records, size, oldest, refused = _counted(directory, files[-1]) if files else (0, 0, 0, ())
        if running:
            records, size, oldest = state.records, state.bytes, state.oldest
        age = oldest_age(state, time.time()) if running else (max(0.0, time.time() - oldest / 1e6) if oldest else 0.0)
        return SpoolStatus(
            directory=str(directory),
            service_running=running,
            spooling=bool(state.spooling) if running else records > 0,
            breaker=BreakerState(state.breaker).name.lower() if running else "unknown",
            records=records,
            bytes=size,
            oldest_age_seconds=round(age, 3),
            replayed=state.replayed if running else 0,
            failing=bool(state.failing) if running else False,
            refused=state.refused if running else len(refused),
            refused_records=tuple(refused[:LISTED]),
            damaged_files=tuple(sorted(file.name for file in directory.glob("damaged-*"))),
            quarantined=count_waiting(directory),
        )
    finally:
        state.close()


def _counted(directory: Path, generation: int) -> tuple[int, int, int, tuple[RefusedRecord, ...]]:
    """Records, bytes, time of the oldest (epoch microseconds; 0: none) and what was refused, newest first."""
    with closing(connect_to_look(database_file(directory, generation))) as connection:
        count, size = connection.execute("SELECT count(*), sum(length(body)) FROM records").fetchone()
        first = connection.execute(
            "SELECT substr(body, ?, ?) FROM records ORDER BY id LIMIT 1", (AT_PLACE, AT_SIZE)
        ).fetchone()
        refused = _refused(connection)
    return count, size or 0, int.from_bytes(first[0], "little") if first else 0, refused


def _refused(connection: sqlite3.Connection) -> tuple[RefusedRecord, ...]:
    found = []
    for number, body, reason in connection.execute("SELECT id, body, reason FROM refused ORDER BY id DESC"):
        if not is_whole(body):
            continue  # the service will find it, too, and have it rescued
        row = unpacked(number, body)
        event_id = dict(row.record.headers).get("ce_id", b"").decode()
        at = datetime.fromtimestamp(row.at / 1e6, UTC)
        found.append(RefusedRecord(number, row.record.topic, event_id, reason, len(row.record.value), at))
    return tuple(found)
