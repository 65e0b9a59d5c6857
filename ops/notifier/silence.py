"""Watches for event types that have stopped coming: follows `events` minute by minute, and keeps each type's rhythm."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo

from ops.alarms.findings import ObservedItem
from ops.alarms.rule import duration
from ops.notifier.rhythm import HOUR, WEEK, WEEKS, EventRhythm, HourOfEvents
from runtime.postgres import Connection

#: How much history one look reads at most: the first ones catch up, a piece at a time.
PIECE = timedelta(hours=6)
#: How far back each look reads again: an event's receipt and its row are that far apart at most, while nothing lags.
OVERLAP = timedelta(minutes=3)
#: How long what was silent is said again while nobody can tell: a restart or a spooled event ends no silence.
REPEATED = timedelta(minutes=10)

_MINUTES = """
SELECT DISTINCT provider, event_type, date_trunc('minute', received_at) AS minute FROM events
WHERE received_at >= %s AND received_at < %s AND NOT is_test ORDER BY minute
"""
_STORED = """
SELECT provider, event_type, hour, arrivals, longest_gap, last_arrival FROM event_rhythms WHERE hour >= %s ORDER BY hour
"""
_KEEP = """
INSERT INTO event_rhythms (provider, event_type, hour, arrivals, longest_gap, last_arrival)
VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (provider, event_type, hour) DO UPDATE SET
    arrivals = EXCLUDED.arrivals, longest_gap = EXCLUDED.longest_gap, last_arrival = EXCLUDED.last_arrival
"""
_PRUNE = "DELETE FROM event_rhythms WHERE hour < %s"


class SilenceWatch:
    """Used by one thread."""

    def __init__(
        self,
        zone: tzinfo,
        is_holiday: Callable[[date], bool],
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._zone = zone
        self._is_holiday = is_holiday
        self._now = now
        self._rhythms: dict[tuple[str, str], EventRhythm] = {}
        self._read_until: datetime | None = None
        self._silent: tuple[ObservedItem, ...] = ()  #: as last looked at
        self._looked_at = datetime.min.replace(tzinfo=UTC)

    def look(self, connection: Connection, *, is_complete: bool) -> Iterator[ObservedItem]:
        """What is silent now. Raises psycopg.Error.

        `is_complete`: whether `events` holds what has come; if not, nothing is read, and what was silent is said again:
        for some minutes, because nobody knows whether it is.
        """
        now = self._now()
        if self._read_until is None:
            self._read_until = self._restore(connection, now)
        if not is_complete:
            if now - self._looked_at <= REPEATED:
                yield from self._silent
            return
        until = min(now, self._read_until + PIECE)
        for provider, event_type, minute in connection.execute(_MINUTES, (self._read_until - OVERLAP, until)):
            self._rhythm(provider, event_type).heard(minute)
        self._read_until = until
        self._keep(connection, now)
        if until < now:
            return
        self._silent, self._looked_at = tuple(self._silences(now)), now
        yield from self._silent

    def _silences(self, now: datetime) -> Iterator[ObservedItem]:
        for (provider, event_type), rhythm in self._rhythms.items():
            silent = rhythm.silence(now)
            if silent is not None:
                usual = rhythm.usual_gap(now)
                labels = {"provider": provider, "event_type": event_type}
                yield ObservedItem(
                    "silence",
                    {**labels, "usual": duration(usual.total_seconds()) if usual else "?"},
                    silent.total_seconds(),
                )

    def _rhythm(self, provider: str, event_type: str) -> EventRhythm:
        place = (provider, event_type)
        if place not in self._rhythms:
            self._rhythms[place] = EventRhythm(self._zone, self._is_holiday)
        return self._rhythms[place]

    def _restore(self, connection: Connection, now: datetime) -> datetime:
        """The hours that were kept; returns from where on `events` has to be read: the last of them, once more."""
        begun = now - WEEKS * WEEK
        rows = connection.execute(_STORED, (begun,)).fetchall()
        again = max((row[2] for row in rows), default=None)
        for provider, event_type, hour, arrivals, longest_gap, last_arrival in rows:
            rhythm = self._rhythm(provider, event_type)
            rhythm.first = rhythm.first or hour
            if hour != again:
                rhythm.hours[hour] = HourOfEvents(arrivals, longest_gap, last_arrival)
                rhythm.last = last_arrival or rhythm.last
        return again if again is not None else begun

    def _keep(self, connection: Connection, now: datetime) -> None:
        for (provider, event_type), rhythm in self._rhythms.items():
            for hour in sorted(rhythm.changed):
                item = rhythm.hours.get(hour)
                if item is not None:
                    counted = (item.arrivals, item.longest_gap, item.last_arrival)
                    connection.execute(_KEEP, (provider, event_type, hour, *counted))
            rhythm.changed.clear()
        connection.execute(_PRUNE, (now - WEEKS * WEEK - HOUR,))
