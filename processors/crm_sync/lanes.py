"""Taking deliveries up and laying them down: `crm_lanes`, `crm_deliveries` and what they refer to.

A lane is one contact at one target. Whoever holds its lease has its oldest delivery; `doubtful` is set with the lease,
before any call, and cleared by an outcome that is known. So a worker that dies leaves a doubt behind, never a lie.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from processors.crm_sync.note_policy import Head, NotePolicy
from processors.crm_sync.work import DesiredContact, Job, Link, NoteDraft
from runtime.postgres import Connection

#: Seconds that a lane is leased for; renewed while a worker is at it.
LEASE = 60.0
#: Seconds between two looks at a delivery that waits for its text (`texts.py`).
AWAITING = 0.5

_LEASE = """
WITH due AS (
    SELECT target, contact_phone FROM crm_lanes WHERE target = %(target)s AND next_attempt_at <= clock_timestamp()
    ORDER BY next_attempt_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
UPDATE crm_lanes AS l SET next_attempt_at = clock_timestamp() + %(lease)s * interval '1 second'
FROM due WHERE l.target = due.target AND l.contact_phone = due.contact_phone
RETURNING l.contact_phone, l.next_attempt_at
"""
# In a statement of its own: it has to see what was done in the lanes until they were locked. Links are looked up row by
# row: where there are no statistics yet, a join would have PostgreSQL read all links of the target for each.
_TAKE = """
WITH head AS (
    SELECT d.* FROM unnest(%(phones)s::text[]) AS lane (phone) CROSS JOIN LATERAL (
        SELECT event_id, note_key, doubtful, last_attempt_at FROM crm_deliveries
        WHERE target = %(target)s AND contact_phone = lane.phone AND status = 'pending'
        ORDER BY received_at, event_id LIMIT 1
    ) AS d
    WHERE NOT EXISTS (SELECT FROM crm_notes AS n WHERE n.note_key = d.note_key AND n.text_due_at IS NOT NULL
        AND n.text_awaited_until > clock_timestamp())
), taken AS (
    UPDATE crm_deliveries AS d SET attempts = d.attempts + 1, doubtful = true, last_attempt_at = clock_timestamp(),
        first_attempt_at = COALESCE(d.first_attempt_at, clock_timestamp())
    FROM head WHERE d.event_id = head.event_id AND d.target = %(target)s
    RETURNING d.event_id, d.contact_phone, d.note_key, d.attempts, head.doubtful, head.last_attempt_at
), kept AS (
    INSERT INTO crm_links (target, kind, key, external_id)
    SELECT %(target)s, 'note', note_key, min(event_id::text) FROM taken WHERE note_key IS NOT NULL GROUP BY note_key
    ON CONFLICT DO NOTHING
)
SELECT t.event_id, t.contact_phone, t.attempts, t.doubtful, t.last_attempt_at,
    c.name, c.tag, c.tags, c.opt_out_state, contact.remote_id, contact.written,
    n.note_key, COALESCE(note.external_id, t.event_id::text), n.kind, n.provider, n.account, n.direction, n.state,
    n.text, n.first_at, note.remote_id, note.written
FROM taken AS t
LEFT JOIN crm_contacts AS c ON c.phone = t.contact_phone
LEFT JOIN crm_notes AS n ON n.note_key = t.note_key
LEFT JOIN LATERAL (SELECT remote_id, written FROM crm_links
    WHERE target = %(target)s AND kind = 'contact' AND key = t.contact_phone LIMIT 1) AS contact ON true
LEFT JOIN LATERAL (SELECT external_id, remote_id, written FROM crm_links
    WHERE target = %(target)s AND kind = 'note' AND key = t.note_key LIMIT 1) AS note ON true
"""
_LOCK = """
SELECT l.contact_phone FROM crm_lanes AS l
JOIN unnest(%(phones)s::text[], %(leases)s::timestamptz[]) AS mine (phone, lease) ON l.contact_phone = mine.phone
WHERE l.target = %(target)s AND l.next_attempt_at = mine.lease
ORDER BY l.contact_phone FOR UPDATE OF l
"""
# Locked in order of the phones wherever several lanes are, so that nobody waits in a circle. This one, which may follow
# another in its transaction, waits for nobody: a lease is renewed several times before it is over.
_RENEW = f"""
WITH locked AS ({_LOCK} SKIP LOCKED)
UPDATE crm_lanes AS l SET next_attempt_at = clock_timestamp() + %(lease)s * interval '1 second'
FROM locked WHERE l.target = %(target)s AND l.contact_phone = locked.contact_phone
RETURNING l.contact_phone, l.next_attempt_at
"""  # noqa: S608 - our own statement
_LINK = """
INSERT INTO crm_links AS l (target, kind, key, remote_id, written)
SELECT %(target)s, kind, key, remote_id, written
FROM unnest(%(kinds)s::text[], %(keys)s::text[], %(ids)s::text[], %(writings)s::jsonb[])
    AS t (kind, key, remote_id, written)
ON CONFLICT (target, kind, key) DO UPDATE SET remote_id = EXCLUDED.remote_id, written = EXCLUDED.written
"""
# The status is asked for in a way that no index serves, for the same reason: the one of all that waits seems best.
_OUTCOMES = """
UPDATE crm_deliveries AS d SET detail = told.detail, doubtful = told.doubtful, failures = d.failures + told.counted,
    done_at = CASE WHEN told.status = 'done' THEN clock_timestamp() END,
    status = CASE WHEN told.status = 'done' AND EXISTS (SELECT FROM crm_notes AS n
            WHERE n.note_key = d.note_key AND n.text_at > d.last_attempt_at) THEN 'pending'
        WHEN told.status = 'pending' AND (d.failures + told.counted >= %(max_failures)s
        OR d.first_attempt_at < clock_timestamp() - %(give_up)s * interval '1 hour') THEN 'dead' ELSE told.status END
FROM (
    SELECT told.*, COALESCE(told.fails AND t.served_at > told.tried_at, false)::integer AS counted
    FROM unnest(%(ids)s::uuid[], %(attempts)s::integer[], %(statuses)s::text[], %(details)s::text[],
        %(doubts)s::boolean[], %(fails)s::boolean[], %(tried)s::timestamptz[])
        AS told (event_id, attempt, status, detail, doubtful, fails, tried_at)
    LEFT JOIN crm_targets AS t ON t.target = %(target)s
) AS told (event_id, attempt, status, detail, doubtful, fails, tried_at, counted)
WHERE d.event_id = told.event_id AND d.target = %(target)s AND d.attempts = told.attempt AND d.status || '' = 'pending'
RETURNING d.event_id, d.contact_phone, d.status
"""
_RELEASE = """
UPDATE crm_lanes AS l SET next_attempt_at = CASE
    WHEN mine.wait IS NOT NULL THEN clock_timestamp() + mine.wait * interval '1 second'
    WHEN EXISTS (SELECT FROM crm_deliveries AS d WHERE d.target = %(target)s AND d.contact_phone = l.contact_phone
        AND d.status = 'pending') THEN clock_timestamp() + %(pause)s * interval '1 second' END
FROM unnest(%(phones)s::text[], %(waits)s::double precision[]) AS mine (phone, wait)
WHERE l.target = %(target)s AND l.contact_phone = mine.phone
"""


@dataclass(frozen=True, slots=True)
class DeliveryOutcome:
    """What came of one attempt."""

    job: Job
    status: str  #: "done", "pending" or "dead"
    kind: str  #: for the metric: done, later, unknown, asked, locked, rejected, lease_lost, bug
    detail: str | None = None
    wait: float | None = None  #: seconds until the next try
    doubtful: bool = False
    fails: bool = False  #: it counts against the delivery if the target has served others meanwhile


class Lanes:
    """Those of one target."""

    def __init__(self, target: str, note_policy: NotePolicy, *, max_failures: int, give_up_hours: float) -> None:
        self._target = target
        self._note_policy = note_policy
        self._limits = {"max_failures": max_failures, "give_up": give_up_hours}

    def take(self, connection: Connection, limit: int, *, is_probe: bool) -> list[Job]:
        """Up to `limit` deliveries, each the oldest of its contact. Committed before any call is made."""
        values = {"target": self._target, "limit": limit, "lease": LEASE}
        until = time.monotonic() + LEASE
        leases: dict[str, datetime] = dict(connection.execute(_LEASE, values).fetchall())
        if not leases:
            return []
        rows = connection.execute(_TAKE, {"target": self._target, "phones": list(leases)}).fetchall()
        jobs = [_job(row, leases[row[1]], until, is_probe=is_probe) for row in rows]
        noted = [(job, head) for job, row in zip(jobs, rows, strict=True) if (head := _head(job, row)) is not None]
        desired_notes = self._note_policy.desired_notes(connection, [head for _, head in noted])
        for (job, _), notes in zip(noted, desired_notes, strict=True):
            job.notes = notes
        idle = leases.keys() - {job.phone for job in jobs}
        self._release(connection, dict.fromkeys(idle), pause=AWAITING)
        return jobs

    def renew(self, connection: Connection, jobs: Sequence[Job]) -> None:
        """Keep the lanes of `jobs`; one that is not ours any more stays as it is, and its lease runs out."""
        until = time.monotonic() + LEASE
        found: dict[str, datetime] = dict(connection.execute(_RENEW, self._leases(jobs) | {"lease": LEASE}).fetchall())
        for job in jobs:
            if job.phone in found:
                job.lease, job.leased_until = found[job.phone], until

    def record(self, connection: Connection, outcomes: Sequence[DeliveryOutcome]) -> list[str]:
        """Write `outcomes` down; the contacts whose delivery is dead by it. Those whose lane was lost are left out."""
        locked = {phone for (phone,) in connection.execute(_LOCK, self._leases([outcome.job for outcome in outcomes]))}
        mine = [outcome for outcome in outcomes if outcome.job.phone in locked]
        if not mine:
            return []
        self._link(connection, [link for outcome in mine for link in outcome.job.learned.values()])
        columns = zip(
            *(
                (
                    outcome.job.event_id,
                    outcome.job.attempt,
                    outcome.status,
                    outcome.detail,
                    outcome.doubtful,
                    outcome.fails,
                    outcome.job.tried_at,
                )
                for outcome in mine
            ),
            strict=True,
        )
        names = ("ids", "attempts", "statuses", "details", "doubts", "fails", "tried")
        values_of_rows = dict(zip(names, map(list, columns), strict=True)) | self._limits | {"target": self._target}
        now = {phone: status for _, phone, status in connection.execute(_OUTCOMES, values_of_rows)}
        waits = {
            outcome.job.phone: outcome.wait if now.get(outcome.job.phone) == "pending" else None for outcome in mine
        }
        self._release(connection, waits)
        return [phone for phone, status in now.items() if status == "dead"]

    def _leases(self, jobs: Sequence[Job]) -> dict[str, object]:
        return {
            "target": self._target,
            "phones": [job.phone for job in jobs],
            "leases": [job.lease for job in jobs],
        }

    def _link(self, connection: Connection, links: Sequence[Link]) -> None:
        if links:
            values = {
                "target": self._target,
                "kinds": [link.kind for link in links],
                "keys": [link.key for link in links],
                "ids": [link.remote_id for link in links],
                "writings": [json.dumps(link.written) for link in links],
            }
            connection.execute(_LINK, values)

    def _release(self, connection: Connection, waits: dict[str, float | None], *, pause: float = 0.0) -> None:
        if waits:
            values = {"target": self._target, "phones": list(waits), "waits": list(waits.values()), "pause": pause}
            connection.execute(_RELEASE, values)


def _job(row: Sequence[object], lease: datetime, until: float, *, is_probe: bool) -> Job:
    event_id, phone, attempt, doubtful, tried_at, name, tag, tags, opt_out, contact_id, contact_written = row[:11]
    labels = frozenset(filter(None, [tag, *(tags or ())]))  # type: ignore[misc] # text[], by the table
    opted_out = None if opt_out is None else opt_out != "in"
    return Job(
        event_id=event_id,  # type: ignore[arg-type]
        phone=phone,  # type: ignore[arg-type]
        attempt=attempt,  # type: ignore[arg-type]
        doubtful=doubtful,  # type: ignore[arg-type]
        tried_at=tried_at,  # type: ignore[arg-type]
        desired=DesiredContact(name, labels, opted_out),  # type: ignore[arg-type]
        contact=Link("contact", phone, contact_id, contact_written or {}),  # type: ignore[arg-type]
        lease=lease,
        leased_until=until,
        is_probe=is_probe,
    )


def _head(job: Job, row: Sequence[object]) -> Head | None:
    """What is to be noted; None: nothing."""
    key, external_id, kind, provider, account, direction, state, text, first_at, note_id, note_written = row[11:]
    if key is None:
        return None
    draft = NoteDraft(key, external_id, kind, provider, account, direction, state, text, first_at)  # type: ignore[arg-type]
    return Head(job.event_id, job.phone, draft, Link("note", draft.key, note_id, note_written or {}))  # type: ignore[arg-type]
