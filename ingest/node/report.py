"""Tells PostgreSQL twice a second what this node's spool holds: while it may hold a stop, the gate is not sure.

Best effort: ingest answers webhooks whether or not PostgreSQL is there. A node that cannot tell is one that the gate
does not hear of, which makes it unsure as well.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import LiteralString

import psycopg

from ingest.durable.spool.locks import FileLock
from ingest.durable.spool.state import SharedState
from ingest.node.count_report import CountReport
from ingest.node.facts import NodeFacts
from ingest.node.request_watch import RequestWatch
from ingest.postgres_clock import PostgresClock
from runtime.admin import Readiness, readiness_now
from runtime.database_clock import DatabaseClock
from runtime.heartbeat import EVERY as BEAT_EVERY
from runtime.heartbeat import Heartbeat
from runtime.logs import logger
from runtime.postgres import Connection, connect, is_password_refused
from runtime.reminder import Reminder

log = logger("ingest.node.report")

#: Seconds between two reports, and that PostgreSQL has for one.
EVERY, CALL_TIMEOUT = 0.5, 2.0

#: `drained_at` is PostgreSQL's time behind the draining: only what opt-out has caught up with later counts then.
_REPORT = """
INSERT INTO ingest_nodes AS known (node, spooled, oldest, heard_at, drained_at)
VALUES (%(node)s, %(spooled)s, %(oldest)s, %(heard_at)s, clock_timestamp())
ON CONFLICT (node) DO UPDATE SET spooled = EXCLUDED.spooled, oldest = EXCLUDED.oldest, heard_at = EXCLUDED.heard_at,
    drained_at = CASE WHEN %(drained)s OR known.spooled > EXCLUDED.spooled THEN clock_timestamp()
                      ELSE known.drained_at END,
    stopped_at = NULL, retired_at = NULL, retired_reason = NULL
