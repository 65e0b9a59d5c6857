"""How everything is, from PostgreSQL: the way from the providers to the effects, and what is not well on it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import psycopg

from ops.console.database import ConsoleDatabase
from ops.status.findings import StatusFinding, in_locks, in_restores, in_tables, of_crm, of_processor
from ops.status.heartbeats import Heartbeats, HeartbeatState, heard, last_events
from ops.status.snapshot import ESSENTIAL, PROCESSORS
from ops.trace.masking import redacted
from processors.crm_sync.report import CrmState, states
from processors.engine.halts import halts, lost_partitions
from runtime.postgres import Connection
from schemas.topics import processor_of

#: Seconds for which one picture serves everybody who looks, and for which the chart does.
FRESH, CHART_FRESH = 2.0, 20.0
#: Minutes that the chart shows.
MINUTES = 60

_NODES = """
SELECT node, spooled, oldest, heard_at, drained_at FROM ingest_nodes
WHERE retired_at IS NULL AND (stopped_at IS NULL OR spooled > 0) ORDER BY node
"""
# Pages before tickets.
_ALARMS = """
SELECT severity, rule, summary, since, cause, command FROM alarms WHERE over_at IS NULL ORDER BY severity, since, key
"""
_WORKED = "SELECT DISTINCT consumer_group FROM consumer_offsets"
_ENFORCEMENTS = """
SELECT count(*) FILTER (WHERE status = 'pending'), count(*) FILTER (WHERE status = 'failed'),
    count(*) FILTER (WHERE status = 'parked'), count(*) FILTER (WHERE deadline < now()), min(deadline)
FROM enforcements WHERE status IN ('pending', 'failed', 'parked')
"""
_DESK = """
SELECT (SELECT count(*) FROM opt_outs WHERE state = 'hold'),
    count(*), count(*) FILTER (WHERE due_at < now()), min(due_at)
FROM opt_out_reviews WHERE decision IS NULL
"""
# By the block range index of received_at.
_RATES = """
SELECT date_trunc('minute', received_at) AS minute, count(*) FROM events
WHERE received_at > now() - make_interval(mins => %s) GROUP BY minute
"""


@dataclass(frozen=True, slots=True)
class NodeSpool:
    """What a node of ingest has in its spool."""

    node: str
    spooled: int  #: events
    oldest: datetime | None
    heard_at: datetime
    drained_at: datetime | None


@dataclass(frozen=True, slots=True)
class OpenAlarm:
    """An alarm of the notifier that is on."""

    severity: str  #: page or ticket
    rule: str
    summary: str
    since: datetime
    cause: str
    command: str

    @property
    def anchor(self) -> str:
        """Of the rule's section in the runbook."""
        return self.rule.lower()


@dataclass(frozen=True, slots=True)
class EnforcementCounts:
    """Calls that make opt-outs true, and are not done."""

    pending: int
    failed: int
    parked: int
    overdue: int
    next_deadline: datetime | None


@dataclass(frozen=True, slots=True)
class DeskCounts:
    """What waits for a person at the desk of opt-outs."""

    holds: int
    reviews: int
    overdue: int
    next_due: datetime | None


@dataclass(frozen=True, slots=True)
class Traffic:
    """Events by minute, the newest last, over all providers; when each provider was last heard of."""

    minutes: Sequence[tuple[datetime, int]] = ()
    last_events: Mapping[str, datetime] = field(default_factory=dict)
    #: Seconds of the newest minute that have passed.
    newest_lasts: float = 60.0

    @property
    def highest(self) -> int:
        """Of all minutes; at least one."""
        return max((count for _, count in self.minutes), default=1) or 1

    @property
    def rate(self) -> float:
        """Events a second, over the last five whole minutes and what there is of the newest."""
        counts = [count for _, count in self.minutes[-6:]]
        return sum(counts) / (60 * (len(counts) - 1) + self.newest_lasts) if len(counts) > 1 else 0.0


