"""One request budget for an API that counts requests by windows, kept in PostgreSQL for all processes.

The API's own headers say when a window ends and how much of it is left. Where that is not known, at the start and
after a window's end, one request alone goes first and brings the headers. What was granted and not yet reported
counts as used, in the next window too: it may arrive there. So the limit is never passed, and nearly all of it can
be used. Opt-outs go first: while any wait, nobody else is granted anything, and a reserve is for them alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from runtime import metrics
from runtime.postgres import Connection

#: How long after an opt-out asked for requests nobody else is granted any.
URGENCY = timedelta(seconds=1)
#: After a window's end, for the time that the API needs to see it too.
MARGIN = timedelta(milliseconds=30)
#: A grant that is not reported for so long belonged to a process that is gone.
FORGOTTEN = timedelta(seconds=60)
#: How long to wait for the headers that somebody else's request is going to bring.
PROBING = timedelta(milliseconds=20)
#: How long such a request may take before another one goes: one that hangs keeps nobody waiting.
PROBE_TIMEOUT = timedelta(seconds=1)

_COLUMNS = "allowed, used, in_flight, granted_at, window_ends, urgent_until, blocked_until"
_BEGIN = "INSERT INTO api_budgets (api, allowed, used, in_flight) VALUES (%s, %s, 0, 0) ON CONFLICT DO NOTHING"
_READ = f"SELECT clock_timestamp(), {_COLUMNS} FROM api_budgets WHERE api = %s FOR UPDATE"  # noqa: S608 - our names
_WRITE = f"UPDATE api_budgets SET ({_COLUMNS}) = (%s, %s, %s, %s, %s, %s, %s) WHERE api = %s"  # noqa: S608


class Seen(NamedTuple):
    """What an answer's headers say about its window (TextUs: X-RateLimit-Limit, -Remaining, -Reset)."""

    limit: int
    remaining: int
    resets_at: int  #: epoch seconds


@dataclass(frozen=True, slots=True)
class RequestResult:
    """What came of one request."""

    seen: Seen | None = None  #: its headers, where it had any
    answered: bool = True
    blocked: float | None = None  #: seconds that the API asked to wait (429)


@dataclass(frozen=True, slots=True)
class Grant:
    """How many requests may be made now."""

    count: int
    wait: float  #: seconds until it is worth asking again, where the count is less than was wanted


@dataclass(frozen=True, slots=True)
class Window:
    """A row of `api_budgets`."""

    allowed: int
    used: int = 0
    in_flight: int = 0
    granted_at: datetime | None = None
    ends: datetime | None = None  #: None: not known, until an answer tells
    urgent_until: datetime | None = None
    blocked_until: datetime | None = None

    def take(self, now: datetime, requested: int, *, urgent: bool, reserve: int) -> tuple[Window, Grant]:
        """Grant up to `requested` requests."""
        window = self
        if window.granted_at is not None and now - window.granted_at > FORGOTTEN:
            window = replace(window, in_flight=0)
        if window.ends is not None and now >= window.ends + MARGIN:
            window = replace(window, used=window.in_flight, ends=None)
        if urgent:
            window = replace(window, urgent_until=now + URGENCY)
        elif window.urgent_until is not None and now < window.urgent_until:
            return window, Grant(0, (window.urgent_until - now).total_seconds())
        if window.blocked_until is not None and now < window.blocked_until:
            return window, Grant(0, (window.blocked_until - now).total_seconds())
        if window.ends is None:
            if window.in_flight and window.granted_at is not None and now - window.granted_at < PROBE_TIMEOUT:
                return window, Grant(0, PROBING.total_seconds())
            probes = window.in_flight + 1
            return replace(window, used=probes, in_flight=probes, granted_at=now), Grant(1, PROBING.total_seconds())
        room = window.allowed - window.used - (0 if urgent else reserve)
        count = max(0, min(requested, room))
        wait = (window.ends + MARGIN - now).total_seconds() if count < requested else 0.0
        if not count:
            return window, Grant(0, wait)
        taken = replace(window, used=window.used + count, in_flight=window.in_flight + count, granted_at=now)
        return taken, Grant(count, wait)

    def report(
        self, now: datetime, count: int, seen: Sequence[Seen], *, answered: bool, blocked: float | None, length: float
    ) -> Window:
        """`count` requests are over; what their answers said. `blocked`: seconds that the API asked to wait."""
        window = replace(self, in_flight=max(0, self.in_flight - count))
        if blocked is not None:
            return replace(window, blocked_until=now + timedelta(seconds=blocked), ends=None, used=window.in_flight)
        if not seen:
            if window.ends is None and answered:  # it does not count, or does not tell
                return replace(window, ends=now + timedelta(seconds=length))
            return window
        newest = max(headers.resets_at for headers in seen)
        last = min((headers for headers in seen if headers.resets_at == newest), key=lambda known: known.remaining)
        ends = datetime.fromtimestamp(newest, UTC)
        counted = last.limit - last.remaining + window.in_flight
        if window.ends is None or ends > window.ends or now < ends < window.ends:  # the last: ours was a guess
            return replace(window, ends=ends, used=counted, allowed=last.limit)
        if ends == window.ends:
            return replace(window, used=max(window.used, counted), allowed=last.limit)
        return window


