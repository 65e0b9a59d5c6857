"""How everything is at one moment, as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain

from ops.status.findings import StatusFinding, of_crm, of_processor
from ops.status.heartbeats import HeartbeatState
from processors.crm_sync.report import CrmState

#: Processes that every installation needs.
ESSENTIAL = ("ingest", "persist")
#: Processes that write heartbeats, and may be asked from elsewhere.
PROCESSORS = ("persist", "opt-out", "crm-sync", "analytics")
BEATING = ("ingest", *PROCESSORS)


#: States of a process that are no reason to worry.
_WELL = ("ready", "not asked")


def _is_well(process: str, state: str, *, has_worked: bool) -> bool:
    """Nothing is known to be wrong with `process`. Not every installation has all; without opt-out no gate is sure.

    `has_worked`: PostgreSQL has its place in Kafka's topics, so this installation has it.
    """
    return state in _WELL or (state == "not heard of" and process not in ESSENTIAL and not has_worked)


@dataclass(frozen=True, slots=True)
class ProcessState:
    """One process, as its /readyz tells."""

    name: str
    url: str | None  #: None: its port is not known here, so it was not asked
    state: str  #: "ready", "not ready", "unreachable", "not asked" or "not heard of"
    reason: str  #: why it is not ready, such as "paused until ..."
    has_worked: bool = False  #: PostgreSQL has its place in Kafka's topics; only processors have one

    @property
    def healthy(self) -> bool:
        """Nothing is known to be wrong with it."""
        return _is_well(self.name, self.state, has_worked=self.has_worked)


@dataclass(frozen=True, slots=True)
class KafkaState:
    """The cluster and our topics."""

    reachable: bool
    reason: str  #: why it is not reachable
    brokers: int = 0
    topics: int = 0  #: of ours, that exist
    missing: Sequence[str] = ()  #: of ours
    without_leader: Sequence[str] = ()  #: of ours, with a partition that nobody serves

    @property
    def healthy(self) -> bool:
        """Reachable and complete."""
        return self.reachable and not self.missing and not self.without_leader


@dataclass(frozen=True, slots=True)
class TableRows:
    """How many rows a table has."""

    table: str
    rows: int
    exact: bool  #: False: PostgreSQL's estimate, for a large table


@dataclass(frozen=True, slots=True)
class PostgresState:
    """The database."""

    reachable: bool
    reason: str  #: why it is not reachable, or not known
    tables: Sequence[TableRows] = ()
    known: bool = True  #: False: it answers, but a table that was asked for is locked, too slow, missing or not ours

    @property
    def healthy(self) -> bool:
        """Reachable, and its tables can be read."""
        return self.reachable and self.known


@dataclass(frozen=True, slots=True)
class TopicLag:
    """How far one processor is behind on one topic, in records, over all partitions."""

    topic: str
    lag: int


@dataclass(frozen=True, slots=True)
class ProcessorState:
    """How far a processor has come: PostgreSQL's offsets against the ends of Kafka's logs."""

    name: str
    group: str
    lag: Sequence[TopicLag] | None  #: None: Kafka or PostgreSQL could not be asked
    dead_letters: int | None  #: on its dead letter topic; None: Kafka could not be asked
    redriven: int | None  #: of those, how many have been sent back or discarded
    halted_at: datetime | None  #: most of its records were set aside, and it stopped
    lost_partitions: Sequence[str]  #: whose stored offset is no place in the log
    lag_seconds: float | None = None  #: age of the oldest record that is not committed; None: it does not tell
    halt: str | None = None  #: what was set aside, and who wrote it; None: it is not halted
    process: str = "ready"  #: the state of its process: see ProcessState.state
    has_worked: bool = False  #: PostgreSQL has its place in Kafka's topics
    rate: float | None = None  #: records that it handles a second, over the last minute; None: it does not tell
    arrivals: float | None = None  #: records that come for it a second, over the same
    clears_in: float | None = None  #: seconds until it has caught up at that rate; None: not known, or it does not

    @property
    def healthy(self) -> bool:
        """Neither halted nor lost, and its process is well; behind is not ill."""
        is_well = _is_well(self.name, self.process, has_worked=self.has_worked)
        return self.halted_at is None and not self.lost_partitions and is_well

    @property
    def verdict(self) -> str:
        """In a word: "ok" only where its process is ready, or cannot be asked."""
        if self.halted_at is not None:
            return "halted"
        if self.lost_partitions:
            return "lost its place"
        if self.process not in _WELL:
            return self.process
        return "unknown" if self.lag is None else "ok"

    @property
    def total_lag(self) -> int | None:
        """Over all topics."""
        return None if self.lag is None else sum(topic.lag for topic in self.lag)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything."""

    processes: Sequence[ProcessState]
    kafka: KafkaState
    postgres: PostgresState
    processors: Sequence[ProcessorState]
    crms: Sequence[CrmState] = ()
    findings: Sequence[StatusFinding] = ()
    heartbeats: Sequence[HeartbeatState] = ()
    last_events: Mapping[str, datetime] = field(default_factory=dict)  #: by provider, within four weeks

    @property
    def problems(self) -> list[str]:
        """What is wrong, a phrase each."""
        found = [
            f"{process.name} is {process.state}: {process.reason}" for process in self.processes if not process.healthy
        ]
        if not self.kafka.reachable:
            found.append(f"Kafka: {self.kafka.reason}")
        found += [f"topic {name} is missing (hookline topics apply)" for name in self.kafka.missing]
        found += [f"topic {name} has partitions without a leader" for name in self.kafka.without_leader]
        if not self.postgres.reachable:
            found.append(f"PostgreSQL: {self.postgres.reason}")
        return found + self._phrases("error")

    @property
    def warnings(self) -> list[str]:
        """What may become a problem, a phrase each."""
        found = self._phrases("warning")
        found += [
            f"{process.name} is not heard of: {process.reason}"
            for process in self.processes
            if process.healthy and process.state == "not heard of"
        ]
        for processor in self.processors:
            waiting = (processor.dead_letters or 0) - (processor.redriven or 0)
            if waiting > 0:
                name = processor.name
                ways = f"hookline dlq ls {name}; then hookline dlq redrive {name} or "
                ways += f"hookline dlq discard {name} --reason TEXT"
                found.append(f"{waiting} dead letters of {name} wait: {ways}")
        return found

    def _phrases(self, severity: str) -> list[str]:
        """What was found of `severity`, of processors and CRMs first."""
        found = [*chain.from_iterable(of_processor(p.name, p.halt, p.lost_partitions) for p in self.processors)]
        found += chain.from_iterable(of_crm(c.target, c.paused_until, c.reason, c.dead) for c in self.crms)
        return [str(finding) for finding in (*found, *self.findings) if finding.severity == severity]

    @property
    def anything_reachable(self) -> bool:
        """Whether anything at all answered."""
        answered = any(process.state in ("ready", "not ready") for process in self.processes)
        return answered or self.kafka.reachable or self.postgres.reachable
