"""One row per process in PostgreSQL, written by the process every two seconds: how it is, for `hookline status`."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from uuid import uuid4

import psycopg

from runtime import logs
from runtime.admin import Readiness, readiness_now
from runtime.postgres import Connection
from runtime.reminder import Reminder
from runtime.version import hookline_version

log = logs.logger("runtime.heartbeat")

#: Seconds between two beats, and without one after which a process is missing.
EVERY, MISSING_AFTER = 2.0, 10.0
#: Seconds that a process which stops waits for its last word to be written.
STOP_TIMEOUT = 3.0

#: What has been silent for an hour goes, unless nothing newer of its name is there: somebody has to say that it lacks.
_PRUNE = """
DELETE FROM process_heartbeats AS old WHERE old.at < clock_timestamp() - interval '1 hour'
    AND EXISTS (SELECT 1 FROM process_heartbeats AS newer WHERE newer.name = old.name AND newer.at > old.at)
"""
_BEAT = """
INSERT INTO process_heartbeats (name, instance, node, version, state, reason, facts, started_at, at)
VALUES (%s, %s, %s, %s, %s, %s, %s, clock_timestamp(), clock_timestamp())
ON CONFLICT (name, instance) DO UPDATE SET version = EXCLUDED.version, state = EXCLUDED.state,
    reason = EXCLUDED.reason, facts = EXCLUDED.facts, at = EXCLUDED.at
"""
_STOPPED = """
UPDATE process_heartbeats SET state = 'stopped', reason = '', at = clock_timestamp() WHERE name = %s AND instance = %s
"""


class Heartbeat:
    """Of one process."""

    def __init__(self, name: str, *, node: str | None = None, instance: str | None = None) -> None:
        """`node`: None: the host's name."""
        self.name = name
        self.instance = instance or uuid4().hex
        self._node = node or socket.gethostname()

    def beat(self, connection: Connection, readiness: Readiness, facts: Mapping[str, object] | None = None) -> None:
        """Say how the process is. Raises psycopg.Error."""
        state = "ready" if readiness.ready else "not ready"
        row = (self.name, self.instance, self._node, hookline_version(), state, readiness.reason)
        connection.execute(_BEAT, (*row, json.dumps(dict(facts or {}))))
        connection.execute(_PRUNE)

    def stopped(self, connection: Connection) -> None:
        """The process ends as it should: nobody has to miss it. Raises psycopg.Error."""
        connection.execute(_STOPPED, (self.name, self.instance))


def start_beating(
    leaving: threading.Event,
    heartbeat: Heartbeat,
    readiness: Callable[[], Readiness],
    connect: Callable[[], Connection],
) -> threading.Thread:
    """Beat every two seconds in a thread of its own until `leaving`, and say then that the process has stopped.

    While PostgreSQL is away nobody hears anything: whoever looks for the heartbeat misses it, as they should.
    """
    given = (leaving, heartbeat, readiness, connect)
    thread = threading.Thread(target=_beat_until, args=given, name="heartbeat", daemon=True)
    thread.start()
    return thread


def _beat_until(
    leaving: threading.Event,
    heartbeat: Heartbeat,
    readiness: Callable[[], Readiness],
    connect: Callable[[], Connection],
) -> None:
    connection: Connection | None = None
    reminder = Reminder()
    while not leaving.is_set():
        try:
            connection = connection or connect()
            heartbeat.beat(connection, readiness_now(readiness))
        except Exception as error:  # noqa: BLE001 - a process that is well must not be missed because of one beat
            if not isinstance(error, psycopg.Error) and reminder.due():
                log.error("heartbeat_failed", error_class=type(error).__name__)
            if connection is not None:
                connection.close()
            connection = None
        leaving.wait(EVERY)
    if connection is not None:
        with suppress(psycopg.Error):
            heartbeat.stopped(connection)
        connection.close()


@contextmanager
def beating(
    heartbeat: Heartbeat, readiness: Callable[[], Readiness], connect: Callable[[], Connection]
) -> Iterator[None]:
    """`start_beating`, until the block ends."""
    leaving = threading.Event()
    thread = start_beating(leaving, heartbeat, readiness, connect)
    try:
        yield
    finally:
        leaving.set()
        thread.join(STOP_TIMEOUT)


def sign_off(heartbeat: Heartbeat, connect: Callable[[], Connection]) -> None:
    """Say for a process that has ended that it stopped as it should; where PostgreSQL is away nobody hears it."""
    with suppress(psycopg.Error):
        connection = connect()
        with connection:
            heartbeat.stopped(connection)