class Budget:
    """The budget of one API. Holds no state: that is PostgreSQL's."""

    def __init__(self, api: str, *, limit: int, window: float, reserve: int) -> None:
        self.api = api
        self._limit = limit
        self._length = window
        self._reserve = min(reserve, limit - 1)

    @property
    def rate(self) -> float:
        """Requests a second that are there for other work than opt-outs."""
        return (self._limit - self._reserve) / self._length

    def take(self, connection: Connection, requested: int, *, urgent: bool) -> Grant:
        """Ask for `requested` requests, in a transaction of its own; each of those granted has to be reported."""
        with connection.transaction():
            now, window = self._read(connection)
            window, grant = window.take(now, requested, urgent=urgent, reserve=self._reserve)
            self._write(connection, window)
        metrics.API_BUDGET_USED.labels(self.api).set(window.used)
        if grant.count < requested:
            metrics.API_BUDGET_WAITS.labels(self.api, "opt-out" if urgent else "other").inc()
        return grant

    def report(self, connection: Connection, count: int, results: Sequence[RequestResult]) -> None:
        """Tell how `count` granted requests went; `results`: of those that were made."""
        seen = [result.seen for result in results if result.seen is not None]
        blocked = max((result.blocked for result in results if result.blocked is not None), default=None)
        answered = any(result.answered for result in results)
        with connection.transaction():
            now, window = self._read(connection)
            after = window.report(now, count, seen, answered=answered, blocked=blocked, length=self._length)
            self._write(connection, replace(after, allowed=min(after.allowed, self._limit)))

    def give_back(self, connection: Connection, count: int) -> None:
        """`count` granted requests were not made after all."""
        with connection.transaction():
            _, window = self._read(connection)
            used, in_flight = max(0, window.used - count), max(0, window.in_flight - count)
            self._write(connection, replace(window, used=used, in_flight=in_flight))

    def _read(self, connection: Connection) -> tuple[datetime, Window]:
        # Nothing here is worth waiting for a disk: after a crash the API's headers tell it again.
        connection.execute("SET LOCAL synchronous_commit = off")
        row = connection.execute(_READ, (self.api,)).fetchone()
        if row is None:
            connection.execute(_BEGIN, (self.api, self._limit))
            row = connection.execute(_READ, (self.api,)).fetchone()
            assert row is not None
        return row[0], Window(*row[1:])

    def _write(self, connection: Connection, window: Window) -> None:
        values = (window.allowed, window.used, window.in_flight, window.granted_at, window.ends)
        connection.execute(_WRITE, (*values, window.urgent_until, window.blocked_until, self.api))
