"""Traffic of a business, minute by minute. Knows nothing of the rule that judges silence."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")


def business_traffic(
    begun: datetime, days: int, a_minute: float, seed: int, holidays: Sequence[date] = (), nights: float = 0.0
) -> Iterator[datetime]:
    """The minutes with an event: weekdays from 8 to 18 h with a quieter noon, a few on Saturdays, bursts of campaigns.

    `a_minute`: events at the busiest time; `nights`: the share of it that comes at night and on Sundays.
    """
    draw = random.Random(seed)
    burst_until = begun
    for number in range(days * 24 * 60):
        minute = begun + timedelta(minutes=number)
        local = minute.astimezone(NEW_YORK)
        open_ = 8 <= local.hour < 18 and local.date() not in holidays
        share = nights
        if open_ and local.weekday() < 5:
            share = 0.6 if local.hour in (12, 13) else 1.0
        elif open_ and local.weekday() == 5:
            share = 0.3
        rate = a_minute * share
        if share >= 0.6 and draw.random() < 1 / 900:
            burst_until = minute + timedelta(minutes=draw.randint(5, 25))
        if minute < burst_until:
            rate *= 20
        if draw.random() < 1 - 2.718281828**-rate:
            yield minute
