"""A task is worked off once, whenever a worker stands still, dies, or does not hear whether its commit went through."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.http.client import HttpClient
from processors.outbox.admission import Admission, Leave
from processors.outbox.budget import RequestResult
from processors.outbox.errors import (
    CredentialsRefused,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Redirected,
    Rejected,
    RetryLater,
)
from processors.outbox.lease import LeaseLost, check_lease, lease_until
from processors.outbox.queue import OutboxQueue, OutboxTask, TaskOutcome
from processors.outbox.worker import USABLE, OutboxWorker
from tests.twins.clock import Clock

LEASE = 60.0


@dataclass(slots=True, kw_only=True)
class MemoryTask(OutboxTask):
    doubtful: bool


@dataclass
class Row:
    """What PostgreSQL holds of one task."""

    status: str = "pending"
    attempts: int = 0
    lease_ends: float = 0.0
    doubtful: bool = False
    kinds: list[str] = field(default_factory=list)


class MemoryQueue(OutboxQueue[MemoryTask]):
    """Rows with leases; several workers share one. The number of the attempt is the token."""

    name = "memory"
    lease = LEASE

    def __init__(self, clock: Clock, *keys: str) -> None:
        self.clock = clock
        self.rows = {key: Row() for key in keys}
        self.released: list[str] = []

    def claim(self, connection: Any, limit: int, until: float) -> Sequence[MemoryTask]:
        tasks = []
        for key, row in self.rows.items():
            if row.status == "pending" and row.lease_ends <= self.clock.now and len(tasks) < limit:
                row.attempts, row.lease_ends = row.attempts + 1, self.clock.now + LEASE
                tasks.append(MemoryTask(key=key, attempt=row.attempts, leased_until=until, doubtful=row.doubtful))
                row.doubtful = True
        return tasks

    def renew(self, connection: Any, tasks: Sequence[MemoryTask]) -> list[str]:
        ours = [task.key for task in tasks if self.rows[task.key].attempts == task.attempt]
        for key in ours:
            self.rows[key].lease_ends = self.clock.now + LEASE
        return ours

    def release(self, connection: Any, tasks: Sequence[MemoryTask]) -> None:
        self.released += [task.key for task in tasks]

    def record(self, connection: Any, outcomes: Sequence[TaskOutcome[MemoryTask]]) -> None:
        for outcome in outcomes:
            row = self.rows[outcome.task.key]
            if row.attempts == outcome.task.attempt:
                row.kinds.append(outcome.kind)
                row.status = "done" if outcome.is_final else "pending"
                row.lease_ends = self.clock.now + (outcome.wait or 0.0)

    def recorded(self, outcomes: Sequence[TaskOutcome[MemoryTask]]) -> None:
        """Nobody counts."""


class MemoryDatabase:
    """Transactions, some of whose commits fail: PostgreSQL's side may have committed all the same."""

    def __init__(self) -> None:
        self.cut = 0  #: so many of the next commits

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        yield None
        if self.cut:
            self.cut -= 1
            raise psycopg.OperationalError("the connection was cut")


class Standing(Admission):
    """Stands still between the claim and the calls."""

    def __init__(self, stand_still: Callable[[], None]) -> None:
        self._stand_still = stand_still

    def claimed(self, connection: Any, leave: Leave) -> None:
        self._stand_still()


def worker_of(
    queue: MemoryQueue,
    effect: Callable[[MemoryTask], object],
    admission: Admission | None = None,
    *,
    look_after: float = 0.0,
) -> OutboxWorker[MemoryTask]:
    return OutboxWorker(
        queue,
        effect,
        admission or Admission(),
        at_once=1,
        look_after=look_after,
        clock=queue.clock,
        sleep=lambda _: None,
        gathering=0.0,
    )


@pytest.fixture
def clock() -> Clock:
    return Clock(1_000.0)


@pytest.fixture
def database() -> Any:
    return MemoryDatabase()


def work(worker: OutboxWorker[MemoryTask], database: Any, rounds: int = 2) -> None:
    for _ in range(rounds):
        worker(database)


def test_a_worker_that_stands_still_before_its_call_makes_none(clock: Clock, database: Any) -> None:
    # Given a process that is stopped between its claim and the call, for longer than its lease
    queue, called = MemoryQueue(clock, "a"), []

    def stand_still() -> None:
        clock.now += LEASE

    worker = worker_of(queue, lambda task: called.append(task.key), Standing(stand_still))
    work(worker, database)
    # Then nothing was called, and nobody is told that it was
    assert called == []
    assert queue.rows["a"].kinds == ["lease_lost"]


def test_two_workers_make_one_note_though_the_first_stands_still(clock: Clock, database: Any) -> None:
    # Given a service that takes notes, and may be asked for them
    queue, notes, looked = MemoryQueue(clock, "a"), [], []

    def note(who: str, task: MemoryTask, pause: Callable[[], None] = lambda: None) -> None:
        if task.doubtful:
            looked.append(who)
            if notes:
                return
        pause()
        check_lease()
        notes.append(who)

    second = worker_of(queue, lambda task: note("second", task))

    def while_the_second_works() -> None:
        clock.now += LEASE
        work(second, MemoryDatabase())

    # When the first stands still right before its call, and its lease is taken by another
    first = worker_of(queue, lambda task: note("first", task, while_the_second_works))
    work(first, database)
    # Then the second has looked before it called, the first has not called, and what it records is nobody's
    assert looked == notes == ["second"]
    assert (queue.rows["a"].attempts, queue.rows["a"].status, queue.rows["a"].kinds) == (2, "done", ["done"])


