"""Works one queue off: many tasks at once, none held up by another.

One thread claims tasks and records outcomes; the calls are made in a pool. A call that hangs holds its own task and
one place in the pool, no more. Any number of processes may run a worker of the same queue.
"""

from __future__ import annotations

import queue as queues
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Generic

import psycopg

from processors.engine.database import Database
from processors.engine.isolation import described
from processors.engine.periodic_tasks import periodic_task
from processors.engine.processor import Background, Retryable
from processors.engine.traces import traces_of
from processors.outbox.admission import INTERVAL, Admission
from processors.outbox.backoff import backoff
from processors.outbox.errors import CredentialsRefused, NotFound, OutcomeUnknown, RateLimited, Redirected, Rejected
from processors.outbox.lease import LeaseLost, check_lease, lease_until
from processors.outbox.queue import DOUBTFUL, OutboxQueue, OutboxTask, T, TaskOutcome
from processors.outbox.rate_limiter import LimiterStopped
from runtime import logs, tracing
from runtime.postgres import Connection
from runtime.process import StopSignal

log = logs.logger("processors.outbox.worker")

#: Seconds to wait for the next outcome, and then to let others come: a round of statements costs the same for many.
TIME_LIMIT, GATHER = 0.25, 0.025
#: Seconds until a service that refuses our credentials, or has had enough, is tried again, where it does not say.
ASKED_TO_WAIT = 10.0
#: Of a lease, the part in which calls may be made at most; less where `look_after` is more than the rest of it.
USABLE = 5 / 6
#: Of a lease, the part after which it is renewed.
RENEWED = 1 / 4

#: What an error makes of an attempt, the first that fits; any other is a bug of ours.
_KINDS: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...] = (
    (LeaseLost, "lease_lost"),
    (OutcomeUnknown, "unknown"),
    (RateLimited, "asked"),
    (CredentialsRefused, "locked"),
    (Retryable, "later"),
    (NotFound, "not_found"),
    (Redirected, "redirected"),
    (Rejected, "rejected"),
    ((psycopg.Error, LimiterStopped), "stopped"),  # of the budget: whether a call went out is not known
)


