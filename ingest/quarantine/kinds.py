"""What waits in a node's quarantine, by provider and reason."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from ingest.durable.spool.database import connect_to_look
from ingest.quarantine.store import FILE

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class RefusedKind(NamedTuple):
    """Webhooks that wait in a quarantine, of one provider and refused for one reason."""

    provider: str
    reason: str
    webhooks: int
    oldest: datetime


def kinds_of(directory: Path) -> list[RefusedKind]:
    """What the quarantine of `directory` holds, the most first. Raises OSError, sqlite3.Error."""
    file = directory / FILE
    if not file.exists():
        return []
    with closing(connect_to_look(file)) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'kept_by_reason'").fetchone():
            return []  # no worker of this version has opened it yet: without the index every body would be read
        rows = connection.execute(
            "SELECT provider, reason, count(*), min(received_at) FROM kept WHERE replayed_at IS NULL "
            "GROUP BY provider, reason ORDER BY count(*) DESC"
        ).fetchall()
    return [
        RefusedKind(provider, reason, count, EPOCH + timedelta(microseconds=oldest))
        for provider, reason, count, oldest in rows
    ]
