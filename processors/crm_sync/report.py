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
# By the indexes of what is pending and what is dead: what is done is not counted.
_WAITING = """
SELECT COALESCE(t.target, d.target), COALESCE(d.pending, 0)::bigint, COALESCE(d.dead, 0)::bigint,
    CASE WHEN t.paused_until > now() THEN t.paused_until END, t.reason, COALESCE(t.failures, 0), t.served_at
FROM crm_targets AS t FULL JOIN (
    SELECT target, sum(pending) AS pending, sum(dead) AS dead FROM (
        SELECT target, count(*) AS pending, 0 AS dead FROM crm_deliveries WHERE status = 'pending' GROUP BY target
        UNION ALL SELECT target, 0, count(*) FROM crm_deliveries WHERE status = 'dead' GROUP BY target
    ) AS both_of_them GROUP BY target
) AS d USING (target) ORDER BY 1
"""
_DEAD = """
SELECT target, event_id, event_type, attempts, failures, detail, received_at, first_attempt_at, last_attempt_at
FROM crm_deliveries
WHERE status = 'dead' AND (%(target)s::text IS NULL OR target = %(target)s)
    AND (%(reason)s::text IS NULL OR COALESCE(detail, '') = %(reason)s)
    AND (%(event)s::uuid IS NULL OR event_id = %(event)s)
"""
_NEWEST = _DEAD + "ORDER BY last_attempt_at DESC, event_id LIMIT %(limit)s"
_OLDEST = _DEAD + "ORDER BY received_at, event_id LIMIT %(limit)s"
_BY_REASON = """
SELECT target, COALESCE(detail, ''), count(*), min(last_attempt_at), max(last_attempt_at) FROM crm_deliveries
WHERE status = 'dead' AND (%(target)s::text IS NULL OR target = %(target)s) GROUP BY 1, 2 ORDER BY 1, 2
"""
# What is dead has an outcome that is known, or a doubt that is kept: it is asked about before it is repeated.
_REDRIVE = """
WITH chosen AS (
    SELECT event_id, target FROM crm_deliveries
    WHERE status = 'dead' AND target = %(target)s AND event_id = ANY (%(events)s) ORDER BY event_id FOR UPDATE
), back AS (
    UPDATE crm_deliveries AS d SET status = 'pending', failures = 0, first_attempt_at = NULL, detail = 'redriven'
    FROM chosen WHERE d.event_id = chosen.event_id AND d.target = chosen.target
    RETURNING d.target, d.contact_phone, d.event_id
), woken AS (
    INSERT INTO crm_lanes AS l (target, contact_phone, next_attempt_at)
    SELECT DISTINCT target, contact_phone, now() FROM back ORDER BY target, contact_phone
    ON CONFLICT (target, contact_phone) DO UPDATE SET next_attempt_at = COALESCE(l.next_attempt_at, now())
)
SELECT event_id FROM back
"""


@dataclass(frozen=True, slots=True)
class TargetBacklog:
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
class CrmState:
    """What waits for one target, and how its calls go."""

    target: str
    pending: int
    dead: int
    paused_until: datetime | None  #: None: it is not paused
    reason: str | None  #: of the pause, the present or the last
    failures: int  #: pauses in a row
    served_at: datetime | None

    @property
    def state(self) -> str:
        """ok, paused or dead: what a person looks at first."""
        return "paused" if self.paused_until else "dead" if self.dead else "ok"


@dataclass(frozen=True, slots=True)
class Dead:
    """A delivery that failed for good; nothing in it is personal."""

    target: str
    event_id: UUID
    event_type: str
    attempts: int
    failures: int
    reason: str | None
    received_at: datetime
    first_attempt_at: datetime | None
    last_attempt_at: datetime | None


def standings(connection: Connection) -> Sequence[TargetBacklog]:
    """Every target that anything was ever ordered at."""
    return [TargetBacklog(*row) for row in connection.execute(_STANDINGS)]


def states(connection: Connection) -> Sequence[CrmState]:
    """Every target that anything waits for, or ever did, and how its calls go."""
    return [CrmState(*row) for row in connection.execute(_WAITING)]


def newest_dead(connection: Connection, target: str | None, limit: int, *, event: UUID | None = None) -> Sequence[Dead]:
    """The dead deliveries of `target` (None: of all) that failed last, the newest first; or that of one event."""
    values = {"target": target, "limit": limit, "reason": None, "event": event}
    return [Dead(*row) for row in connection.execute(_NEWEST, values)]


def oldest_dead(
    connection: Connection, target: str, limit: int, *, reason: str | None = None, event: UUID | None = None
) -> Sequence[Dead]:
    """The dead deliveries of `target` in order of receipt: those of one reason, or that of one event."""
    values = {"target": target, "limit": limit, "reason": reason, "event": event}
    return [Dead(*row) for row in connection.execute(_OLDEST, values)]


def dead_by_reason(connection: Connection, target: str | None) -> Sequence[tuple[str, str, int, datetime, datetime]]:
    """Target, reason, how many, when the first and the last of them failed."""
    rows = connection.execute(_BY_REASON, {"target": target})
    return [(str(name), str(reason), int(count), first, last) for name, reason, count, first, last in rows]


def redrive(connection: Connection, target: str, events: Sequence[UUID]) -> set[UUID]:
    """Have the deliveries of `events` at `target` tried again, those that are dead; which these were."""
    values = {"target": target, "events": list(events)}
    return {event_id for (event_id,) in connection.execute(_REDRIVE, values)}
