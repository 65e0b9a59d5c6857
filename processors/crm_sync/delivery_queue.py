"""The deliveries of one target as a queue of the outbox: `crm_lanes`, `crm_deliveries` and what they refer to."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID, uuid4

from processors.crm_sync.notes import Head, NotePolicy
from processors.crm_sync.port import CrmTarget
from processors.crm_sync.work import DesiredContact, Job, Link, NoteDraft
from processors.outbox.circuit_breaker import CircuitBreaker
from processors.outbox.queue import DOUBTFUL, OutboxQueue, TaskOutcome
from processors.outbox.statements import statements
from runtime import logs, metrics
from runtime.postgres import Connection

log = logs.logger("processors.crm_sync.delivery_queue")

#: Seconds of a lane's lease in which calls may be made: more than one call may take. Renewed while a worker is at it.
CALLING = 30.0
#: Seconds between two looks at a delivery that waits for its text (`text_queue.py`).
AWAITING = 0.5

_SQL = statements(__package__, "delivery_queue")

#: These count against a delivery if the target has served others meanwhile.
_FAILING = frozenset({"unknown", "later", "bug"})
#: As the metric names what was refused for good.
_REFUSED = frozenset({"not_found", "redirected"})


class DeliveryQueue(OutboxQueue[Job]):
    """Those of one target."""

    def __init__(
        self,
        target: CrmTarget[Any],
        note_policy: NotePolicy,
        *,
        max_failures: int,
        give_up_hours: float,
        look_after: float,
    ) -> None:
        """`max_failures`, `give_up_hours`: after so many failures, or so long, a delivery is dead.

        `look_after`: the worker's; a lease has so many seconds more, in which no call is made.
        """
        self.name = f"crm-{target.place}"
        self.lease = CALLING + look_after
        self._target = target.place
        self._note_policy = note_policy
        self._limits = {"max_failures": max_failures, "give_up": give_up_hours}
        self._dead = 0

    def circuit_breaker(self, *, failures: int, longest: float) -> CircuitBreaker:
        """The target's, with what `HOOKLINE_CRM__BREAKER_...` says."""
        return CircuitBreaker(self._target, _SQL, failures=failures, longest=longest, probe=self.lease)

    def claim(self, connection: Connection, limit: int, until: float) -> Sequence[Job]:
        """Each is the oldest of its contact."""
        token = uuid4()
        values = {"target": self._target, "limit": limit, "lease": self.lease, "token": token}
        phones = {phone for (phone,) in connection.execute(_SQL["lease"], values)}
        if not phones:
            return []
        rows = connection.execute(_SQL["claim"], {"target": self._target, "phones": list(phones)}).fetchall()
        jobs = [_job(row, token, until) for row in rows]
        noted = [(job, head) for job, row in zip(jobs, rows, strict=True) if (head := _head(job, row)) is not None]
        desired_notes = self._note_policy.desired_notes(connection, [head for _, head in noted])
        for (job, _), notes in zip(noted, desired_notes, strict=True):
            job.notes = notes
        self._release(connection, dict.fromkeys(phones - {job.key for job in jobs}), pause=AWAITING)
        return jobs

    def renew(self, connection: Connection, tasks: Sequence[Job]) -> Collection[str]:
        renewed = connection.execute(_SQL["renew"], self._leases(tasks) | {"lease": self.lease})
        return {phone for (phone,) in renewed}

    def release(self, connection: Connection, tasks: Sequence[Job]) -> None:
        """Their deliveries stay doubtful: one question more."""
        self._release(connection, dict.fromkeys(self._locked(connection, tasks), 0.0))

    def record(self, connection: Connection, outcomes: Sequence[TaskOutcome[Job]]) -> None:
        """Also what was learned on the way; counts those that are dead."""
        self._dead = 0
        locked = self._locked(connection, [outcome.task for outcome in outcomes])
        ours = [outcome for outcome in outcomes if outcome.task.key in locked]
        if not ours:
            return
        self._link(connection, [link for outcome in ours for link in outcome.task.learned.values()])
        columns = {
            "ids": [outcome.task.event_id for outcome in ours],
            "attempts": [outcome.task.attempt for outcome in ours],
            "statuses": [_status(outcome) for outcome in ours],
            "details": [outcome.value if outcome.kind == "done" else outcome.detail for outcome in ours],
            "doubts": [_is_doubtful(outcome) for outcome in ours],
            "fails": [outcome.kind in _FAILING for outcome in ours],
            "tried": [outcome.task.tried_at for outcome in ours],
        }
        recorded = connection.execute(_SQL["record"], columns | self._limits | {"target": self._target})
        now = {phone: status for _, phone, status in recorded}
        # Where it is dead, and its last call may be performed yet, the contact's next delivery waits as long.
        waits = {
            outcome.task.key: outcome.wait
            if now.get(outcome.task.key) == "pending" or outcome.kind in DOUBTFUL
            else None
            for outcome in ours
        }
        self._release(connection, waits)
        self._dead = list(now.values()).count("dead")

    def recorded(self, outcomes: Sequence[TaskOutcome[Job]]) -> None:
        for outcome in outcomes:
            kind = "rejected" if outcome.kind in _REFUSED else outcome.kind
            metrics.CRM_ATTEMPTS.labels(self._target, kind).inc()
            if kind != "done":
                log.warning("delivery_failed", target=self._target, kind=kind, reason=outcome.detail)
        if self._dead:
            metrics.CRM_DEAD.labels(self._target).inc(self._dead)
            log.error("deliveries_dead", target=self._target, count=self._dead)

    def _locked(self, connection: Connection, jobs: Sequence[Job]) -> set[str]:
        """The phones of `jobs` whose lanes are still leased for them."""
        return {phone for (phone,) in connection.execute(_SQL["lock"], self._leases(jobs))}

    def _leases(self, jobs: Sequence[Job]) -> dict[str, object]:
        phones, tokens = [job.key for job in jobs], [job.token for job in jobs]
        return {"target": self._target, "phones": phones, "tokens": tokens}

    def _link(self, connection: Connection, links: Sequence[Link]) -> None:
        if links:
            values = {
                "target": self._target,
                "kinds": [link.kind for link in links],
                "keys": [link.key for link in links],
                "ids": [link.remote_id for link in links],
                "writings": [json.dumps(link.written) for link in links],
            }
            connection.execute(_SQL["link"], values)

    def _release(self, connection: Connection, waits: dict[str, float | None], *, pause: float = 0.0) -> None:
        if waits:
            values = {"target": self._target, "phones": list(waits), "waits": list(waits.values()), "pause": pause}
            connection.execute(_SQL["release"], values)


