"""Business days as 47 CFR 64.1200(a)(10) counts them: Monday to Friday without the federal holidays."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

_SATURDAY = 5


def after(moment: datetime, days: int, zone: str) -> datetime:
    """The same time of day as `moment`, so many business days later, by the calendar and the clock of `zone`.

    None of the days that are counted is the day of `moment` itself; 0 days is `moment`. So is any number of days where
    the calendar ends before them: the ledger has rows of any year from 1 to 9999.
    """
    if days <= 0:
        return moment
    try:
        return _counted(moment, days, zone)
    except OverflowError:
        return moment


def _counted(moment: datetime, days: int, zone: str) -> datetime:
    local = moment.astimezone(ZoneInfo(zone))
    day = local.date()
    left = days
    while left:
        day += timedelta(days=1)
        left -= is_business_day(day)
    return local.replace(year=day.year, month=day.month, day=day.day).astimezone(moment.tzinfo)


def is_business_day(day: date) -> bool:
    """Whether offices of the United States' government work on `day`."""
    return day.weekday() < _SATURDAY and day not in _federal(day.year)


@lru_cache(maxsize=64)
def _federal(year: int) -> frozenset[date]:
    # Without a state, the library's list is the federal one, with the days on which holidays are observed. New
    # Year's Day of the next year may be observed in this one, which the library counts to this one.
    return frozenset(holidays.country_holidays("US", years=year))
