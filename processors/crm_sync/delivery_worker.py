"""Works the deliveries of one target off: many contacts at once, each in order, none held up by another.

One thread takes deliveries up and writes outcomes down; the calls are made in a pool. A call that hangs holds its own
contact and one place in the pool, no more.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import psycopg

from processors.crm_sync.breaker import CircuitBreaker
from processors.crm_sync.lanes import LEASE, DeliveryOutcome, Lanes
from processors.crm_sync.reconciler import Reconciler
from processors.crm_sync.work import Job
from processors.engine.database import Database
from processors.engine.isolation import described
from processors.outbox.backoff import backoff
from processors.outbox.errors import CredentialsRefused, OutcomeUnknown, RateLimited, Rejected, RetryLater
from processors.outbox.lease import LeaseLost
from processors.outbox.rate_limiter import LimiterStopped
from runtime import logs, metrics

log = logs.logger("processors.crm_sync.delivery_worker")

#: Seconds between two looks while nothing waits.
INTERVAL = 0.1
#: Seconds to wait for the next outcome, and then to let others come: a round of statements costs the same for many.
TIME_LIMIT, GATHER = 0.25, 0.025
#: Seconds until a target that refuses our credentials, or has had enough, is tried again, where it does not say.
ASKED_TO_WAIT = 10.0

#: What an error makes of an attempt, the first that fits; any other is a bug of ours.
_KINDS: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...] = (
    (OutcomeUnknown, "unknown"),
    (RateLimited, "asked"),
    (CredentialsRefused, "locked"),
    (LeaseLost, "lease_lost"),
    (RetryLater, "later"),
    (Rejected, "rejected"),
    ((psycopg.Error, LimiterStopped), "stopped"),  # of the budget: whether a call went out is not told
)
_DOUBTFUL = frozenset({"unknown", "lease_lost", "stopped", "bug"})
_FAILING = frozenset({"unknown", "later", "bug"})


class DeliveryWorker:
    """One target's, in one process. Any number of processes may run one."""

    def __init__(
        self,
        target: str,
        reconciler: Reconciler,
        lanes: Lanes,
        breaker: CircuitBreaker,
        *,
        at_once: int,
        look_after: float,
        longest: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`look_after`, `longest`: seconds to wait after an unknown outcome at least, after any other at most."""
        self._target = target
        self._reconciler = reconciler
        self._lanes = lanes
        self._breaker = breaker
        self._at_once = at_once
        self._ahead = at_once  # taken up and waiting, so that no call waits for a round of ours
        self._look_after = look_after
        self._longest = longest
        self._clock = clock
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix=f"crm-{target}")
        self._running: dict[str, Job] = {}
        self._finished: queue.SimpleQueue[DeliveryOutcome] = queue.SimpleQueue()
        self._unrecorded: list[DeliveryOutcome] = []
        self._renewed = 0.0
        self._closing = threading.Event()

    def __call__(self, database: Database) -> float:
        """Write down what is finished and take up what is due; seconds until the next round."""
        self._gather(TIME_LIMIT if self._running else 0.0)
        wait = self._round(database)
        return 0.0 if self._running else min(wait, INTERVAL)

    def close(self, database: Database, time_limit: float) -> None:
        """Let what is under way come to its end, for at most `time_limit` seconds, and write it down."""
        self._closing.set()
        deadline = self._clock() + time_limit
        while (self._running or self._unrecorded) and self._clock() < deadline:
            self._gather(TIME_LIMIT)
            if self._unrecorded:
                with database.transaction() as connection:
                    self._record(connection)
                self._count_recorded()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _gather(self, time_limit: float) -> None:
        with suppress(queue.Empty):
            self._unrecorded.append(
                self._finished.get(timeout=time_limit) if time_limit else self._finished.get_nowait()
            )
            self._closing.wait(GATHER)  # not for each of them, which would wake this thread as often
            while True:
                self._unrecorded.append(self._finished.get_nowait())

    def _round(self, database: Database) -> float:
        jobs: list[Job] = []
        with database.transaction() as connection:
            dead = self._record(connection)
            self._renew(connection)
            leave = self._breaker.ask(connection)
            free = self._at_once + self._ahead - len(self._running) + len(self._unrecorded)
            limit = free if leave.limit is None else min(free, leave.limit)
            is_probe = leave.limit == 1
            if limit > 0 and not self._closing.is_set():
                jobs = self._lanes.take(connection, limit, is_probe=is_probe)
            if jobs and is_probe:
                self._breaker.probing(connection)
        self._count_recorded(dead)
        for job in jobs:
            if job.phone in self._running:  # its lease ran out here: it is left to run out again
                continue
            self._running[job.phone] = job
            self._pool.submit(self._run, job)
        return leave.wait if leave.limit == 0 else INTERVAL

    def _record(self, connection: psycopg.Connection[tuple[object, ...]]) -> int:
        if not self._unrecorded:
            return 0
        self._breaker.record(connection, self._unrecorded)
        return len(self._lanes.record(connection, self._unrecorded))

    def _count_recorded(self, dead: int = 0) -> None:
        """The outcomes are committed."""
        for outcome in self._unrecorded:
            del self._running[outcome.job.phone]
            metrics.CRM_ATTEMPTS.labels(self._target, outcome.kind).inc()
            if outcome.kind != "done":
                log.warning("delivery_failed", target=self._target, kind=outcome.kind, reason=outcome.detail)
        if dead:
            metrics.CRM_DEAD.labels(self._target).inc(dead)
            log.error("deliveries_dead", target=self._target, count=dead)
        self._unrecorded.clear()

    def _renew(self, connection: psycopg.Connection[tuple[object, ...]]) -> None:
        if self._running and self._clock() - self._renewed > LEASE / 4:
            unrecorded = {outcome.job.phone for outcome in self._unrecorded}
            self._lanes.renew(connection, [job for phone, job in self._running.items() if phone not in unrecorded])
            self._renewed = self._clock()

    def _run(self, job: Job) -> None:
        self._finished.put(self._outcome(job))

    def _outcome(self, job: Job) -> DeliveryOutcome:
        try:
            return DeliveryOutcome(job, "done", "done", self._reconciler.apply(job))
        except Exception as error:  # noqa: BLE001 - one delivery that our code cannot take must not end the others
            return self._failed(job, error)

    def _failed(self, job: Job, error: Exception) -> DeliveryOutcome:
        kind = next((kind for types, kind in _KINDS if isinstance(error, types)), "bug")
        detail = str(error) if isinstance(error, RetryLater | Rejected) else f"{type(error).__name__}"
        if kind == "bug":
            log.error("our_bug", error_class=detail, error=described(error))
        if kind == "rejected":
            return DeliveryOutcome(job, "dead", kind, detail)
        doubtful = job.doubtful or kind in _DOUBTFUL
        return DeliveryOutcome(job, "pending", kind, detail, self._wait(job, kind, error), doubtful, kind in _FAILING)

    def _wait(self, job: Job, kind: str, error: Exception) -> float:
        if kind in ("asked", "locked"):
            return getattr(error, "retry_after", None) or ASKED_TO_WAIT
        wait = getattr(error, "retry_after", None) or 0.0
        ours = backoff(job.attempt, longest=self._longest)
        return max(wait, ours, self._look_after if kind == "unknown" else 0.0)
