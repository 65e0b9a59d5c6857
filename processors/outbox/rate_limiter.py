"""Who pays for a request: an allowance that was taken beforehand, or the budget, one request at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from processors.engine.database import Database
from processors.outbox.budget import Budget, RequestResult
from runtime.postgres import Connection


class LimiterStopped(Exception):
    """Give up what was under way: the process stops."""


class RateLimiter(Protocol):
    """Asked before and told after every request, from any number of threads."""

    def acquire(self) -> None:
        """Return when a request may be made. Raises Stopped."""

    def report(self, result: RequestResult) -> None:
        """What came of it."""


@dataclass(slots=True)
class PrepaidLimiter:
    """For requests that were granted beforehand; `taken()` is what to report."""

    _results: list[RequestResult] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def acquire(self) -> None:
        """Nothing to take: the request is paid for."""

    def report(self, result: RequestResult) -> None:
        with self._lock:
            self._results.append(result)

    def taken(self) -> list[RequestResult]:
        """All that was told since the last time."""
        with self._lock:
            result, self._results = self._results, []
        return result


class BudgetLimiter:
    """Takes each request from the budget, and waits for it. Any number of threads may share one."""

    def __init__(
        self, budget: Budget, connect: Callable[[], Connection], sleep: Callable[[float], bool], *, urgent: bool = False
    ) -> None:
        """`sleep` returns True when the process is to stop."""
        self._budget = budget
        self._database = Database(connect)
        self._sleep = sleep
        self._urgent = urgent
        self._lock = threading.Lock()  # of the connection; nobody holds it while waiting for the budget

    def acquire(self) -> None:
        """Raises psycopg.OperationalError where there is no database."""
        while True:
            with self._lock, self._database.transaction() as connection:
                grant = self._budget.take(connection, 1, urgent=self._urgent)
            if grant.count:
                return
            if self._sleep(min(grant.wait, 1.0)):
                raise LimiterStopped

    def report(self, result: RequestResult) -> None:
        with self._lock, self._database.transaction() as connection:
            self._budget.report(connection, 1, [result])

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._database.close()


class Unlimited:
    """For an API that knows no limit."""

    def acquire(self) -> None:
        """Never waits."""

    def report(self, result: RequestResult) -> None:
        """Nothing is counted."""