@dataclass(frozen=True, slots=True)
class ProcessorPosition:
    """How a processor is, over all of its processes."""

    name: str
    state: str
    reason: str
    lag_records: int | None  #: None: no process of it says
    lag_seconds: float | None  #: the same
    processes: int


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything at one moment."""

    read_at: datetime
    heartbeats: Heartbeats
    nodes: Sequence[NodeSpool]
    halted: Mapping[str, tuple[datetime, str]]  #: by processor: since when, and why
    lost: Mapping[str, Sequence[str]]  #: by processor: partitions whose position is no place in the log
    enforcements: EnforcementCounts
    desk: DeskCounts
    crms: Sequence[CrmState]
    traffic: Traffic
    findings: Sequence[StatusFinding]
    alarms: Sequence[OpenAlarm] = ()  #: pages first, the oldest first
    worked: Collection[str] = ()  #: processors that have a place in Kafka's topics: this installation has them

    def processes(self, name: str) -> list[HeartbeatState]:
        """The processes called `name`."""
        return [beat for beat in self.heartbeats.processes if beat.name == name]

    @property
    def unknown(self) -> list[str]:
        """What nobody tells, so that nothing can be said about it."""
        names = {*ESSENTIAL, *self.worked} - {beat.name for beat in self.heartbeats.processes}
        return [f"{name} is not heard of: whether it runs is not known" for name in sorted(names)]

    @property
    def spooled(self) -> int:
        """Events in the spools of all nodes."""
        return sum(node.spooled for node in self.nodes)

    @property
    def processors(self) -> list[ProcessorPosition]:
        """Each processor that was ever heard of, or is halted."""
        names = {beat.name for beat in self.heartbeats.processes if beat.name in PROCESSORS or _tells_lag(beat)}
        return [self._position(name) for name in sorted(names | set(self.halted) | set(self.lost))]

    @property
    def problems(self) -> list[StatusFinding]:
        """What is not well, errors first; reasons, which people have typed, without what looks like personal data."""
        found = [replace(item, fix=redacted(item.fix) or "") for item in self.heartbeats.findings()]
        found += self.findings
        for name in sorted(set(self.halted) | set(self.lost)):
            _, halt = self.halted.get(name, (None, None))
            found += of_processor(name, redacted(halt), self.lost.get(name, ()))
        for crm in self.crms:
            found += of_crm(crm.target, crm.paused_until, redacted(crm.reason), crm.dead)
        found += [
            StatusFinding(f"node {node.node} holds {node.spooled} events in its spool", "warning", "see Kafka")
            for node in self.nodes
            if node.spooled
        ]
        return sorted(found, key=lambda finding: finding.severity != "error")

    def _position(self, name: str) -> ProcessorPosition:
        beats = self.processes(name)
        facts = [beat.facts for beat in beats if beat.state not in ("missing", "gone") and _tells_lag(beat)]
        state, reason = "missing", "no process of it is heard of"
        for beat in beats:  # the worst of them
            if state == "missing" or beat.state != "ready":
                state, reason = beat.state, beat.reason
        if name in self.halted:
            state, reason = "halted", self.halted[name][1]
        elif name in self.lost:
            state, reason = "lost its place", f"on {len(self.lost[name])} partitions"
        return ProcessorPosition(
            name,
            state,
            "" if reason == "ok" else reason,
            sum(int(fact["lag_records"]) for fact in facts) if facts else None,
            max((float(fact["lag_seconds"]) for fact in facts), default=None),
            len(beats),
        )


def _tells_lag(beat: HeartbeatState) -> bool:
    """Whether a process says how far behind it is; before its first look at Kafka it does not know."""
    return "lag_records" in beat.facts


class OverviewReader:
    """Reads the picture at most every FRESH seconds, however many browsers refresh it. Any number of threads use it."""

    def __init__(self, database: ConsoleDatabase, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self._lock = threading.Lock()
        self._overview: tuple[float, Overview] | None = None
        self._traffic: tuple[float, Traffic] | None = None

    def read(self) -> Overview:
        """The picture. Raises psycopg.Error, ConsoleBusy."""
        with self._lock:
            now = self._clock()
            if self._overview is None or now - self._overview[0] > FRESH:
                self._overview = (now, self._read())
            return self._overview[1]

    def _read(self) -> Overview:
        with self._database.reading() as connection:
            [(read_at,)] = connection.execute("SELECT clock_timestamp()").fetchall()
            return Overview(
                read_at=read_at,
                heartbeats=heard(connection),
                nodes=[NodeSpool(*row) for row in connection.execute(_NODES)],
                halted={processor_of(group): halt for group, halt in halts(connection).items()},
                lost={processor_of(group): lost for group, lost in lost_partitions(connection).items()},
                enforcements=EnforcementCounts(*connection.execute(_ENFORCEMENTS).fetchall()[0]),
                desk=DeskCounts(*connection.execute(_DESK).fetchall()[0]),
                crms=states(connection),
                traffic=self._recent_traffic(connection),
                alarms=[OpenAlarm(*row) for row in connection.execute(_ALARMS)],
                worked={processor_of(group) for (group,) in connection.execute(_WORKED)},
                findings=[*in_tables(connection), *in_restores(connection), *in_locks(connection)],
            )

    def _recent_traffic(self, connection: Connection) -> Traffic:
        now = self._clock()
        if self._traffic is None or now - self._traffic[0] > CHART_FRESH:
            try:
                self._traffic = (now, read_traffic(connection))
            except psycopg.errors.QueryCanceled:  # an hour of many events: the picture is worth more than its chart
                self._traffic = (now, Traffic())
        return self._traffic[1]


def read_traffic(connection: Connection) -> Traffic:
    """Events of the last hour by minute, and each provider's last. Raises psycopg.Error."""
    [(now, end)] = connection.execute("SELECT now(), date_trunc('minute', now())").fetchall()
    counts = {end - timedelta(minutes=ago): 0 for ago in reversed(range(MINUTES))}
    for minute, count in connection.execute(_RATES, (MINUTES,)):
        if minute in counts:
            counts[minute] += count
    return Traffic(list(counts.items()), last_events(connection), (now - end).total_seconds())
