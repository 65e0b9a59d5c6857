"""Works enforcements off: opt-outs become true at a target, oldest first, as fast as its budget allows.

PostgreSQL holds everything that has to survive: which calls are to be made, when each is tried again, and how much
of the budget is used. A process that dies leaves a lease behind, and after it another one makes the call again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta

from processors.engine.database import Database
from processors.opt_out.ledger import utc_now
from processors.opt_out.target import OptOutTarget
from processors.outbox.backoff import backoff
from processors.outbox.budget import URGENCY, Budget
from processors.outbox.errors import CredentialsRefused, NotFound, Redirected, Rejected, RetryLater
from processors.outbox.rate_limiter import PrepaidLimiter
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
class EnforcementCall:
    """One call to be made."""

    id: int
    account: str
    phone: str
    attempts: int  #: this one included
    received_at: datetime  #: when the opt-out was received


@dataclass(frozen=True, slots=True)
class EnforcementOutcome:
    """What came of it."""

    call: EnforcementCall
    status: str  #: of the row from here on
    kind: str  #: for the metric: done, later, locked, gone, refused
    detail: str | None = None
    wait: float | None = None  #: seconds until the next try


class Enforcer:
    """One target's. Any number of processes may run one."""

    def __init__(
        self,
        target: OptOutTarget,
        budget: Budget,
        limiter: PrepaidLimiter,
        *,
        calls_at_once: int,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """`target` pays from `limiter`, which holds what was granted here."""
        self._target = target
        self._budget = budget
        self._limiter = limiter
        self._at_once = calls_at_once
        self._now = now
        self._pool = ThreadPoolExecutor(calls_at_once, thread_name_prefix=f"enforce-{target.name}")
        self._under_way: set[Future[EnforcementOutcome]] = set()

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

    def _claim(self, database: Database) -> tuple[list[EnforcementCall], float]:
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
            calls = [EnforcementCall(*row) for row in connection.execute(_CLAIM, values)]
            if len(calls) < grant.count:
                self._budget.give_back(connection, grant.count - len(calls))
        return calls, INTERVAL

    def _record_finished(self, database: Database, seconds: float | None) -> list[EnforcementOutcome]:
        """What came of the calls that are over within `seconds` (None: of all). It is told to PostgreSQL."""
        finished, self._under_way = wait(self._under_way, seconds)
        outcomes = [call.result() for call in finished]
        if outcomes:
            self._record(database, outcomes)
        return outcomes

    def _make(self, call: EnforcementCall) -> EnforcementOutcome:
        try:
            self._target.opt_out(call.account, call.phone)
        except CredentialsRefused as error:
            return EnforcementOutcome(call, "pending", "locked", str(error), LOCKED_OUT)
        except (RetryLater, Redirected) as error:
            wait = backoff(call.attempts, getattr(error, "retry_after", None))
            return EnforcementOutcome(call, "pending", "later", str(error), wait)
        except NotFound as error:
            if call.attempts < TRIES_WITHOUT_ACCOUNT:
                return EnforcementOutcome(call, "pending", "gone", str(error), backoff(call.attempts))
            return EnforcementOutcome(call, "failed", "gone", str(error))
        except Rejected as error:
            return EnforcementOutcome(call, "failed", "refused", str(error))
        return EnforcementOutcome(call, "done", "done")

    def _record(self, database: Database, outcomes: Sequence[EnforcementOutcome]) -> None:
        now, name = self._now(), self._target.name
        results = self._limiter.taken()
        seen = [result.seen for result in results if result.seen is not None]
        blocked = max((result.blocked for result in results if result.blocked is not None), default=None)
        rows = [
            (
                outcome.call.id,
                outcome.status,
                outcome.detail,
                None if outcome.wait is None else now + timedelta(seconds=outcome.wait),
            )
            for outcome in outcomes
        ]
        with database.transaction() as connection:
            # A mark that a crash of the database takes away is a call that is made twice, which changes nothing.
            connection.execute("SET LOCAL synchronous_commit = off")
            connection.execute(_MARK, (*map(list, zip(*rows, strict=True)), now))
            if any(outcome.kind == "gone" for outcome in outcomes):
                connection.execute(_READ_ACCOUNTS_AGAIN, (name,))
            answered = any(result.answered for result in results)
            self._budget.report(connection, len(outcomes), seen, answered=answered, blocked=blocked)
        for outcome in outcomes:
            metrics.ENFORCEMENT_CALLS.labels(name, outcome.kind).inc()
            if outcome.kind == "done":
                metrics.ENFORCEMENT_SECONDS.labels(name).observe((now - outcome.call.received_at).total_seconds())
            elif outcome.status == "failed":
                log.error("enforcement_failed", target=name, account=outcome.call.account, reason=outcome.detail)
        metrics.TARGET_LOCKED.labels(name).set(any(outcome.kind == "locked" for outcome in outcomes))


def _pause(outcomes: Sequence[EnforcementOutcome]) -> float:
    """While every call fails there is a pause, shorter than what keeps others from going first."""
    waits = [outcome.wait for outcome in outcomes if outcome.wait is not None]
    return min(*waits, 0.8 * URGENCY.total_seconds()) if len(waits) == len(outcomes) else 0.0
