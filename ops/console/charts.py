"""What the charts show: events a minute over a day, and the shares of 401 and the lags that this process has seen."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psycopg

from ops.console.database import ConsoleBusy, ConsoleDatabase
from ops.status.heartbeats import HeartbeatState, heard
from runtime import logs
from runtime.postgres import Connection

log = logs.logger("hookline.console.charts")

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
#: Minutes are counted again for so long: what persist stores later than that is not in the chart.
SETTLES_AFTER = timedelta(minutes=10)
#: Seconds after which counting goes on with the next page, rather than make this one wait.
BUDGET = 0.2
#: Seconds between two looks at the heartbeats, and looks that are kept: a day.
EVERY, MOST_SAMPLES = 60.0, 1440

# By the block range index of received_at.
_COUNTS = """
SELECT date_trunc('minute', received_at), provider, event_type, count(*) FROM events
WHERE received_at >= %s AND received_at < %s AND NOT is_test GROUP BY 1, 2, 3
"""


@dataclass(frozen=True, slots=True)
class Chart:
    """Some values over time."""

    name: str
    title: str
    unit: str
    times: Sequence[datetime]
    series: Mapping[str, Sequence[float | None]]  #: by what it is of; as many as there are times, None: not known
    is_count: bool  #: an hour has the sum of its minutes; else the highest

    def hours(self) -> list[tuple[datetime, dict[str, float | None]]]:
        """By hour of UTC, the newest first."""
        found: dict[datetime, dict[str, list[float]]] = {}
        for at, *values in zip(self.times, *self.series.values(), strict=True):
            hour = found.setdefault(at.replace(minute=0, second=0, microsecond=0), {name: [] for name in self.series})
            for name, value in zip(self.series, values, strict=True):
                if value is not None:
                    hour[name].append(value)
        fold: Callable[[list[float]], float] = sum if self.is_count else max
        return [
            (at, {name: fold(values) if values else None for name, values in hour.items()})
            for at, hour in sorted(found.items(), reverse=True)
        ]

    def data(self) -> dict[str, object]:
        """As the page's script takes it."""
        return {
            "name": self.name,
            "unit": self.unit,
            "times": [at.timestamp() for at in self.times],
            "series": [{"name": name, "values": list(values)} for name, values in self.series.items()],
        }


class EventCounts:
    """Events by minute, provider and type, counted once and remembered. Any number of threads use it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._minutes: dict[datetime, Counter[tuple[str, str]]] = {}
        self._oldest = self._settled = datetime.min.replace(tzinfo=UTC)

    def read(self, connection: Connection, now: datetime) -> list[Chart]:
        """A chart for each provider, as far back as there was time to count. Raises psycopg.Error."""
        with self._lock:
            self._count(connection, now)
            times = [self._oldest + n * MINUTE for n in range((now - self._oldest) // MINUTE)]
            counts = [self._minutes.get(at, Counter[tuple[str, str]]()) for at in times]
        kinds = sorted({kind for minute in counts for kind in minute})
        return [
            Chart(
                f"events-{provider}",
                f"Events a minute: {provider}",
                "events",
                times,
                {of: [minute[name, of] for minute in counts] for name, of in kinds if name == provider},
                is_count=True,
            )
            for provider in sorted({provider for provider, _ in kinds})
        ]

    def _count(self, connection: Connection, now: datetime) -> None:
        begun, end = self._clock(), _minute(now)  # a minute that goes on would look like a dip
        start = end - DAY
        if now - self._settled > HOUR:  # nobody has looked for long: begin anew rather than count hours at once
            self._minutes.clear()
            self._oldest = self._settled = end - SETTLES_AFTER
        self._count_span(connection, self._settled, end)
        self._settled = end - SETTLES_AFTER
        while self._oldest > start and self._clock() - begun < BUDGET:
            since = max(start, self._oldest - HOUR)
            try:
                self._count_span(connection, since, self._oldest)
            except psycopg.errors.QueryCanceled:
                break
            self._oldest = since
        self._oldest = max(self._oldest, start)
        for at in [at for at in self._minutes if at < start]:
            del self._minutes[at]

    def _count_span(self, connection: Connection, since: datetime, until: datetime) -> None:
        counted: dict[datetime, Counter[tuple[str, str]]] = {}
        for minute, provider, event_type, count in connection.execute(_COUNTS, (since, until)):
            counted.setdefault(minute.astimezone(UTC), Counter())[provider, event_type] = count
        for at in [at for at in self._minutes if since <= at < until]:
            del self._minutes[at]
        self._minutes |= counted


@dataclass(frozen=True, slots=True)
class HeartbeatSample:
    """What the heartbeats said at one moment."""

    at: datetime
    lags: Mapping[str, float]  #: seconds, by processor
    refused: Mapping[str, float]  #: share of 401 in per cent, by provider


class HeartbeatHistory:
    """What this console has seen of the heartbeats, a look a minute; PostgreSQL keeps the newest alone."""

    def __init__(self, database: ConsoleDatabase) -> None:
        self._database = database
        self._samples: deque[HeartbeatSample] = deque(maxlen=MOST_SAMPLES)

    def look(self, now: datetime) -> None:
        """Add what they say now; nothing while PostgreSQL is away."""
        try:
            with self._database.reading() as connection:
                beats = heard(connection).processes
        except (psycopg.Error, ConsoleBusy) as error:
            log.debug("heartbeats_not_read", error_class=type(error).__name__)
            return
        self._samples.append(_sample(now, [beat for beat in beats if beat.state == "ready"]))

    def look_until(self, wait: Callable[[float], bool]) -> None:
        """Look every minute until `wait` says that the process ends."""
        while True:
            self.look(datetime.now(UTC))
            if wait(EVERY):
                return

    def charts(self) -> list[Chart]:
        """The share of 401 by provider, and the lag by processor."""
        samples = list(self._samples)
        times = [sample.at for sample in samples]
        providers = sorted({name for sample in samples for name in sample.refused})
        processors = sorted({name for sample in samples for name in sample.lags})
        return [
            Chart(
                "refused",
                "Share answered 401",
                "%",
                times,
                {name: [sample.refused.get(name) for sample in samples] for name in providers},
                is_count=False,
            ),
            Chart(
                "lag",
                "Lag of each processor",
                "s",
                times,
                {name: [sample.lags.get(name) for sample in samples] for name in processors},
                is_count=False,
            ),
        ]


def _sample(now: datetime, beats: Sequence[HeartbeatState]) -> HeartbeatSample:
    lags: dict[str, float] = {}
    webhooks, refused = Counter[str](), Counter[str]()
    for beat in beats:
        if "lag_seconds" in beat.facts:
            lags[beat.name] = max(lags.get(beat.name, 0.0), float(beat.facts["lag_seconds"]))
        for provider, counts in beat.facts.get("webhooks_lately", {}).items():
            webhooks[provider] += counts.get("webhooks", 0)
            refused[provider] += counts.get("refused", 0)
    shares = {name: round(100 * refused[name] / count, 2) for name, count in webhooks.items() if count}
    return HeartbeatSample(now, lags, shares)


def _minute(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(second=0, microsecond=0)
