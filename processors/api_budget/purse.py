"""Who pays for a request: an allowance that was taken beforehand, or the budget, one request at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from processors.api_budget.budget import Budget, Seen
from processors.database import Database
from runtime.postgres import Connection


@dataclass(frozen=True, slots=True)
class Told:
    """What came of one request."""

    seen: Seen | None = None  #: its headers, where it had any
    answered: bool = True
    blocked: float | None = None  #: seconds that the API asked to wait (429)


class Stopped(Exception):
    """Give up what was under way: the process stops."""


class Purse(Protocol):
    """Asked before and told after every request, from any number of threads."""

    def pay(self) -> None:
        """Return when a request may be made. Raises Stopped."""

    def tell(self, told: Told) -> None:
        """What came of it."""


@dataclass(slots=True)
class Prepaid:
    """For requests that were granted beforehand; `taken()` is what to report."""

    _told: list[Told] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def pay(self) -> None:
        """Nothing to take: the request is paid for."""

    def tell(self, told: Told) -> None:
        with self._lock:
            self._told.append(told)

    def taken(self) -> list[Told]:
        """All that was told since the last time."""
        with self._lock:
            told, self._told = self._told, []
        return told


class PayAsYouGo:
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

    def pay(self) -> None:
        """Raises psycopg.OperationalError where there is no database."""
        while True:
            with self._lock, self._database.transaction() as connection:
                grant = self._budget.take(connection, 1, urgent=self._urgent)
            if grant.count:
                return
            if self._sleep(min(grant.wait, 1.0)):
                raise Stopped

    def tell(self, told: Told) -> None:
        seen = [told.seen] if told.seen is not None else []
        with self._lock, self._database.transaction() as connection:
            self._budget.report(connection, 1, seen, answered=told.answered, blocked=told.blocked)

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._database.close()


class NoLimit:
    """For an API that knows no limit."""

    def pay(self) -> None:
        """Never waits."""

    def tell(self, told: Told) -> None:
        """Nothing is counted."""
