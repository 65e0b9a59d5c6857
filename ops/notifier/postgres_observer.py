"""What PostgreSQL tells: the processes' heartbeats, halts, pauses, locks, clocks. In a thread of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg

from ops.alarms.findings import ObservedItem
from ops.notifier.alarm_book import AlarmBook, AlarmRecord
from ops.notifier.alarm_store import keep_in_postgres, prune_in_postgres, read_from_postgres
from ops.notifier.silence import SilenceWatch
from ops.status.findings import held_tables, lock_waits
from ops.status.heartbeats import CLOCK_LIMIT, Heartbeats, heard
from processors.engine.halts import halts, lost_partitions
from runtime import logs
from runtime.admin import Readiness
from runtime.heartbeat import Heartbeat
from runtime.postgres import Connection
from schemas.topics import processor_of

log = logs.logger("hookline.notifier")

#: Restarts of a process within 15 minutes that are a crash loop.
CRASH_LOOP = 3
#: Seconds for which a restart that nobody ordered is told.
RESTARTED_FOR = 300.0
#: Seconds that somebody has to wait for a lock, and for which whoever held it is remembered: the processors give up
#: after some seconds and try again later, while the lock is held all the time.
SHORT_WAIT, BLOCKER_REMEMBERED = 1.0, 10.0
#: Seconds between two looks at what changes slowly.
SLOW_EVERY = 30.0

_RESTARTS = """
SELECT h.name, count(*), count(*) FILTER (WHERE h.at > clock_timestamp() - make_interval(secs => %s))
FROM process_heartbeats AS h
WHERE h.state <> 'stopped' AND h.at > clock_timestamp() - interval '15 minutes' AND EXISTS (
    SELECT 1 FROM process_heartbeats AS later
    WHERE later.name = h.name AND later.node = h.node AND later.started_at > h.at)
GROUP BY h.name
"""
_PAUSES = """
SELECT consumer_group, paused_by, reason, extract(epoch FROM now() - paused_at)::float8 FROM process_pauses
WHERE resumed_at IS NULL AND (paused_until IS NULL OR paused_until > now())
    AND paused_at < now() - interval '15 minutes'
