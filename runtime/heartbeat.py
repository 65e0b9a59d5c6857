"""One row per process in PostgreSQL, written by the process every two seconds: how it is, for `hookline status`."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from uuid import uuid4

from runtime.admin import Readiness
from runtime.postgres import Connection
from runtime.version import hookline_version

#: Seconds between two beats, and without one after which a process is missing.
EVERY, MISSING_AFTER = 2.0, 10.0

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
