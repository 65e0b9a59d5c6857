"""What a queue of the outbox has to offer: rows of PostgreSQL, each of which a worker leases, works off and records.

A claim is committed before any call is made, with everything by which a call is found again. Each claim has a token
of its own (the number of the attempt, or a value made for it). Whatever is written later about the task is compared
with the token, so that a worker whose lease was over and taken by another one changes nothing.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

from runtime.postgres import Connection
from runtime.tracing import TraceContext


@dataclass(slots=True, kw_only=True)
class OutboxTask:
    """Work that one worker has leased."""

    key: str  #: what only one call at a time may be about
    attempt: int  #: this one included
    leased_until: float  #: by the worker's clock, before the lease is over in PostgreSQL; no call is made after it
    is_probe: bool = False  #: it alone goes, to find out whether the service is well again
    event_id: UUID | None = None  #: what it is for; None: no single event
    trace: TraceContext | None = None  #: of that event, where traces are recorded


T = TypeVar("T", bound=OutboxTask)

#: Kinds of outcomes after which the task is over: it is done, or never will be.
FINAL = frozenset({"done", "rejected", "not_found", "redirected"})
#: Kinds of outcomes after which a call may have gone through, or may yet: a service that is slow performs it after we
#: have given it up.
DOUBTFUL = frozenset({"unknown", "lease_lost", "stopped", "bug"})


@dataclass(frozen=True, slots=True)
class TaskOutcome(Generic[T]):
    """What came of one attempt."""

    task: T
    kind: str  #: done, unknown, asked, locked, later, lease_lost, not_found, redirected, rejected, stopped or bug
    detail: str | None = None  #: why, without personal data
    wait: float | None = None  #: seconds until a next try; None: it is done, or rejected
    value: object = None  #: what the effect returned

    @property
    def is_final(self) -> bool:
        """Whether the service has taken it, or never will."""
        return self.kind in FINAL


class OutboxQueue(ABC, Generic[T]):
    """One queue of one service. Its methods are called within a transaction, by one thread."""

    #: Of the service, for thread names and logs.
    name: str
    #: Seconds that a task is leased for.
    lease: float = 60.0

    def due(self, connection: Connection, limit: int) -> int:  # noqa: ARG002
        """How many tasks are due, `limit` at most; asked where requests are paid for beforehand."""
        return limit

    @abstractmethod
    def claim(self, connection: Connection, limit: int, until: float) -> Sequence[T]:
        """Up to `limit` tasks that are due, leased: the first ones of each key, `until` by the worker's clock."""

    def renew(self, connection: Connection, tasks: Sequence[T]) -> Collection[str]:  # noqa: ARG002
        """Lease `tasks` anew, and say the keys of those that are still this worker's. Not where calls are short."""
        return ()

    def release(self, connection: Connection, tasks: Sequence[T]) -> None:
        """Give back `tasks`, for which no call was made. Optional: else their leases run out."""

    @abstractmethod
    def record(self, connection: Connection, outcomes: Sequence[TaskOutcome[T]]) -> None:
        """Write `outcomes` down, those of tasks that are still this worker's."""

    @abstractmethod
    def recorded(self, outcomes: Sequence[TaskOutcome[T]]) -> None:
        """`outcomes` are committed: count and log them."""

    def close(self) -> None:
        """Let go of what the calls needed."""
