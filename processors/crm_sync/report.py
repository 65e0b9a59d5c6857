"""How the CRMs are doing, for people, and a second chance for what is dead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from runtime.postgres import Connection

_STANDINGS = """
SELECT COALESCE(t.target, d.target), COALESCE(d.pending, 0), COALESCE(d.dead, 0), COALESCE(d.done, 0),
    COALESCE(d.doubtful, 0), d.oldest, CASE WHEN t.paused_until > now() THEN t.paused_until END, t.reason, t.served_at
FROM crm_targets AS t FULL JOIN (
    SELECT target, count(*) FILTER (WHERE status = 'pending') AS pending,
        count(*) FILTER (WHERE status = 'dead') AS dead,
        count(*) FILTER (WHERE status = 'done') AS done,
        count(*) FILTER (WHERE status = 'pending' AND doubtful) AS doubtful,
        min(received_at) FILTER (WHERE status = 'pending') AS oldest
    FROM crm_deliveries GROUP BY target
) AS d USING (target) ORDER BY 1
"""
_DEAD = """
SELECT target, event_id, event_type, attempts, failures, detail, last_attempt_at FROM crm_deliveries
WHERE status = 'dead' AND (%(target)s::text IS NULL OR target = %(target)s)
ORDER BY last_attempt_at DESC LIMIT %(limit)s
"""
# What is dead has an outcome that is known, or a doubt that is kept: it is asked about before it is repeated.
_REDRIVE = """
WITH chosen AS (
    SELECT event_id, target FROM crm_deliveries WHERE status = 'dead' AND target = %(target)s
    ORDER BY received_at, event_id LIMIT %(limit)s FOR UPDATE
), back AS (
    UPDATE crm_deliveries AS d SET status = 'pending', failures = 0, first_attempt_at = NULL, detail = 'redriven'
    FROM chosen WHERE d.event_id = chosen.event_id AND d.target = chosen.target RETURNING d.target, d.contact_phone
), woken AS (
    INSERT INTO crm_lanes AS l (target, contact_phone, next_attempt_at)
    SELECT DISTINCT target, contact_phone, now() FROM back ORDER BY target, contact_phone
    ON CONFLICT (target, contact_phone) DO UPDATE SET next_attempt_at = COALESCE(l.next_attempt_at, now())
)
SELECT count(*) FROM back
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """One target."""

    target: str
    pending: int
    dead: int
    done: int
    doubtful: int  #: pending, and whether its last call went through is not known
    oldest: datetime | None  #: receipt of the oldest that waits
    paused_until: datetime | None  #: None: it is not paused
    reason: str | None  #: of the pause, the present or the last
    served_at: datetime | None


@dataclass(frozen=True, slots=True)
class Dead:
    """A delivery that failed for good; nothing in it is personal."""

    target: str
    event_id: UUID
    event_type: str
    attempts: int
    failures: int
    reason: str | None
    last_attempt_at: datetime | None


def standings(connection: Connection) -> Sequence[Standing]:
    """Every target that anything was ever ordered at."""
    return [Standing(*row) for row in connection.execute(_STANDINGS)]


def dead(connection: Connection, target: str | None, limit: int) -> Sequence[Dead]:
    """The newest dead deliveries."""
    return [Dead(*row) for row in connection.execute(_DEAD, {"target": target, "limit": limit})]


def redrive(connection: Connection, target: str, limit: int) -> int:
    """Have the oldest dead deliveries of `target` tried again; how many."""
    [(count,)] = connection.execute(_REDRIVE, {"target": target, "limit": limit}).fetchall()
    return int(count)
