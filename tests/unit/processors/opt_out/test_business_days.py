"""Business days: weekends, federal holidays, observed ones, the clocks going back."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from processors.opt_out import business_days

ZONE = "America/New_York"


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 11, 20), True),  # a Friday
        (date(2026, 11, 21), False),  # a Saturday
        (date(2026, 11, 26), False),  # Thanksgiving
        (date(2026, 11, 27), True),  # the day after is none for the government
        (date(2026, 7, 3), False),  # Independence Day, observed on a Friday
        (date(2027, 12, 31), False),  # New Year's Day 2028 is a Saturday: observed the year before
        (date(2026, 6, 19), False),  # Juneteenth
    ],
)
def test_whether_offices_work(day: date, works: bool) -> None:
    assert business_days.is_business_day(day) is works


@pytest.mark.parametrize(
    ("moment", "days", "expected"),
    [
        # Ten days from a Friday in November, Thanksgiving left out
        (datetime(2026, 11, 20, 15, 0, tzinfo=UTC), 10, datetime(2026, 12, 7, 15, 0, tzinfo=UTC)),
        # One day from a Friday evening is Monday evening
        (datetime(2026, 11, 20, 23, 30, tzinfo=UTC), 1, datetime(2026, 11, 23, 23, 30, tzinfo=UTC)),
        # Late at night in UTC is still the day before in New York
        (datetime(2026, 11, 21, 3, 0, tzinfo=UTC), 1, datetime(2026, 11, 24, 3, 0, tzinfo=UTC)),
        # The same time of day there, though the clocks go back on 1 November 2026
        (datetime(2026, 10, 30, 14, 0, tzinfo=UTC), 1, datetime(2026, 11, 2, 15, 0, tzinfo=UTC)),
        (datetime(2026, 11, 21, 3, 0, tzinfo=UTC), 0, datetime(2026, 11, 21, 3, 0, tzinfo=UTC)),
    ],
)
def test_so_many_business_days_later(moment: datetime, days: int, expected: datetime) -> None:
    assert business_days.after(moment, days, ZONE) == expected


@given(st.datetimes(timezones=st.just(UTC)), st.integers(0, 30), st.sampled_from([ZONE, "Pacific/Kiritimati", "UTC"]))
@example(datetime.min.replace(tzinfo=UTC), 10, ZONE)
@example(datetime.max.replace(tzinfo=UTC), 10, ZONE)
@example(datetime(9999, 12, 30, tzinfo=UTC), 10, "Pacific/Kiritimati")
def test_a_deadline_can_be_told_of_any_moment(moment: datetime, days: int, zone: str) -> None:
    assert business_days.after(moment, days, zone) >= moment
