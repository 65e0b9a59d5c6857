"""Enforcements as a queue of the outbox: opt-outs become true at a target, as fast as its budget allows.

PostgreSQL holds everything that has to survive: which calls are to be made, when each is tried again, and how much
of the budget is used. A call may be made twice, which changes nothing; none is ever given up for being late. After a
restore of PostgreSQL the target is asked first: another call would take from its budget for nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from processors.opt_out.ledger import utc_now
from processors.opt_out.target import OptOutTarget
from processors.outbox.admission import PrepaidBudget
from processors.outbox.budget import Budget
from processors.outbox.queue import OutboxQueue, OutboxTask, TaskOutcome
from processors.outbox.rate_limiter import PrepaidLimiter
from processors.outbox.statements import statements
from processors.outbox.worker import TIME_LIMIT, OutboxWorker
from runtime import logs, metrics
from runtime.postgres import Connection

log = logs.logger("processors.opt_out.enforcement_queue")

#: Seconds of a lease: longer than a call can take; then another process may take the row.
LEASE = 60.0
#: A call that an account's absence keeps from being made is tried so often, while the accounts are read again.
TRIES_WITHOUT_ACCOUNT = 5

_SQL = statements(__package__, "enforcement_queue")

#: As the metric names outcomes; any other is "later".
_LABELS = {"done": "done", "locked": "locked", "not_found": "gone", "rejected": "refused", "bug": "bug"}


@dataclass(slots=True, kw_only=True)
class EnforcementCall(OutboxTask):
    """One call to be made."""

    id: int
    account: str
    phone: str
    received_at: datetime  #: when the opt-out was received
    doubtful: bool  #: the call may have been made before PostgreSQL was restored


class EnforcementQueue(OutboxQueue[EnforcementCall]):
    """One target's."""

    def __init__(self, target: OptOutTarget[Any], now: Callable[[], datetime] = utc_now) -> None:
        self.name = f"enforce-{target.name}"
        self.lease = LEASE
        self._target = target
        self._now = now

    def due(self, connection: Connection, limit: int) -> int:
        values = {"target": self._target.name, "now": self._now(), "limit": limit}
        [(count,)] = connection.execute(_SQL["due"], values).fetchall()
        return int(count)

    def claim(self, connection: Connection, limit: int, until: float) -> Sequence[EnforcementCall]:
        now = self._now()
        lease = now + timedelta(seconds=self.lease)
        values = {"target": self._target.name, "now": now, "limit": limit, "until": lease}
        rows = connection.execute(_SQL["claim"], values).fetchall()
        return [
            EnforcementCall(
                key=str(row_id), attempt=attempt, leased_until=until, id=row_id, account=account, phone=phone,
                received_at=received_at, event_id=event_id, doubtful=doubtful,
            )
            for row_id, account, phone, attempt, doubtful, received_at, event_id in rows
        ]  # fmt: skip

    def release(self, connection: Connection, tasks: Sequence[EnforcementCall]) -> None:
        values = {"ids": [call.id for call in tasks], "attempts": [call.attempt for call in tasks]}
        connection.execute(_SQL["release"], values)

    def record(self, connection: Connection, outcomes: Sequence[TaskOutcome[EnforcementCall]]) -> None:
        now, statuses = self._now(), [_status(outcome) for outcome in outcomes]
        waits = [
            outcome.wait if status == "pending" else None for outcome, status in zip(outcomes, statuses, strict=True)
        ]
        values = {
            "ids": [outcome.task.id for outcome in outcomes],
            "attempts": [outcome.task.attempt for outcome in outcomes],
            "statuses": statuses,
            "details": [outcome.detail for outcome in outcomes],
            "again": [None if wait is None else now + timedelta(seconds=wait) for wait in waits],
            "now": now,
        }
        connection.execute(_SQL["record"], values)
        if any(outcome.kind == "not_found" for outcome in outcomes):
            connection.execute(_SQL["read_accounts_again"], (self._target.name,))

    def recorded(self, outcomes: Sequence[TaskOutcome[EnforcementCall]]) -> None:
        now, name = self._now(), self._target.name
        for outcome in outcomes:
            metrics.ENFORCEMENT_CALLS.labels(name, _LABELS.get(outcome.kind, "later")).inc()
            if outcome.kind == "done":
                metrics.ENFORCEMENT_SECONDS.labels(name).observe((now - outcome.task.received_at).total_seconds())
            elif _status(outcome) == "failed":
                log.error("enforcement_failed", target=name, account=outcome.task.account, reason=outcome.detail)
        metrics.TARGET_LOCKED.labels(name).set(any(outcome.kind == "locked" for outcome in outcomes))

    def close(self) -> None:
        self._target.close()


def enforcer_of(
    target: OptOutTarget[Any],
    budget: Budget,
    limiter: PrepaidLimiter,
    *,
    calls_at_once: int,
    now: Callable[[], datetime] = utc_now,
) -> OutboxWorker[EnforcementCall]:
    """Who works `target`'s enforcements off. `target` pays from `limiter`, which holds what `budget` granted here."""
    queue, admission = EnforcementQueue(target, now), PrepaidBudget(budget, limiter, urgent=True)
    return OutboxWorker(
        queue,
        lambda call: _opt_out(target, call),
        admission,
        at_once=calls_at_once,
        gathering=TIME_LIMIT,  # what is not reported when a window of the budget ends counts in the next one, too
    )


def _opt_out(target: OptOutTarget[Any], call: EnforcementCall) -> None:
    if not (call.doubtful and target.out_of(call.account, [call.phone])):
        target.opt_out(call.account, call.phone)


def _status(outcome: TaskOutcome[EnforcementCall]) -> str:
    """Of the row from here on. A service that is elsewhere (a redirect) is called again once its address is mended."""
    if outcome.kind == "done":
        return "done"
    gone = outcome.kind == "not_found" and outcome.task.attempt >= TRIES_WITHOUT_ACCOUNT
    return "failed" if gone or outcome.kind == "rejected" else "pending"
