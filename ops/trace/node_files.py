"""Steps that only a node of ingest knows: what its quarantine holds of an event."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from ingest.durable.spool.database import connect_to_look
from ingest.quarantine.store import FILE
from ops.trace.hops import EventSteps, HopKind

#: The quarantine has no index by event; it is bounded in bytes, and this reads a few milliseconds' worth of it.
_QUARANTINED = "SELECT received_at, provider, kind, reason, replayed_at FROM kept WHERE event_id = ? ORDER BY id"


def quarantined_event(spool_dir: Path, event_id: UUID) -> bool:
    """Whether the quarantine of `spool_dir` holds a webhook of this event."""
    return bool(_webhooks(spool_dir, event_id))


def add_node_steps(spool_dir: Path, events: Sequence[EventSteps]) -> None:
    """Add to `events` what the quarantine of `spool_dir` knows of them."""
    for event in events:
        found = _webhooks(spool_dir, event.event_id)
        for received_at, provider, kind, reason, replayed_at in found:
            about = {"provider": provider, "kind": kind, "reason": reason}
            event.add(_moment(received_at), HopKind.QUARANTINED, **about, replayed_at=_moment(replayed_at))
        if found:
            event.sort()


def _webhooks(spool_dir: Path, event_id: UUID) -> list[tuple[Any, ...]]:
    """None where there is no quarantine that can be read: the tables' answer is worth giving without it."""
    file = spool_dir / FILE
    try:
        if not file.exists():
            return []
        with closing(connect_to_look(file)) as connection:
            return connection.execute(_QUARANTINED, (str(event_id),)).fetchall()
    except (OSError, sqlite3.Error):
        return []


def _moment(micros: int | None) -> datetime | None:
    return None if micros is None else datetime.fromtimestamp(micros / 1e6, UTC)
