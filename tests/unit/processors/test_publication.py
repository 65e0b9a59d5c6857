"""How long a publication of states waits between two rounds: not at all, or less often while records wait."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from processors.engine.publication import Backlog, StatePublication
from tests.twins.clock import Clock
from tests.twins.kafka import MemoryProducer


class OneLock:
    """A database whose advisory lock is `free` or somebody else's."""

    def __init__(self, free: bool = True) -> None:
        self._free = free

    @contextmanager
    def transaction(self) -> Iterator[OneLock]:
        yield self

    def execute(self, statement: str, _: Any) -> OneLock:
        assert "pg_try_advisory_xact_lock" in statement
        return self

    def fetchall(self) -> list[tuple[bool]]:
        return [(self._free,)]


class TakesTime(StatePublication):
    """Each round takes `seconds`; there is more as long as `more`."""

    lock = 1
    interval = 0.5
    seconds = 0.1
    more = True
    published = 0

    def publish_next(self, connection: Any) -> bool:
        del connection
        self._clock.now += self.seconds  # type: ignore[attr-defined]
        self.published += 1
        return self.more


@pytest.fixture
def clock() -> Clock:
    return Clock(100.0)


@pytest.fixture
def backlog(clock: Clock) -> Backlog:
    return Backlog(largest=1_000, clock=clock)


@pytest.fixture
def publication(clock: Clock, backlog: Backlog) -> TakesTime:
    return TakesTime(MemoryProducer(), backlog, clock)


def test_there_is_no_backlog_before_the_first_batch(backlog: Backlog) -> None:
    assert not backlog.is_there()


@pytest.mark.parametrize(("records", "is_there"), [(1, False), (499, False), (500, True), (1_000, True)])
def test_full_batches_are_a_backlog_for_a_second(backlog: Backlog, clock: Clock, records: int, is_there: bool) -> None:
    backlog.handled(records)
    assert backlog.is_there() is is_there
    backlog.handled(1)  # a single small one between full ones does not end it
    clock.now += 0.9
    assert backlog.is_there() is is_there
    clock.now += 0.1
    assert not backlog.is_there()


def test_a_batch_of_one_is_no_backlog_but_where_batches_have_one(clock: Clock) -> None:
    single = Backlog(largest=1, clock=clock)
    single.handled(1)
    assert single.is_there()


def test_the_next_round_follows_at_once_while_there_is_more(publication: TakesTime) -> None:
    assert publication(OneLock()) == 0.0  # type: ignore[arg-type]


@pytest.mark.parametrize("seconds", [0.1, 9.0])
def test_states_take_a_twentieth_of_the_time_while_records_wait(
    publication: TakesTime, backlog: Backlog, clock: Clock, seconds: float
) -> None:
    publication.seconds = seconds
    began = clock.now
    while clock.now < began + 1_000 * seconds:
        backlog.handled(1_000)
        clock.now += publication(OneLock())  # type: ignore[arg-type]
    assert publication.published * seconds / (clock.now - began) == pytest.approx(0.05, rel=0.25)


def test_the_rest_is_over_with_the_backlog(publication: TakesTime, backlog: Backlog, clock: Clock) -> None:
    publication.seconds = 60.0  # a slow Kafka
    backlog.handled(1_000)
    publication(OneLock())  # type: ignore[arg-type]
    backlog.handled(1_000)
    assert publication(OneLock()) == publication.interval  # type: ignore[arg-type]
    assert publication.published == 1
    clock.now += 1.0
    publication(OneLock())  # type: ignore[arg-type]
    assert publication.published == 2


@pytest.mark.parametrize("free", [True, False])
def test_nothing_new_and_another_process_both_wait_the_interval(
    publication: TakesTime, backlog: Backlog, free: bool
) -> None:
    backlog.handled(1_000)
    publication.more = not free
    assert publication(OneLock(free)) == publication.interval  # type: ignore[arg-type]
