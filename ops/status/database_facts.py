"""What PostgreSQL knows about how Hookline is: heartbeats, spools, enforcements, locks; and what is wrong of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from processors.progress import halt_reason
from runtime.heartbeat import MISSING_AFTER
from runtime.postgres import Connection

#: Seconds that the oldest record which is not committed may wait before that is a problem.
LAG_LIMIT = 60.0
#: A share of refused webhooks that is a problem, where at least so many are; fewer are scanners and trials.
REFUSED_SHARE, REFUSED_LEAST = 0.2, 20
#: Webhooks in a quarantine that are a problem.
QUARANTINED_LEAST = 20

_HEARTBEATS = """
SELECT name, node, version, state, reason, facts, started_at, at,
    extract(epoch FROM clock_timestamp() - at)::float8 AS age,
    EXISTS (SELECT 1 FROM process_heartbeats AS later
            WHERE later.name = h.name AND later.node = h.node AND later.started_at > h.at) AS was_replaced
FROM process_heartbeats AS h ORDER BY name, node, started_at
"""
_SPOOLS = """
SELECT node, spooled, oldest FROM ingest_nodes WHERE retired_at IS NULL AND spooled > 0 ORDER BY node
"""
_ENFORCEMENTS = """
SELECT target, count(*) FILTER (WHERE deadline < now()),
    count(*) FILTER (WHERE deadline BETWEEN now() AND now() + interval '1 day'),
    count(*) FILTER (WHERE status = 'parked'), count(*) FILTER (WHERE status = 'failed')
FROM enforcements WHERE status IN ('pending', 'failed', 'parked') GROUP BY target ORDER BY target
"""
_BLOCKED = """
SELECT api, blocked_until FROM api_budgets WHERE blocked_until > now() + interval '5 seconds' ORDER BY api
"""
_HALTS = "SELECT consumer_group, recent, set_aside FROM consumer_outcomes WHERE halted_at IS NOT NULL"
_LAST_EVENTS = """
SELECT provider, max(received_at) FROM events WHERE received_at > now() - interval '1 hour' GROUP BY provider ORDER BY 1
"""
#: Only what keeps readers out: nothing of ours takes such a lock but a migration.
_LOCKS = """
SELECT c.relname, l.pid, COALESCE(NULLIF(a.application_name, ''), 'a session without a name'),
    extract(epoch FROM clock_timestamp() - COALESCE(a.xact_start, clock_timestamp()))::float8
