"""Works enforcements off: opt-outs become true at a target, oldest first, as fast as its budget allows.

PostgreSQL holds everything that has to survive: which calls are to be made, when each is tried again, and how much
of the budget is used. A process that dies leaves a lease behind, and after it another one makes the call again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta

from processors.api_budget.budget import URGENCY, Budget
from processors.api_budget.purse import Prepaid
from processors.backoff import backoff
from processors.database import Database
from processors.opt_out.ledger import utc_now
from processors.opt_out.target import AccountGone, Locked, NotNow, Refused, Target
from runtime import logs, metrics

log = logs.logger("processors.opt_out.enforcer")

#: Seconds between two looks while nothing waits.
INTERVAL = 0.15
#: Seconds that a round waits for its calls. One that takes longer goes on beside the next rounds.
ROUND = 0.25
#: Longer than a call can take; then another process may take the row.
LEASE = timedelta(seconds=60)
#: A call that an account's absence keeps from being made is tried so often, while the accounts are read again.
TRIES_WITHOUT_ACCOUNT = 5
#: Seconds to wait while a target refuses our credentials.
LOCKED_OUT = 15.0

_DUE = """
SELECT count(*) FROM (SELECT FROM enforcements WHERE target = %(target)s AND status = 'pending'
    AND next_attempt_at <= %(now)s AND (leased_until IS NULL OR leased_until < %(now)s) LIMIT %(limit)s) AS due
"""
# The phone's state is read in the moment in which the call is claimed: whoever is no longer out is not called about.
_CLAIM = """
WITH due AS (
    SELECT e.id FROM enforcements AS e WHERE e.target = %(target)s AND e.status = 'pending'
        AND e.next_attempt_at <= %(now)s AND (e.leased_until IS NULL OR e.leased_until < %(now)s)
        AND EXISTS (SELECT FROM opt_outs AS o WHERE o.phone = e.phone AND o.state = 'out')
    ORDER BY e.next_attempt_at, e.id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
UPDATE enforcements AS e SET leased_until = %(until)s, attempts = e.attempts + 1, last_attempt_at = %(now)s,
    first_attempt_at = COALESCE(e.first_attempt_at, %(now)s)
FROM due, opt_out_ledger AS l WHERE e.id = due.id AND l.position = e.position
RETURNING e.id, e.account, e.phone, e.attempts, l.received_at
"""
_MARK = """
WITH told AS (
    SELECT * FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::timestamptz[]) AS t (id, status, detail, again_at)
), locked AS (
    SELECT e.id FROM enforcements AS e JOIN told USING (id) ORDER BY e.id FOR UPDATE OF e
)
UPDATE enforcements AS e SET detail = told.detail, leased_until = NULL,
    status = CASE WHEN told.status = 'done' OR e.status = 'pending' THEN told.status ELSE e.status END,
    next_attempt_at = COALESCE(told.again_at, e.next_attempt_at),
    done_at = CASE WHEN told.status = 'done' THEN %s ELSE e.done_at END
FROM told JOIN locked USING (id) WHERE e.id = told.id
"""
_READ_ACCOUNTS_AGAIN = "UPDATE target_rounds SET done_at = 'epoch' WHERE target = %s AND work = 'accounts'"


@dataclass(frozen=True, slots=True)
class Call:
    """One call to be made."""

    id: int
    account: str
    phone: str
    attempts: int  #: this one included
    received_at: datetime  #: when the opt-out was received


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it."""

    call: Call
    status: str  #: of the row from here on
    kind: str  #: for the metric: done, later, locked, gone, refused
    detail: str | None = None
    wait: float | None = None  #: seconds until the next try


