"""Who has looked at personal data: written down before anything is shown."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from runtime.postgres import Connection


def record_reveal(
    connection: Connection, *, by: str, surface: str, event_ids: Sequence[UUID], reason: str | None
) -> None:
    """Commit that `by` is about to see the personal data of `event_ids` on `surface`. Raises psycopg.Error."""
    with connection.transaction():
        connection.execute(
            "INSERT INTO data_reveals (revealed_by, surface, event_ids, reason) VALUES (%s, %s, %s, %s)",
            (by, surface, list(event_ids), reason),
        )