class OutboxWorker(Generic[T]):
    """Of one queue, in one process. A round of it is a periodic task."""

    def __init__(
        self,
        queue: OutboxQueue[T],
        effect: Callable[[T], object],
        admission: Admission,
        *,
        at_once: int,
        ahead: int = 0,
        look_after: float = 0.0,
        longest: float = 60.0,
        gathering: float = GATHER,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`effect` makes a task's calls, and raises what `processors/outbox/errors.py` has.

        `ahead`: so many tasks more than `at_once` are claimed and wait, so that no call waits for a round of ours.
        `look_after`: seconds that the service may need to perform a call after it was given up. So long nothing else is
        called for the task's key, whether the outcome is not known or the worker died: the end of a lease is kept free
        of calls. `longest`: seconds to wait after any other outcome at most.
        `gathering`: seconds that a round waits for other outcomes after the first.
        """
        self._queue = queue
        self._effect = effect
        self._admission = admission
        self._places = at_once + ahead
        self._look_after = look_after
        self._usable = min(USABLE * queue.lease, queue.lease - look_after)
        if self._usable <= 0:
            raise ValueError(
                f"{queue.name}: a lease of {queue.lease} s leaves no time before {look_after} s of waiting"
            )
        self._longest = longest
        self._gathering = gathering
        self._clock = clock
        self._sleep = sleep
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix=queue.name)
        self._running: dict[str, T] = {}
        self._finished: queues.SimpleQueue[TaskOutcome[T]] = queues.SimpleQueue()
        self._unrecorded: list[TaskOutcome[T]] = []
        self._unsettled: list[TaskOutcome[T]] = []  # what admission has not heard of yet
        self._unused = 0  # of what it has granted
        self._not_started: list[T] = []  # whether their claim was committed is not known
        self._renewed = clock()
        self._closing = threading.Event()

    def background(self, connect: Callable[[], Connection], stop: StopSignal, time_limit: float) -> Background:
        """Until `stop`, and then what is under way, for at most `time_limit` seconds."""
        return periodic_task(self._queue.name, connect, stop, self, partial(self.close, time_limit=time_limit))

    def __call__(self, database: Database) -> float:
        """Record what is finished, take up what is due, and wait a moment for it; seconds until the next round."""
        wait = self._round(database)
        self._gather(TIME_LIMIT if self._running else 0.0)
        return 0.0 if self._running else wait

    def finish(self, database: Database, time_limit: float) -> None:
        """Let what is under way come to its end, for at most `time_limit` seconds, and record it. Nothing is begun."""
        self._closing.set()
        deadline = self._clock() + time_limit
        while (self._running or self._unsettled or self._unused) and (left := deadline - self._clock()) > 0:
            self._gather(min(TIME_LIMIT, left) if self._running else 0.0)
            self._round(database)
        self._closing.clear()

    def close(self, database: Database, time_limit: float) -> None:
        """`finish`, and let go of threads and connections."""
        try:
            self.finish(database, time_limit)
        finally:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._queue.close()

    def _gather(self, time_limit: float) -> None:
        over: list[TaskOutcome[T]] = []
        with suppress(queues.Empty):
            over.append(self._finished.get(timeout=time_limit) if time_limit else self._finished.get_nowait())
            end = self._clock() + self._gathering
            while len(over) + len(self._unrecorded) < len(self._running) and self._clock() < end:
                self._sleep(GATHER)  # not until each of them, which would wake this thread as often
                with suppress(queues.Empty):
                    while True:
                        over.append(self._finished.get_nowait())
        self._unrecorded += over
        self._unsettled += over

    def _round(self, database: Database) -> float:
        free = 0 if self._closing.is_set() else self._places - len(self._running) + len(self._unrecorded)
        reserved = self._admission.reserve(database, self._queue, free, unused=self._unused, over=self._unsettled)
        self._unused = reserved.limit
        self._unsettled.clear()
        until = self._clock() + self._usable
        tasks: list[T] = []
        try:
            with database.transaction() as connection:
                self._record(connection)
                renewed = self._renew(connection)
                leave = self._admission.admit(connection, reserved) if reserved.limit else reserved
                if leave.limit:
                    tasks = list(self._queue.claim(connection, leave.limit, until))
                if tasks:
                    self._admission.claimed(connection, leave)
                    if tracing.is_on():
                        _find_traces(connection, tasks)
        except Exception:
            self._not_started += tasks
            raise
        self._not_started.clear()
        for task in renewed:
            task.leased_until = until
        self._committed()
        # Where a lease ran out here, its task is still under way: it is left to run out again.
        begun = [task for task in tasks if task.key not in self._running]
        for task in begun:
            task.is_probe = leave.is_probe
            self._running[task.key] = task
            self._pool.submit(self._run, task)
        self._unused -= len(begun)
        return INTERVAL if leave.limit else leave.wait

    def _record(self, connection: Connection) -> None:
        if self._unrecorded:
            self._admission.record(connection, self._unrecorded)
            self._queue.record(connection, self._unrecorded)
        if self._not_started:
            self._queue.release(connection, self._not_started)

    def _committed(self) -> None:
        """The outcomes have just been recorded."""
        outcomes, self._unrecorded = self._unrecorded, []
        for outcome in outcomes:
            del self._running[outcome.task.key]
        if outcomes:
            self._queue.recorded(outcomes)

    def _renew(self, connection: Connection) -> list[T]:
        """Tasks whose lease is renewed once the transaction is committed, and not before."""
        if self._clock() - self._renewed < RENEWED * self._queue.lease:
            return []
        self._renewed = self._clock()
        over = {outcome.task.key for outcome in self._unrecorded}
        tasks = [task for key, task in self._running.items() if key not in over]
        ours = self._queue.renew(connection, tasks) if tasks else ()
        return [task for task in tasks if task.key in ours]

    def _run(self, task: T) -> None:
        try:
            outcome = self._outcome(task)
        except Exception as error:  # noqa: BLE001 - without an outcome its contact would wait for ever
            log.error("our_bug", error_class=type(error).__name__, error=described(error))
            outcome = TaskOutcome(task, "bug", type(error).__name__, self._longest)
        self._finished.put(outcome)

    def _outcome(self, task: T) -> TaskOutcome[T]:
        if task.trace is None:
            return self._attempt(task)
        with tracing.span("call", task.trace, queue=self._queue.name, attempt=task.attempt) as running:
            outcome = self._attempt(task)
            running.say(outcome=outcome.kind, event_id=str(task.event_id))
            running.failed = outcome.kind != "done"
        return outcome

    def _attempt(self, task: T) -> TaskOutcome[T]:
        try:
            with lease_until(lambda: task.leased_until, self._clock):
                check_lease()
                return TaskOutcome(task, "done", value=self._effect(task))
        except Exception as error:  # noqa: BLE001 - one task that our code cannot take must not end the others
            return self._failed(task, error)

    def _failed(self, task: T, error: Exception) -> TaskOutcome[T]:
        kind = next((kind for types, kind in _KINDS if isinstance(error, types)), "bug")
        detail = str(error) if isinstance(error, Retryable | Rejected) else type(error).__name__
        if kind == "bug":
            log.error("our_bug", error_class=detail, error=described(error))
        retry_after: float | None = getattr(error, "retry_after", None)
        wait: float | None
        if kind == "rejected":
            wait = None
        elif kind in ("asked", "locked"):
            wait = retry_after or ASKED_TO_WAIT
        else:
            wait = max(backoff(task.attempt, retry_after, longest=self._longest), self._look_after * (kind in DOUBTFUL))
        return TaskOutcome(task, kind, detail, wait)


def _find_traces(connection: Connection, tasks: Sequence[OutboxTask]) -> None:
    traces = traces_of(connection, [task.event_id for task in tasks if task.event_id is not None])
    for task in tasks:
        task.trace = None if task.event_id is None else traces.get(task.event_id)