"""


@dataclass(frozen=True, slots=True)
class StoredObservation:
    """What PostgreSQL told at one moment."""

    at: float  #: by the monotonic clock
    items: tuple[ObservedItem, ...] = ()
    failure: str | None = None  #: why it did not tell


class PostgresObserver:
    """`latest` is read by others; everything else is used by one thread. A frozen server delays that thread alone."""

    def __init__(
        self,
        connected: Callable[[], Connection],
        book: AlarmBook,
        silence: SilenceWatch,
        *,
        heartbeat: Heartbeat | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._connected = connected
        self._book = book
        self._silence = silence
        self._heartbeat = heartbeat
        self._clock = clock
        self._now = now
        self._connection: Connection | None = None
        self._restored = False
        self._slow_at = -SLOW_EVERY
        self._slow_items: tuple[ObservedItem, ...] = ()
        self._blocking: dict[int, tuple[float, str]] = {}  #: by session: when last seen to block, and how
        self._server_start: datetime | None = None
        self._server_restarted_at: float | None = None  #: by the monotonic clock
        self.latest: StoredObservation | None = None
        self.spooling = False  #: set by others: events wait in a spool, so that the table lacks them
        self.answered_at = clock()  #: by the monotonic clock; at first, when it began to ask

    def step(self) -> None:
        """Ask once, and keep what changed in the book."""
        try:
            if self._connection is None or self._connection.closed:
                self._connection = self._connected()
            self._keep(self._connection)
            if self._heartbeat is not None:
                self._heartbeat.beat(self._connection, Readiness(True))
            items = tuple(self._items(self._connection))
        except Exception as error:  # whatever it is, nothing is known of what PostgreSQL holds, and that is told
            if not isinstance(error, psycopg.Error):
                log.exception("postgres_not_observed")
            if self._connection is not None:
                self._connection.close()
            self._connection = None
            self.latest = StoredObservation(self._clock(), failure=f"{type(error).__name__}")
            return
        self.answered_at = self._clock()
        self.latest = StoredObservation(self.answered_at, items)

    def close(self) -> None:
        """Keep the last changes, and end the connection."""
        if self._connection is not None and not self._connection.closed:
            try:
                self._keep(self._connection)
                if self._heartbeat is not None:
                    self._heartbeat.stopped(self._connection)
            except psycopg.Error as error:
                log.warning("alarms_not_kept", error_class=type(error).__name__)  # the file has them
            self._connection.close()

    def _keep(self, connection: Connection) -> None:
        if not self._restored:
            self._book.restore(read_from_postgres(connection))
            self._restored = True
        unsaved: list[AlarmRecord] = self._book.take_unsaved()
        try:
            keep_in_postgres(connection, unsaved)
        except psycopg.Error:
            self._book.not_saved(unsaved)
            raise

    def _items(self, connection: Connection) -> Iterator[ObservedItem]:
        beats = heard(connection)
        yield from _processes(beats)
        yield from _clocks(beats)
        yield from self._restarts(connection)
        reasons = [(group, reason) for group, (_, reason) in halts(connection).items()]
        for group, lost in lost_partitions(connection).items():
            reasons.append((group, f"it lost its place on {', '.join(lost)}"))
        for group, reason in reasons:
            yield ObservedItem("halted", {"processor": processor_of(group), "reason": reason})
        yield from self._blockers(connection)
        for group, by, reason, seconds in connection.execute(_PAUSES):
            yield ObservedItem(
                "paused_by_operator", {"processor": processor_of(group), "by": by, "reason": reason}, seconds
            )
        yield from self._own_clock(connection)
        if self._clock() - self._slow_at >= SLOW_EVERY:
            self._slow_at = self._clock()
            prune_in_postgres(connection)
            self._slow_items = tuple(
                self._silence.look(connection, is_complete=_is_complete(beats) and not self.spooling)
            )
        yield from self._slow_items

    def _blockers(self, connection: Connection) -> Iterator[ObservedItem]:
        """Sessions that hold what others need, also while those others have given up and wait for their next try."""
        now = self._clock()
        for reason, pid in (*lock_waits(connection, SHORT_WAIT), *held_tables(connection)):
            self._blocking.setdefault(pid, (now, reason))
            self._blocking[pid] = (now, self._blocking[pid][1])
        self._blocking = {pid: seen for pid, seen in self._blocking.items() if now - seen[0] < BLOCKER_REMEMBERED}
        for pid, (_, reason) in self._blocking.items():
            yield ObservedItem("lock_wait", {"reason": reason, "session": str(pid)})

    def _restarts(self, connection: Connection) -> Iterator[ObservedItem]:
        for name, count, lately in connection.execute(_RESTARTS, (RESTARTED_FOR,)):
            if count >= CRASH_LOOP:
                yield ObservedItem("crash_loop", {"process": name}, float(count))
            elif lately:
                yield ObservedItem("process_restarted", {"process": name}, float(lately))
        [(start,)] = connection.execute("SELECT pg_postmaster_start_time()").fetchall()
        if self._server_start not in (None, start):
            self._server_restarted_at = self._clock()
        self._server_start = start
        if self._server_restarted_at is not None and self._clock() - self._server_restarted_at < RESTARTED_FOR:
            yield ObservedItem("postgres_restarted", {"reason": f"{start.astimezone(UTC):%H:%M:%S} UTC"})

    def _own_clock(self, connection: Connection) -> Iterator[ObservedItem]:
        before = self._now()
        row = connection.execute("SELECT clock_timestamp()").fetchone()
        after = self._now()
        if row is None:
            return
        difference = max((row[0] - after).total_seconds(), (before - row[0]).total_seconds())
        if difference > CLOCK_LIMIT:
            yield ObservedItem("clock_off", {"node": "the notifier"}, difference)


def _processes(beats: Heartbeats) -> Iterator[ObservedItem]:
    for beat in beats.processes:
        if beat.state == "missing":
            yield ObservedItem("process_missing", {"process": beat.name, "node": beat.node}, float(round(beat.age)))
        elif beat.state == "gone":
            yield ObservedItem("process_gone", {"process": beat.name}, float(round(beat.age)))
        elif beat.state == "not ready":
            yield ObservedItem("process_not_ready", {"process": beat.name, "reason": beat.reason})


def _clocks(beats: Heartbeats) -> Iterator[ObservedItem]:
    """The nodes of ingest whose clock is not PostgreSQL's; who is missing says nothing of now."""
    for beat in beats.processes:
        off = abs(beat.facts.get("clock_off_seconds", 0))
        if beat.state not in ("missing", "gone") and off > CLOCK_LIMIT:
            yield ObservedItem("clock_off", {"node": beat.node}, off)


def _is_complete(beats: Heartbeats) -> bool:
    """Whether `events` holds all that came: otherwise nobody can tell silence from lag."""
    persists = [beat for beat in beats.processes if beat.name == "persist"]
    # A process that has no partitions says nothing of a lag; where none does, it is not known.
    lags = [beat.facts["lag_seconds"] for beat in persists if "lag_seconds" in beat.facts]
    return bool(lags) and max(lags) < 60 and all(beat.state == "ready" for beat in persists)