def _status(outcome: TaskOutcome[Job]) -> str:
    return "pending" if not outcome.is_final else "done" if outcome.kind == "done" else "dead"


def _is_doubtful(outcome: TaskOutcome[Job]) -> bool:
    """A doubt of an earlier attempt stays until the delivery is done or dead."""
    return not outcome.is_final and (outcome.task.doubtful or outcome.kind in DOUBTFUL)


def _job(row: Sequence[Any], token: UUID, until: float) -> Job:
    event_id, phone, attempt, doubtful, tried_at, name, tag, tags, opt_out, contact_id, contact_written = row[:11]
    labels = frozenset(filter(None, [tag, *(tags or ())]))
    opted_out = None if opt_out is None else opt_out != "in"
    return Job(
        event_id=event_id,
        key=phone,
        attempt=attempt,
        doubtful=doubtful,
        tried_at=tried_at,
        desired=DesiredContact(name, labels, opted_out),
        contact=Link("contact", phone, contact_id, contact_written or {}),
        token=token,
        leased_until=until,
    )


def _head(job: Job, row: Sequence[Any]) -> Head | None:
    """What is to be noted; None: nothing."""
    key, external_id, kind, provider, account, direction, state, text, first_at, note_id, note_written = row[11:]
    if key is None:
        return None
    draft = NoteDraft(key, external_id, kind, provider, account, direction, state, text, first_at)
    return Head(job.event_id, job.key, draft, Link("note", draft.key, note_id, note_written or {}))