FROM pg_locks AS l JOIN pg_class AS c ON c.oid = l.relation JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_stat_activity AS a USING (pid)
WHERE l.granted AND l.mode = 'AccessExclusiveLock' AND n.nspname = 'public' AND c.relkind = 'r'
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
ORDER BY c.relname
"""


@dataclass(frozen=True, slots=True)
class HeartbeatState:
    """One process as it says itself, or as it lacks."""

    name: str
    node: str
    version: str
    state: str  #: "ready", "not ready", "missing" or "stopped"
    reason: str
    facts: Mapping[str, Any]
    started_at: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class LockedTable:
    """A table that nobody can read, and who keeps it."""

    table: str
    pid: int
    application: str
    seconds: float  #: since the transaction that holds it began


@dataclass(frozen=True, slots=True)
class Spool:
    """Events that wait on a node."""

    node: str
    events: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class Enforcements:
    """Opt-outs that are not true yet at one target."""

    target: str
    overdue: int
    near: int  #: due within a day
    parked: int
    failed: int


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """All of it; empty where PostgreSQL could not be asked."""

    heartbeats: Sequence[HeartbeatState] = ()
    restarts: Mapping[str, int] = field(default_factory=dict)  #: by process, without having stopped, in the last hour
    spools: Sequence[Spool] = ()
    enforcements: Sequence[Enforcements] = ()
    blocked: Mapping[str, datetime] = field(default_factory=dict)  #: until when an API takes nothing
    halts: Mapping[str, str] = field(default_factory=dict)  #: why a group is halted
    last_events: Mapping[str, datetime] = field(default_factory=dict)  #: by provider, of the last hour

    def problems(self, told: Collection[str] = ()) -> Iterator[str]:
        """What is wrong, a phrase each, but for the state of the processes that were `told` about already."""
        for beat in self.heartbeats:
            if beat.state in ("missing", "not ready") and beat.name not in told:
                yield f"{beat.name} on {beat.node} is {beat.state}: {beat.reason}"
            elif beat.state == "ready":
                yield from _problems_of(beat)
        for name, count in self.restarts.items():
            yield f"{name} was started again {count} time(s) in the last hour without having been stopped"
        for spool in self.spools:
            since = "" if spool.oldest is None else f" since {spool.oldest.isoformat(timespec='seconds')}"
            yield f"ingest on {spool.node} holds {spool.events} event(s) in its spool{since}"
        for one in self.enforcements:
            counts = {"overdue": one.overdue, "due within a day": one.near, "failed": one.failed}
            if told := ", ".join(f"{count} {what}" for what, count in counts.items() if count):
                yield f"opt-outs at {one.target}: {told} (hookline opt-outs report)"
        for api, until in self.blocked.items():
            yield f"the API {api} takes nothing until {until.isoformat(timespec='seconds')}"


def _problems_of(beat: HeartbeatState) -> Iterator[str]:
    facts = beat.facts
    if (seconds := facts.get("lag_seconds", 0)) > LAG_LIMIT:
        yield f"{beat.name} on {beat.node} is {facts['lag_records']} record(s) and {seconds:.0f} s behind"
    if (quarantined := facts.get("quarantined", 0)) >= QUARANTINED_LEAST:
        yield f"{quarantined} webhook(s) wait in the quarantine of {beat.node} (hookline quarantine ls)"
    refused, answered = facts.get("refused_lately", 0), facts.get("answered_lately", 0)
    if refused >= REFUSED_LEAST and refused > REFUSED_SHARE * (refused + answered):
        share = 100 * refused / (refused + answered)
        yield f"ingest on {beat.node} refused {share:.0f} % of its webhooks in the last 5 minutes: is a secret wrong?"


def locked_tables(connection: Connection) -> list[LockedTable]:
    """The tables that nobody can read at the moment."""
    return [LockedTable(*row) for row in connection.execute(_LOCKS).fetchall()]


def heard(connection: Connection) -> DatabaseFacts:
    """The heartbeats alone: to be read first, while other tables may be locked. Raises psycopg.Error."""
    rows = connection.execute(_HEARTBEATS).fetchall()
    beats = [_state(*row[:9]) for row in rows if not row[9]]
    restarts = Counter(row[0] for row in rows if row[9] and row[3] != "stopped" and row[8] < 3600)
    return DatabaseFacts(
        heartbeats=[beat for beat in beats if beat.state != "stopped"],
        restarts=dict(sorted(restarts.items())),
    )


def read(connection: Connection, beats: DatabaseFacts) -> DatabaseFacts:
    """`beats` and everything else. Raises psycopg.Error."""
    return replace(
        beats,
        spools=[Spool(*row) for row in connection.execute(_SPOOLS)],
        enforcements=[Enforcements(*row) for row in connection.execute(_ENFORCEMENTS)],
        blocked=dict(connection.execute(_BLOCKED).fetchall()),
        halts={group: halt_reason(recent, aside) for group, recent, aside in connection.execute(_HALTS)},
        last_events=dict(connection.execute(_LAST_EVENTS).fetchall()),
    )


def _state(
    name: str,
    node: str,
    version: str,
    state: str,
    reason: str,
    facts: Mapping[str, Any],
    started_at: datetime,
    at: datetime,
    age: float,
) -> HeartbeatState:
    if state != "stopped" and age > MISSING_AFTER:
        state, reason = "missing", f"not heard of for {age:.0f} s: it has ended, is frozen or cannot reach PostgreSQL"
    return HeartbeatState(name, node, version, state, reason, facts, started_at, at)
