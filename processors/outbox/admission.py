"""Who may be called now: what a worker asks before it claims tasks, and tells afterwards."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from processors.engine.database import Database
from processors.outbox.budget import URGENCY, Budget
from processors.outbox.queue import OutboxQueue, T, TaskOutcome
from processors.outbox.rate_limiter import PrepaidLimiter
from runtime.postgres import Connection

#: Seconds between two looks while nothing is due.
INTERVAL = 0.1


class Leave(NamedTuple):
    """How many tasks may be taken up now."""

    limit: int
    wait: float = INTERVAL  #: seconds until it is worth asking again, where none may
    is_probe: bool = False  #: the one that may go is a probe


class Admission:
    """Asked for leave before each claim. This one lets everybody go, and learns nothing."""

    def reserve(
        self, database: Database, queue: OutboxQueue[T], free: int, *, unused: int, over: Sequence[TaskOutcome[T]]
    ) -> Leave:
        """Leave for up to `free` tasks, in a transaction of its own.

        `unused`: so many of those reserved before were not claimed. `over`: what has come to its end since then.
        """
        del database, queue, unused, over
        return Leave(free)

    def admit(self, connection: Connection, leave: Leave) -> Leave:
        """The same in the transaction of the claim, after outcomes were recorded."""
        del connection
        return leave

    def claimed(self, connection: Connection, leave: Leave) -> None:
        """Tasks were claimed by `leave`; in the same transaction."""

    def record(self, connection: Connection, outcomes: Sequence[TaskOutcome[T]]) -> None:
        """Learn from `outcomes`; in the transaction that writes them down."""


class PrepaidBudget(Admission):
    """For tasks of one request each: as many are claimed as an API's budget grants beforehand.

    While every call fails there is a pause, so that what is due does not spend the budget on failures.
    """

    def __init__(
        self,
        budget: Budget,
        limiter: PrepaidLimiter,
        *,
        urgent: bool,
        longest_pause: float = 0.8 * URGENCY.total_seconds(),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`limiter`: what the calls report to. An urgent one's pause is shorter than what keeps others waiting."""
        self._budget = budget
        self._limiter = limiter
        self._urgent = urgent
        self._longest_pause = longest_pause
        self._clock = clock
        self._paused_until = 0.0

    def reserve(
        self, database: Database, queue: OutboxQueue[T], free: int, *, unused: int, over: Sequence[TaskOutcome[T]]
    ) -> Leave:
        if unused or over:
            self._report(database, unused, over)
        pause = self._paused_until - self._clock()
        if pause > 0 or free <= 0:
            return Leave(0, max(pause, INTERVAL))
        with database.transaction() as connection:
            due = queue.due(connection, free)
            if not due:
                return Leave(0)
            grant = self._budget.take(connection, due, urgent=self._urgent)
        return Leave(grant.count, INTERVAL if grant.count else min(grant.wait, 0.5))

    def _report(self, database: Database, unused: int, over: Sequence[TaskOutcome[T]]) -> None:
        waits = [outcome.wait for outcome in over if outcome.wait is not None]
        if waits and len(waits) == len(over):
            self._paused_until = self._clock() + min(*waits, self._longest_pause)
        with database.transaction() as connection:
            if unused:
                self._budget.give_back(connection, unused)
            if over:
                self._budget.report(connection, len(over), self._limiter.taken())
