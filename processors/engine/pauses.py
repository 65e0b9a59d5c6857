"""A processor that an operator has paused: it keeps its partitions and its place, and commits nothing."""

from __future__ import annotations

from datetime import UTC, datetime

from runtime.postgres import Connection

#: Whether the pause `p` holds.
_HOLDS = "p.resumed_at IS NULL AND (p.paused_until IS NULL OR p.paused_until > now())"
#: Whether the group that is given as the next parameter is not paused.
NOT_PAUSED = f"NOT EXISTS (SELECT FROM process_pauses AS p WHERE p.consumer_group = %s AND {_HOLDS})"

_PAUSED = f"""
SELECT p.paused_by, p.reason, p.paused_until FROM process_pauses AS p WHERE p.consumer_group = %s AND {_HOLDS}
ORDER BY p.paused_until DESC NULLS FIRST, p.id DESC LIMIT 1
"""  # noqa: S608 - our statement
_PAUSE = "INSERT INTO process_pauses (consumer_group, paused_by, reason, paused_until) VALUES (%s, %s, %s, %s)"
_RESUME = f"""
UPDATE process_pauses AS p SET resumed_at = now(), resumed_by = %s WHERE p.consumer_group = %s AND {_HOLDS}
"""  # noqa: S608 - our statement


def pause_reason(connection: Connection, group: str) -> str | None:
    """Who has paused `group`, until when and why; None: it is not paused."""
    row = connection.execute(_PAUSED, (group,)).fetchone()
    if row is None:
        return None
    by, reason, until = row
    end = "somebody resumes it" if until is None else until.astimezone(UTC).isoformat(timespec="seconds")
    return f"paused by {by} until {end}: {reason}"


def pause(connection: Connection, group: str, *, by: str, reason: str, until: datetime | None) -> None:
    """Have every member of `group` commit nothing until `until`; None: until it is resumed. For operators."""
    connection.execute(_PAUSE, (group, by, reason, until))


def resume(connection: Connection, group: str, *, by: str) -> bool:
    """End every pause of `group`; whether there was one. For operators."""
    return connection.execute(_RESUME, (by, group)).rowcount > 0