def test_a_call_ends_before_its_lease_so_that_what_was_sent_takes_effect_first(clock: Clock, database: Any) -> None:
    queue, left = MemoryQueue(clock, "a"), []
    work(worker_of(queue, lambda _: left.append(check_lease())), database)
    assert left == [USABLE * LEASE]
    assert 0.5 < USABLE < 1


def test_the_lease_is_looked_at_after_the_wait_for_the_rate_limiter(clock: Clock) -> None:
    # Given a rate limiter that has a call wait for longer than its lease
    reported: list[RequestResult] = []

    class Slow:
        def acquire(self) -> None:
            clock.now += LEASE

        def report(self, result: RequestResult) -> None:
            reported.append(result)

    client = HttpClient("it", "http://127.0.0.1:9", Slow(), headers={}, timeout=5.0)
    # Then it is not made, and the limiter hears that
    end = clock.now + LEASE
    with lease_until(lambda: end, clock), pytest.raises(LeaseLost):
        client.call("POST", "/notes", {})
    assert reported == [RequestResult(answered=False)]


@pytest.mark.parametrize("committed", [True, False])
def test_a_lease_is_longer_only_once_its_renewal_is_committed(clock: Clock, database: Any, committed: bool) -> None:
    # Given a call that takes long, under a lease that is to be renewed
    queue, go = MemoryQueue(clock, "a"), threading.Event()
    worker = worker_of(queue, lambda _: go.wait(30) and check_lease())
    worker(database)
    end = clock.now + USABLE * LEASE
    clock.now += LEASE / 2
    # When the connection is cut during the commit, or is not
    database.cut = 0 if committed else 1
    if committed:
        worker(database)
    else:
        with pytest.raises(psycopg.OperationalError):
            worker(database)
    [task] = worker._running.values()
    # Then nobody relies on a renewal that may not be there
    assert task.leased_until == (clock.now + USABLE * LEASE if committed else end)
    go.set()
    worker.finish(database, 30)
    # And what came of the call is recorded either way: the token is the same
    assert queue.rows["a"].kinds == ["done"]


def test_a_claim_whose_commit_is_not_known_is_given_back(clock: Clock, database: Any) -> None:
    queue, called = MemoryQueue(clock, "a"), []
    worker = worker_of(queue, lambda task: called.append(task.key))
    database.cut = 1
    with pytest.raises(psycopg.OperationalError):
        worker(database)
    assert called == []
    worker(database)
    assert queue.released == ["a"]
    worker(database)
    assert queue.released == ["a"]


def test_an_outcome_whose_commit_is_not_known_is_recorded_again(clock: Clock, database: Any) -> None:
    queue, called = MemoryQueue(clock, "a"), []
    worker = worker_of(queue, lambda task: called.append(task.key))
    worker(database)
    database.cut = 1
    with pytest.raises(psycopg.OperationalError):
        worker(database)
    worker(database)
    assert called == ["a"]
    assert queue.rows["a"].kinds[-1] == "done"
    assert worker._running == {}


def test_a_call_that_hangs_takes_one_place(clock: Clock, database: Any) -> None:
    queue, go, called = MemoryQueue(clock, "hangs", "b", "c"), threading.Event(), []

    def effect(task: MemoryTask) -> None:
        if task.key == "hangs":
            assert go.wait(30)
        called.append(task.key)

    worker = OutboxWorker(queue, effect, Admission(), at_once=2, gathering=0.0, clock=clock)
    for _ in range(100):
        worker(database)
        if queue.rows["c"].status == "done":
            break
    assert called == ["b", "c"]
    go.set()
    worker.finish(database, 30)
    assert [row.status for row in queue.rows.values()] == ["done"] * 3


