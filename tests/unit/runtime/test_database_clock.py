"""An instant of ours by PostgreSQL's clock: never later than it was, wherever the process was frozen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from runtime.database_clock import DatabaseClock

BEGIN = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
pauses = st.floats(min_value=0, max_value=10_000)


@given(before=pauses, answering=pauses, after=pauses)
def test_it_never_names_a_time_that_is_later_than_the_instant_was(
    before: float, answering: float, after: float
) -> None:
    now = 0.0
    clock = DatabaseClock(lambda: now)
    early = now
    now += before
    read_at = now  # PostgreSQL reads its clock
    now += answering  # and the answer takes its time, or we do
    clock.learn(BEGIN + timedelta(seconds=read_at))
    now += after
    for instant in (early, read_at, now):
        named = clock.at(instant)
        assert named is not None
        assert named <= BEGIN + timedelta(seconds=instant) + timedelta(microseconds=2)
        assert named >= BEGIN + timedelta(seconds=instant - answering) - timedelta(microseconds=2)


def test_nothing_is_known_before_the_clock_is_read_nor_after_the_connection() -> None:
    now = 5.0
    clock = DatabaseClock(lambda: now)
    assert clock.at(5.0) is None
    clock.learn(BEGIN)
    assert clock.at(7.0) == BEGIN + timedelta(seconds=2)
    clock.forget()
    assert clock.at(7.0) is None