RETURNING clock_timestamp()
"""

_STOPPED = "UPDATE ingest_nodes SET stopped_at = clock_timestamp() WHERE node = %s AND spooled = 0"


def node_connection(dsn: str) -> Connection:
    """A connection that nobody waits for long."""
    return connect(dsn, process="ingest", connect_timeout=2, call_timeout=CALL_TIMEOUT)


class NodeReport:
    """Reports the spool behind `state`. Used by one thread."""

    def __init__(
        self,
        node: str,
        state: SharedState,
        open_connection: Callable[[], Connection],
        *,
        heartbeat: Heartbeat | None = None,
        readiness: Callable[[], Readiness] = lambda: Readiness(True),
        facts: NodeFacts | None = None,
        counts: CountReport | None = None,
        requests: RequestWatch | None = None,
        postgres_clock: PostgresClock | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """`heartbeat` goes out with every fourth report, with what `readiness` and `facts` tell; `counts` follow, and
        `requests` about the quarantine are looked for.

        `postgres_clock`: what learns PostgreSQL's clock for the node; `wall` gives seconds since the epoch.
        """
        self._counts = counts
        self._requests = requests
        self._postgres_clock = postgres_clock
        self._wall = wall
        self._clock_off = 0.0  #: seconds that this node's clock is at least ahead of PostgreSQL's; negative: behind it
        self._heartbeat = heartbeat or Heartbeat("ingest", node=node)
        self._readiness = readiness
        self._facts = facts
        self._next_beat = float("-inf")
        self._node = node
        self._state = state
        self._open = open_connection
        self._monotonic = monotonic
        self._clock = DatabaseClock(monotonic)
        self._connection: Connection | None = None
        self._replayed: int | None = None  #: as last reported; None: this process has not reported yet
        self._reminder, self._aside_reminder = Reminder(clock=monotonic), Reminder(clock=monotonic)

    def report(self) -> bool:
        """Tell what the spool holds; whether PostgreSQL took it. Never raises."""
        try:
            self._send()
        except Exception as error:  # noqa: BLE001 - a node that no longer reports makes the gate unsure of everybody
            self.close()
            self._state.report_refused = int(isinstance(error, psycopg.Error) and is_password_refused(error))
            if self._reminder.due():
                self._warn(error)
            return False
        self._state.reported, self._state.report_refused = 1, 0
        if self._reminder.reset():
            log.info("node_reported_again")
        return True

    def _warn(self, error: Exception) -> None:
        facts = {
            "error_class": type(error).__name__,
            "password_refused": bool(self._state.report_refused),
            "effect": "the gate is unsure",
        }
        if self._state.reported:
            log.warning("node_not_reported", **facts)
        else:  # where this node had stopped, or is new, nobody waits to hear from it
            log.error("node_never_reported", **facts | {"effect": "the gate does not know of this node's spool"})

    def stopped(self) -> None:
        """The service has ended: with an empty spool nobody needs to hear from it."""
        if not self.report() or self._connection is None:
            return
        try:
            self._connection.execute(_STOPPED, (self._node,))
            self._heartbeat.stopped(self._connection)
        except psycopg.Error as error:
            log.warning("node_not_signed_off", error_class=type(error).__name__)

    def close(self) -> None:
        """Close the connection; the next report opens another."""
        connection, self._connection = self._connection, None
        self._clock.forget()
        if connection is not None:
            connection.close()

    def end_requests(self) -> None:
        """End the process that works on one, if there is one: the worker ends."""
        if self._requests is not None:
            self._requests.close()

    def _send(self) -> None:
        if self._connection is None:
            self._connection = self._open()
            self._learn(self._connection, "SELECT clock_timestamp()")
        # The spool is looked at behind the instant that the report is for, so a process that is frozen here says
        # something old. What moves between the queue and the refused is counted on one side at least.
        looked_at = self._monotonic()
        replayed, oldest, refused = self._state.replayed, self._state.oldest, self._state.refused
        spooled = self._state.records + max(refused, self._state.refused)
        values = {
            "node": self._node,
            "spooled": spooled,
            "oldest": datetime.fromtimestamp(oldest / 1e6, UTC) if spooled and oldest else None,
            "heard_at": self._clock.at(looked_at),
            "drained": replayed != self._replayed,
        }
        self._learn(self._connection, _REPORT, values)
        self._replayed = replayed
        if looked_at >= self._next_beat:
            self._next_beat = looked_at + BEAT_EVERY
            self._aside(self._beat, self._connection)
        if self._counts is not None:
            self._aside(self._counts, self._connection)
        if self._requests is not None:
            self._aside(self._requests, self._connection)

    def _aside(self, report: Callable[[Connection], None], connection: Connection) -> None:
        """Tell what the spool's report does not depend on, whatever is wrong with it. Raises psycopg.Error."""
        try:
            report(connection)
        except psycopg.Error:
            raise
        except Exception as error:  # noqa: BLE001 - see above
            if self._aside_reminder.due():
                log.error(
                    "node_facts_not_reported", error_class=type(error).__name__, effect="the spool's report goes on"
                )

    def _beat(self, connection: Connection) -> None:
        facts = {**(self._facts() if self._facts else {}), "clock_off_seconds": round(self._clock_off, 1)}
        self._heartbeat.beat(connection, readiness_now(self._readiness), facts)

    def _learn(
        self, connection: Connection, statement: LiteralString, values: Mapping[str, object] | None = None
    ) -> None:
        """Run `statement`, which returns PostgreSQL's time. Raises psycopg.Error."""
        before = self._wall()
        [(now,)] = connection.execute(statement, values).fetchall()
        after = self._wall()
        self._clock.learn(now)
        if self._postgres_clock is not None:
            self._postgres_clock.learn(now)
        # It was read between the two, so however long the answer took, only what lies outside of them is a difference.
        reading = now.timestamp()
        self._clock_off = max(0.0, before - reading) - max(0.0, reading - after)


class NodeReporter:
    """The thread in which one worker of a node reports, as long as the worker lives."""

    def __init__(self, report: NodeReport, directory: Path) -> None:
        self._report = report
        self._lock = FileLock(directory / "report.lock")
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="node-report", daemon=True)

    def start(self) -> NodeReporter:
        """Run in a thread of its own."""
        self._thread.start()
        return self

    def stop(self, timeout: float = CALL_TIMEOUT + 1) -> None:
        """Leave it to another worker."""
        self._stopped.set()
        self._thread.join(timeout)
        self._lock.close()

    def _run(self) -> None:
        held, reminder = False, Reminder()
        while not self._stopped.is_set():
            try:
                held = held or self._lock.take()
            except OSError as error:  # of the disk; the next try may have it
                if reminder.due():
                    log.error("report_lock_failed", error=error.strerror, effect="the gate is unsure")
            if held:
                self._report.report()
            self._stopped.wait(EVERY)
        self._report.close()
        self._report.end_requests()
