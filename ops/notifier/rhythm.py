"""How often events of one type usually come, by the hour of the week, and when their absence is a silence.

A minute with an event is an arrival, so that a burst counts once. The usual gap of an hour of the week is the 99.9th
percentile of the gaps that touched that hour in the last four weeks: with fewer than 1,000 arrivals the longest one, or
what the percentile of gaps between independent arrivals at that rate is, where that is more. A silence uses up
1 / (2 x usual gap) a second, by the hour that it passes through: a night is slow, a busy morning quick.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

WEEK, HOUR = timedelta(weeks=1), timedelta(hours=1)
#: How much is remembered, in weeks, and how much of the same hour has to be known before a silence is one.
WEEKS, LEAST_WEEKS = 4, 2
#: No gap shorter than this is worth a word.
SHORTEST_USUAL = timedelta(minutes=5)
#: A gap is a silence once it is this many times the usual one.
TIMES_USUAL = 2.0


@dataclass(slots=True)
class HourOfEvents:
    """One hour of one stream of events."""

    arrivals: int = 0  #: minutes with an event
    longest_gap: float = 0.0  #: seconds; of the gaps that touched the hour
    last_arrival: datetime | None = None  #: the last such minute


class EventRhythm:
    """Of one provider and event type. Times are in UTC."""

    def __init__(self, zone: tzinfo, is_holiday: Callable[[date], bool] = lambda _: False) -> None:
        """`zone`, `is_holiday`: on a holiday there, Sunday's rhythm is usual as well."""
        self._zone = zone
        self._is_holiday = is_holiday
        self.hours: dict[datetime, HourOfEvents] = {}
        self.first: datetime | None = None
        self.last: datetime | None = None  #: the minute of the newest event
        self.changed: set[datetime] = set()  #: hours that differ from what was last counted

    def heard(self, minute: datetime) -> None:
        """There was an event in `minute`; minutes come in order, and again without effect."""
        if self.last is not None:
            if minute <= self.last:
                return
            self._remember_gap(self.last, minute)
        hour = _hour(minute)
        counted = self.hours.setdefault(hour, HourOfEvents())
        counted.arrivals, counted.last_arrival = counted.arrivals + 1, minute
        self.changed.add(hour)
        self.first, self.last = self.first or minute, minute
        for old in [old for old in self.hours if old < hour - WEEKS * WEEK]:
            del self.hours[old]

    def _remember_gap(self, begun: datetime, ended: datetime) -> None:
        seconds = (ended - begun).total_seconds()
        hour = max(_hour(begun), _hour(ended) - WEEKS * WEEK)
        while hour <= ended:
            counted = self.hours.setdefault(hour, HourOfEvents())
            if seconds > counted.longest_gap:
                counted.longest_gap = seconds
                self.changed.add(hour)
            hour += HOUR

    def usual_gap(self, at: datetime) -> timedelta | None:
        """The usual gap at `at`; None: too little is known of that hour of the week."""
        usual = self._of_hour(_hour(at))
        local = at.astimezone(self._zone)
        if usual is not None and self._is_holiday(local.date()):
            on_sunday = (local - timedelta(days=(local.weekday() + 1) % 7)).astimezone(UTC)
            sunday = self._of_hour(_hour(on_sunday))
            usual = max(usual, sunday or usual)
        return usual

    def _of_hour(self, hour: datetime) -> timedelta | None:
        if self.first is None:
            return None
        # By the clocks of the zone: people keep their hours when summer time ends.
        local = hour.astimezone(self._zone)
        weeks = [(local - number * WEEK).astimezone(UTC) for number in range(1, WEEKS + 1)]
        weeks = [week for week in weeks if week >= self.first]
        if len(weeks) < LEAST_WEEKS:
            return None
        known = [self.hours[week] for week in weeks if week in self.hours]
        longest = max((item.longest_gap for item in known), default=0.0)
        arrivals = sum(item.arrivals for item in known)
        return max(SHORTEST_USUAL, timedelta(seconds=max(longest, _rare_gap(arrivals / (60.0 * len(weeks))))))

    def silence(self, now: datetime) -> timedelta | None:
        """How long nothing has come, where that is a silence; None: it is none, or nobody can say."""
        if self.last is None:
            return None
        used = 0.0
        for begun, ended in self._stretches(now):
            usual = self.usual_gap(begun)
            if usual is None:
                return None
            used += (ended - begun) / (TIMES_USUAL * usual)
            if used >= 1.0:
                return now - self.last
        return None

    def _stretches(self, now: datetime) -> Iterator[tuple[datetime, datetime]]:
        """From the last event to `now`, cut at full hours. A holiday begins the count anew, and so does its end."""
        assert self.last is not None
        begun = max(self.last + timedelta(minutes=1), now - WEEKS * WEEK)
        day = now.astimezone(self._zone).date()
        while day >= begun.astimezone(self._zone).date():
            if self._is_holiday(day):
                morning = datetime.combine(day, time(), self._zone)
                after = datetime.combine(day + timedelta(days=1), time(), self._zone)
                begun = max(begun, after if after <= now else morning)
                break
            day -= timedelta(days=1)
        while begun < now:
            ended = min(now, _hour(begun) + HOUR)
            yield begun, ended
            begun = ended


def _rare_gap(share: float) -> float:
    """Seconds that one in 1,000 gaps exceeds where each minute has an event with this probability."""
    return 60.0 * math.log(0.001) / math.log1p(-share) if 0.0 < share < 1.0 else 0.0


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)
