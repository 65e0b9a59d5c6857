"""Trying again: for as long as it takes, no sooner than asked, and in plain sight."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from psycopg import errors

from processors.engine.processor import Rejected, Retryable
from processors.engine.retry import TimeLimit, Unwanted, is_passing, reason_of
from processors.engine.state import State


class World:
    """Fails as it is told; sleeps without time passing."""

    def __init__(self, *failures: Exception, stops_after: int | None = None) -> None:
        self.failures = list(failures)
        self.slept: list[float] = []
        self.reasons: list[str] = []
        self.state = State("test")
        self._stops_after = stops_after

    def sleep(self, seconds: float) -> bool:
        self.slept.append(seconds)
        self.reasons.append(self.state.readiness().reason)
        return self._stops_after is not None and len(self.slept) >= self._stops_after

    def attempt(self) -> str:
        if self.failures:
            raise self.failures.pop(0)
        return "done"

    def until_done(self, expected: Callable[[], bool] = lambda: True, longest: float = 10.0) -> str:
        patience = TimeLimit("test", self.state, sleep=self.sleep, longest=longest, clock=lambda: 1_800_000_000.0)
        return patience.until_done(self.attempt, expected)


def test_what_goes_through_is_not_waited_for() -> None:
    world = World()
    assert world.until_done() == "done"
    assert world.slept == []


def test_it_backs_off_with_jitter_up_to_its_longest_wait() -> None:
    world = World(*[Retryable("down")] * 200)
    assert world.until_done(longest=10.0) == "done"
    assert len(world.slept) == 200
    assert all(0.05 <= slept <= 10.0 for slept in world.slept)
    assert max(world.slept[:2]) < 1 < max(world.slept[20:])
    assert len(set(world.slept)) > 190


def test_it_waits_at_least_as_long_as_it_is_asked_to() -> None:
    world = World(Retryable("rate limit", retry_after=120), Retryable("rate limit", retry_after=0.0))
    world.until_done()
    assert world.slept[0] == 120
    assert world.slept[1] < 10


def test_everybody_can_see_that_it_waits_and_until_when() -> None:
    world = World(Retryable("the API asks to wait", retry_after=60))
    world.state.waiting(None)
    world.until_done()
    assert world.reasons == ["paused until 2027-01-15T08:01:00+00:00: the API asks to wait"]
    assert world.state.readiness().ready


def test_a_stop_ends_the_wait() -> None:
    world = World(*[Retryable("down")] * 5, stops_after=2)
    with pytest.raises(Unwanted):
        world.until_done()
    assert len(world.slept) == 2


def test_what_is_no_longer_wanted_is_dropped() -> None:
    answers = iter([True, False])
    world = World(*[Retryable("down")] * 5)
    with pytest.raises(Unwanted):
        world.until_done(expected=lambda: next(answers))


def test_what_will_never_work_is_not_tried_again() -> None:
    world = World(Rejected("no"))
    with pytest.raises(Rejected):
        world.until_done()
    assert world.slept == []


def sqlstate(code: str) -> Exception:
    return errors.lookup(code)()


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (psycopg.OperationalError("connection refused"), True),
        (sqlstate("40001"), True),  # serialization failure
        (sqlstate("40P01"), True),  # deadlock
        (sqlstate("55P03"), True),  # lock not available
        (sqlstate("57014"), True),  # statement timeout
        (sqlstate("57P01"), True),  # the server shuts down
        (sqlstate("53100"), True),  # its disk is full
        (sqlstate("25006"), True),  # read-only after a failover
        (sqlstate("25P03"), True),  # our session was ended because it was idle in mid-transaction
        (sqlstate("22P02"), False),  # this record's data
        (sqlstate("23505"), False),
        (sqlstate("42P01"), False),  # a table is missing: ours to mend
        (sqlstate("42501"), False),
        (KeyError("bug"), False),
    ],
    ids=lambda raised: getattr(raised, "sqlstate", None) or type(raised).__name__,
)
def test_what_passes_by_itself(error: Any, passes: bool) -> None:
    assert is_passing(error) is passes


def test_the_reason_carries_no_data() -> None:
    assert reason_of(psycopg.OperationalError("password=secret")) == "PostgreSQL: OperationalError"
    assert reason_of(sqlstate("57P01")) == "PostgreSQL: AdminShutdown (57P01)"