@pytest.mark.parametrize(
    ("error", "kind", "least", "most"),
    [
        (RetryLater("away"), "later", 0.2, 1.0),
        (RetryLater("away", retry_after=7.0), "later", 7.0, 7.0),
        (OutcomeUnknown("no answer"), "unknown", 2.0, 2.0),
        (LeaseLost("over"), "lease_lost", 2.0, 2.0),
        (RateLimited("busy", retry_after=3.0), "asked", 3.0, 3.0),
        (RateLimited("busy"), "asked", 10.0, 10.0),
        (CredentialsRefused("token"), "locked", 10.0, 10.0),
        (NotFound("gone"), "not_found", 0.2, 1.0),
        (Redirected("moved"), "redirected", 0.2, 1.0),
        (Rejected("never"), "rejected", 0.0, 0.0),
        (KeyError("+13035550142"), "bug", 2.0, 2.0),
        (psycopg.OperationalError("the budget's"), "stopped", 2.0, 2.0),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_every_error_says_what_happens_next(
    clock: Clock, database: Any, error: Exception, kind: str, least: float, most: float
) -> None:
    outcomes: list[TaskOutcome[MemoryTask]] = []

    class Telling(MemoryQueue):
        def recorded(self, outcomes_: Sequence[TaskOutcome[MemoryTask]]) -> None:
            outcomes.extend(outcomes_)

    def effect(_: MemoryTask) -> None:
        raise error

    worker = OutboxWorker(
        Telling(clock, "a"), effect, Admission(), at_once=1, look_after=2.0, gathering=0.0, clock=clock
    )
    worker(database)
    worker.finish(database, 30)
    [outcome] = outcomes
    assert outcome.kind == kind
    assert least <= (outcome.wait or 0.0) <= most
    assert "+1303" not in str(outcome.detail)


class SlowService:
    """Performs calls late: what it is given up for takes effect `late` seconds after it was sent."""

    def __init__(self, clock: Clock, late: float) -> None:
        self.clock = clock
        self.late = late
        self.effects: list[tuple[float, str]] = []  #: when each takes effect, and for which task

    def perform(self, task: MemoryTask, failure: BaseException | None) -> None:
        """Look, if a call may have gone through; else call, and hear nothing of it where there is a `failure`."""
        if task.doubtful and any(at <= self.clock.now and key == task.key for at, key in self.effects):
            return
        self.effects.append((self.clock.now + (self.late if failure else 0.0), task.key))
        if failure is not None:
            raise failure


#: What an attempt may end with once its call is sent.
NOT_KNOWN = (
    OutcomeUnknown("no answer"),
    OutcomeUnknown("no answer", retry_after=1.0),
    psycopg.OperationalError("the budget's connection was cut after the call"),
    OSError("what nobody has thought of"),
)


@given(
    look_after=st.floats(0.5, 50.0),
    part=st.floats(0.0, 1.0),
    failures=st.lists(st.sampled_from(NOT_KNOWN), min_size=1, max_size=4),
)
def test_a_call_that_takes_effect_late_is_not_made_again(
    look_after: float, part: float, failures: list[Exception]
) -> None:
    # Given a service that performs a call up to `look_after` seconds after we have given it up
    clock, database = Clock(1_000.0), MemoryDatabase()
    queue, service, left = MemoryQueue(clock, "a"), SlowService(clock, late=look_after * part), list(failures)
    worker = worker_of(queue, lambda task: service.perform(task, left.pop() if left else None), look_after=look_after)
    # When one attempt after the other ends without an outcome that is known
    for _ in range(200):
        worker(database)
        if queue.rows["a"].status == "done":
            break
        clock.now += 0.1 + look_after / 20
    # Then it is asked once the call has been performed, and is called no more
    assert queue.rows["a"].status == "done"
    assert len(service.effects) == 1
    worker.close(database, time_limit=5)


@given(look_after=st.floats(0.0, 55.0), part=st.floats(0.0, 1.0))
def test_a_dead_worker_s_last_call_has_as_long_to_take_effect(look_after: float, part: float) -> None:
    # Given a worker that sends its call as late as its lease allows, and dies
    clock, database = Clock(1_000.0), MemoryDatabase()
    queue, service = MemoryQueue(clock, "a"), SlowService(clock, late=look_after * part)

    def send_late(task: MemoryTask) -> None:
        clock.now = task.leased_until - 0.001
        assert check_lease() > 0
        service.perform(task, OutcomeUnknown("the worker dies"))

    first = worker_of(queue, send_late, look_after=look_after)
    first(database)
    first._pool.shutdown(wait=True)
    # When another one takes the task up, as soon as the lease is over
    clock.now = queue.rows["a"].lease_ends
    second = worker_of(queue, lambda task: service.perform(task, None), look_after=look_after)
    work(second, database)
    # Then it finds what the first has done
    assert queue.rows["a"].status == "done"
    assert len(service.effects) == 1
    second.close(database, time_limit=5)


def test_a_lease_that_leaves_no_time_for_calls_is_refused(clock: Clock) -> None:
    with pytest.raises(ValueError, match=r"memory: a lease of 60\.0 s leaves no time before 60\.0 s"):
        worker_of(MemoryQueue(clock, "a"), lambda _: None, look_after=LEASE)


def test_a_bug_beside_the_call_leaves_no_task_under_way_for_ever(
    clock: Clock, database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a bug where the outcome is made, once
    queue, failures = MemoryQueue(clock, "a"), [ValueError("a bug of ours")]
    worker = worker_of(queue, lambda _: None)
    attempt = worker._outcome

    def outcome(task: MemoryTask) -> TaskOutcome[MemoryTask]:
        if failures:
            raise failures.pop()
        return attempt(task)

    monkeypatch.setattr(worker, "_outcome", outcome)
    work(worker, database)
    assert queue.rows["a"].kinds == ["bug"]
    # Then it is tried again when its time has come
    clock.now += 2 * LEASE
    work(worker, database)
    assert queue.rows["a"].kinds == ["bug", "done"]