class Enforcer:
    """One target's. Any number of processes may run one."""

    def __init__(
        self,
        target: Target,
        budget: Budget,
        purse: Prepaid,
        *,
        calls_at_once: int,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """`target` pays from `purse`, which holds what was granted here."""
        self._target = target
        self._budget = budget
        self._purse = purse
        self._at_once = calls_at_once
        self._now = now
        self._pool = ThreadPoolExecutor(calls_at_once, thread_name_prefix=f"enforce-{target.name}")
        self._under_way: set[Future[Outcome]] = set()

    def __call__(self, database: Database) -> float:
        """Make the calls that are due and that the budget allows; seconds until the next round.

        A call that is slow takes one of `calls_at_once` places, and no other call waits for it.
        """
        claimed, pause = self._claim(database)
        self._under_way.update(self._pool.submit(self._make, call) for call in claimed)
        outcomes = self._record_finished(database, ROUND)
        return _pause(outcomes) if outcomes else pause

    def finish(self, database: Database) -> None:
        """Wait for the calls that are under way, and record what came of them."""
        self._record_finished(database, None)

    def close(self) -> None:
        """Let go of threads and connections."""
        self._pool.shutdown()
        self._target.close()

    def _claim(self, database: Database) -> tuple[list[Call], float]:
        """Calls to be made now, leased; where there is none, the seconds to wait."""
        free = self._at_once - len(self._under_way)
        values = {"target": self._target.name, "now": self._now(), "limit": free}
        with database.transaction() as connection:
            [(due,)] = connection.execute(_DUE, values).fetchall()
            if not due:
                return [], INTERVAL
            grant = self._budget.take(connection, due, urgent=True)
        if not grant.count:
            return [], min(grant.wait, 0.5)
        values |= {"limit": grant.count, "until": self._now() + LEASE}
        with database.transaction() as connection:
            calls = [Call(*row) for row in connection.execute(_CLAIM, values)]
            if len(calls) < grant.count:
                self._budget.give_back(connection, grant.count - len(calls))
        return calls, INTERVAL

    def _record_finished(self, database: Database, seconds: float | None) -> list[Outcome]:
        """What came of the calls that are over within `seconds` (None: of all). It is told to PostgreSQL."""
        finished, self._under_way = wait(self._under_way, seconds)
        outcomes = [call.result() for call in finished]
        if outcomes:
            self._record(database, outcomes)
        return outcomes

    def _make(self, call: Call) -> Outcome:
        try:
            self._target.opt_out(call.account, call.phone)
        except NotNow as error:
            return Outcome(call, "pending", "later", str(error), backoff(call.attempts, error))
        except Locked as error:
            return Outcome(call, "pending", "locked", str(error), LOCKED_OUT)
        except AccountGone as error:
            if call.attempts < TRIES_WITHOUT_ACCOUNT:
                return Outcome(call, "pending", "gone", str(error), backoff(call.attempts, error))
            return Outcome(call, "failed", "gone", str(error))
        except Refused as error:
            return Outcome(call, "failed", "refused", str(error))
        return Outcome(call, "done", "done")

    def _record(self, database: Database, outcomes: Sequence[Outcome]) -> None:
        now, name = self._now(), self._target.name
        told = self._purse.taken()
        seen = [one.seen for one in told if one.seen is not None]
        blocked = max((one.blocked for one in told if one.blocked is not None), default=None)
        rows = [
            (one.call.id, one.status, one.detail, None if one.wait is None else now + timedelta(seconds=one.wait))
            for one in outcomes
        ]
        with database.transaction() as connection:
            # A mark that a crash of the database takes away is a call that is made twice, which changes nothing.
            connection.execute("SET LOCAL synchronous_commit = off")
            connection.execute(_MARK, (*map(list, zip(*rows, strict=True)), now))
            if any(one.kind == "gone" for one in outcomes):
                connection.execute(_READ_ACCOUNTS_AGAIN, (name,))
            answered = any(one.answered for one in told)
            self._budget.report(connection, len(outcomes), seen, answered=answered, blocked=blocked)
        for one in outcomes:
            metrics.ENFORCEMENT_CALLS.labels(name, one.kind).inc()
            if one.kind == "done":
                metrics.ENFORCEMENT_SECONDS.labels(name).observe((now - one.call.received_at).total_seconds())
            elif one.status == "failed":
                log.error("enforcement_failed", target=name, account=one.call.account, reason=one.detail)
        metrics.TARGET_LOCKED.labels(name).set(any(one.kind == "locked" for one in outcomes))


def _pause(outcomes: Sequence[Outcome]) -> float:
    """While every call fails there is a pause, shorter than what keeps others from going first."""
    waits = [one.wait for one in outcomes if one.wait is not None]
    return min(*waits, 0.8 * URGENCY.total_seconds()) if len(waits) == len(outcomes) else 0.0
