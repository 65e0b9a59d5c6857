"""A silence is noticed within twice the usual gap, and a quiet night, weekend or holiday is none."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from ops.notifier.rhythm import EventRhythm
from tests.unit.ops.notifier.traffic import NEW_YORK, business_traffic

BEGUN = datetime(2026, 10, 5, 4, tzinfo=UTC)  # a Monday
THANKSGIVING = date(2026, 11, 26)
MINUTE = timedelta(minutes=1)


def rhythm(holidays: tuple[date, ...] = ()) -> EventRhythm:
    return EventRhythm(NEW_YORK, lambda day: day in holidays)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(
    ("a_minute", "nights"),
    [
        (5.0, 0.1),  # busy, and never quite still
        (1.0, 0.0),  # still at night
        (0.2, 0.0),  # an event every five minutes
        (0.03, 0.0),  # a few an hour
    ],
)
def test_a_month_with_nights_weekends_bursts_and_a_holiday_has_no_silence(
    a_minute: float, nights: float, seed: int
) -> None:
    heard = rhythm((THANKSGIVING,))
    minutes = list(business_traffic(BEGUN, 70, a_minute, seed, [THANKSGIVING], nights))
    judged_from = BEGUN + timedelta(weeks=5)
    false_alarms = []
    for before, minute in pairwise(minutes):
        heard.heard(before)
        # Whoever looks just before the next event comes has seen the whole gap.
        if minute > judged_from and minute - before > timedelta(minutes=5):
            looks = [before + (minute - before) * share for share in (0.5, 0.8, 1.0)]
            false_alarms += [(before, at) for at in looks if heard.silence(at)]
    assert not false_alarms, [(str(a), str(b)) for a, b in false_alarms]


@pytest.mark.parametrize("a_minute", [5.0, 1.0, 0.2])
@pytest.mark.parametrize("hour", [9, 11, 15])
def test_an_end_of_all_events_is_noticed_within_twice_the_usual_gap(a_minute: float, hour: int) -> None:
    heard = rhythm()
    stop = datetime(2026, 11, 10, hour, 20, tzinfo=NEW_YORK).astimezone(UTC)
    for minute in business_traffic(BEGUN, 60, a_minute, 7):
        if minute < stop:
            heard.heard(minute)
    assert heard.last is not None
    usual = [heard.usual_gap(heard.last + number * timedelta(hours=1)) for number in range(2)]
    assert all(gap is not None and gap >= timedelta(minutes=5) for gap in usual)
    latest = heard.last + 2 * max(gap for gap in usual if gap is not None) + 2 * MINUTE

    assert heard.silence(heard.last + timedelta(minutes=4)) is None
    assert heard.silence(latest)


def test_an_hour_of_the_week_that_was_seen_once_is_not_judged() -> None:
    heard = rhythm()
    for number in range(8 * 24 * 60):
        heard.heard(BEGUN + number * MINUTE)
    assert heard.silence(BEGUN + timedelta(days=9)) is None


def test_a_steady_stream_has_the_least_usual_gap() -> None:
    heard = rhythm()
    for number in range(21 * 24 * 60):
        heard.heard(BEGUN + number * MINUTE)
    assert heard.last is not None
    assert heard.usual_gap(heard.last) == timedelta(minutes=5)
    assert heard.silence(heard.last + timedelta(minutes=5)) is None
    assert heard.silence(heard.last + timedelta(minutes=11)) == timedelta(minutes=11)


def test_no_more_than_four_weeks_are_remembered() -> None:
    heard = rhythm()
    for number in range(40 * 24):
        heard.heard(BEGUN + timedelta(hours=number))
    assert len(heard.hours) <= 4 * 7 * 24 + 1
