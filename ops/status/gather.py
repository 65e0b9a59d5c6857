"""Asks everything at once, each with a deadline of its own, so that what is down delays nobody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg

from ops.exits import failure
from ops.status.findings import (
    Sample,
    StatusFinding,
    in_alarms,
    in_held_tables,
    in_locks,
    in_metrics,
    in_nodes,
    in_restores,
    in_stack,
    in_tables,
    lag_seconds,
)
from ops.status.heartbeats import Heartbeats, heard, last_events
from ops.status.process_answers import ProcessAddress, ask_metrics, ask_process, seen_by
from ops.status.snapshot import (
    KafkaState,
    PostgresState,
    ProcessorState,
    Snapshot,
    TableRows,
    TopicLag,
)
from processors.crm_sync.report import CrmState, states
from processors.engine.halts import halts, lost_partitions
from processors.engine.processor import Processor
from runtime.connections import KafkaSettings
from runtime.kafka.errors import KafkaError
from runtime.kafka.topics import Offsets, TopicAdmin, TopicState
from runtime.postgres import Connection, connect
from schemas.topics import Topic

KAFKA_TIMEOUT_S = 4.0
POSTGRES_TIMEOUT_S = 3
#: Milliseconds that a query waits for a lock, and for everything: who holds the lock is told instead.
LOCK_TIMEOUT_MS, STATEMENT_TIMEOUT_MS = 1_000, 5_000
#: Counting exactly costs a scan; beyond this many rows PostgreSQL's own estimate will do.
EXACT_UP_TO = 500_000


@dataclass(frozen=True, slots=True)
class _Log:
    """What Kafka said."""

    state: KafkaState
    cluster_id: str = ""
    topics: Mapping[str, TopicState] = field(default_factory=dict)
    offsets: Mapping[tuple[str, int], Offsets] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _StoredFacts:
    """What PostgreSQL said."""

    state: PostgresState
    offsets: Mapping[tuple[str, str, UUID, int], int] = field(default_factory=dict)
    lost: Mapping[str, Sequence[str]] = field(default_factory=dict)
    halted: Mapping[str, tuple[datetime, str]] = field(default_factory=dict)
    findings: Sequence[StatusFinding] = ()
    redriven: Mapping[tuple[str, UUID, int], Sequence[int]] = field(default_factory=dict)
    crms: Sequence[CrmState] = ()
    heartbeats: Heartbeats = field(default_factory=Heartbeats)
    last_events: Mapping[str, datetime] = field(default_factory=dict)


def gather(
    kafka: KafkaSettings,
    dsn: str,
    places: Iterable[ProcessAddress],
    processors: Sequence[type[Processor[Any]]],
    topics: Sequence[Topic],
    services: Iterable[Mapping[str, Any]] = (),
) -> Snapshot:
    """How everything is now. Raises nothing for what is down: that is what it tells.

    `services`: those of a local stack, as its `stack.json` has them.
    """
    places = list(places)
    with ThreadPoolExecutor(2 * len(places) + 2, "status") as pool:
        asked_kafka = pool.submit(_ask_kafka, kafka, topics)
        asked_postgres = pool.submit(_ask_postgres, dsn)
        asked_metrics = {place.name: pool.submit(ask_metrics, place) for place in places}
        processes = list(pool.map(ask_process, places))
        log, stored = asked_kafka.result(), asked_postgres.result()
        metrics = {name: pending.result() for name, pending in asked_metrics.items()}
    groups = {group for group, *_ in stored.offsets}
    worked = {kind.name for kind in processors if kind.group() in groups}
    processes = [
        replace(seen_by(stored.heartbeats, process, certain=place.certain), has_worked=process.name in worked)
        for place, process in zip(places, processes, strict=True)
    ]
    unwell = {process.name for process in processes if not process.healthy}
    states = {process.name: process.state for process in processes}
    judged = not stored.heartbeats.tell_refusals
    own_findings = [
        finding for name, samples in metrics.items() for finding in in_metrics(name, samples, refusals=judged)
    ]
    return Snapshot(
        processes=processes,
        kafka=log.state,
        postgres=stored.state,
        processors=[
            _processor(kind, log, stored, states.get(kind.name, "not asked"), metrics.get(kind.name, []))
            for kind in processors
        ],
        crms=stored.crms,
        findings=[
            *stored.findings,
            *own_findings,
            *stored.heartbeats.findings(unwell),
            *in_stack(services, datetime.now(UTC)),
        ],
        heartbeats=stored.heartbeats.processes,
        last_events=stored.last_events,
    )


def _ask_kafka(settings: KafkaSettings, topics_asked: Sequence[Topic]) -> _Log:
    try:
        with TopicAdmin(settings, "hookline-status", timeout_s=KAFKA_TIMEOUT_S) as admin:
            there = admin.describe(topic.name for topic in topics_asked)
            led = [topic for topic in there.values() if not topic.leaderless]
            state = KafkaState(
                reachable=True,
                reason="",
                brokers=admin.brokers(),
                topics=len(there),
                missing=[topic.name for topic in topics_asked if topic.name not in there],
                without_leader=[topic.name for topic in there.values() if topic.leaderless],
            )
            return _Log(state, admin.cluster_id(), there, admin.offsets(led))
    except KafkaError as error:
        return _Log(KafkaState(False, failure(error).message))


_TABLES = """
SELECT c.relname, c.reltuples::bigint FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind = 'r' AND c.relname = ANY (%s)
"""
#: The tables that people ask about, in this order.
TABLES = ("events", "messages", "contacts")


def _ask_postgres(dsn: str) -> _StoredFacts:
    beats = Heartbeats()
    try:
        with connect(
            dsn, process="status", connect_timeout=POSTGRES_TIMEOUT_S, call_timeout=STATEMENT_TIMEOUT_MS / 1_000 + 1
        ) as connection:
            connection.execute(f"SET statement_timeout = {STATEMENT_TIMEOUT_MS}")
            connection.execute(f"SET lock_timeout = {LOCK_TIMEOUT_MS}")
            locks = list(in_locks(connection))
            try:
                beats = heard(connection)
                return _read_tables(connection, locks, beats)
            except (psycopg.errors.LockNotAvailable, psycopg.errors.QueryCanceled):
                slow = StatusFinding(
                    "PostgreSQL answers, but a table of ours is locked or slow", "error", "see who waits"
                )
                return _StoredFacts(
                    PostgresState(True, "", known=False),
                    findings=[*locks, *in_held_tables(connection), slow],
                    heartbeats=beats,
                )
    except psycopg.ProgrammingError as error:  # it answers: a table is missing, or may not be read
        what = f"PostgreSQL answers, but not about all of our tables: {failure(error).message}"
        fix = "hookline db migrate, or HOOKLINE_POSTGRES__DSN of hookline_operator"
        finding = StatusFinding(what, "error", fix)
        return _StoredFacts(PostgresState(True, "not readable", known=False), findings=[finding], heartbeats=beats)
    except psycopg.Error as error:
        return _StoredFacts(PostgresState(False, failure(error).message))


def _read_tables(connection: Connection, locks: Sequence[StatusFinding], beats: Heartbeats) -> _StoredFacts:
    return _StoredFacts(
        PostgresState(True, "", _tables(connection)),
        {tuple(row[:4]): row[4] for row in _rows(connection, _OFFSETS)},
        lost_partitions(connection),
        halts(connection),
        [*locks, *in_nodes(connection), *in_tables(connection), *in_alarms(connection), *in_restores(connection)],
        {(cluster, topic, number): sent for cluster, topic, number, sent in _rows(connection, _REDRIVEN)},
        states(connection),
        beats,
        last_events(connection),
    )


_OFFSETS = "SELECT consumer_group, cluster_id, topic_id, partition, next_offset FROM consumer_offsets"
_REDRIVEN = """
SELECT cluster_id, topic_id, partition, array_agg(letter_offset) FROM (
    SELECT cluster_id, topic_id, partition, letter_offset FROM redriven_letters
    UNION SELECT cluster_id, topic_id, partition, letter_offset FROM discarded_letters
) AS decided GROUP BY cluster_id, topic_id, partition
"""


def _tables(connection: Connection) -> list[TableRows]:
    estimates: dict[str, int] = dict(connection.execute(_TABLES, [list(TABLES)]).fetchall())
    found = []
    for table in TABLES:
        if table not in estimates:
            continue
        if estimates[table] > EXACT_UP_TO:
            found.append(TableRows(table, estimates[table], exact=False))
        else:
            row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 - a name of ours
            found.append(TableRows(table, row[0] if row else 0, exact=True))
    return found


def _rows(connection: Connection, query: str) -> list[tuple[Any, ...]]:
    return connection.execute(query).fetchall()


def _processor(
    kind: type[Processor[Any]], log: _Log, stored: _StoredFacts, process: str, samples: Sequence[Sample]
) -> ProcessorState:
    letters = log.topics.get(kind.dead_letters().name)
    halted_at, halt = stored.halted.get(kind.group(), (None, None))
    is_known = stored.state.reachable and stored.state.known
    lag = _lag(kind, log, stored) if log.state.reachable and is_known else None
    rate, arrivals = stored.heartbeats.pace(kind.name) or (None, None)
    return ProcessorState(
        name=kind.name,
        group=kind.group(),
        lag=lag,
        dead_letters=None if letters is None else _held(letters, log),
        redriven=None if letters is None or not is_known else _redriven(letters, log, stored),
        halted_at=halted_at,
        lost_partitions=stored.lost.get(kind.group(), ()),
        lag_seconds=lag_seconds(samples, kind.name),
        halt=halt,
        process=process,
        has_worked=any(group == kind.group() for group, *_ in stored.offsets),
        rate=rate,
        arrivals=arrivals,
        clears_in=clears_in(None if lag is None else sum(topic.lag for topic in lag), rate, arrivals),
    )


def _lag(kind: type[Processor[Any]], log: _Log, stored: _StoredFacts) -> list[TopicLag]:
    found = []
    for topic in (*kind.topics, kind.redrive()):
        state = log.topics.get(topic.name)
        if state is None:
            continue
        behind = 0
        for number in range(state.partitions):
            bounds = log.offsets.get((topic.name, number))
            if bounds is not None:
                place = (kind.group(), log.cluster_id, state.id, number)
                behind += max(0, bounds.end - max(stored.offsets.get(place, bounds.begin), bounds.begin))
        found.append(TopicLag(topic.name, behind))
    return found


def clears_in(lag: int | None, rate: float | None, arrivals: float | None) -> float | None:
    """Seconds until `lag` records are worked off; None: not known, or never at that rate."""
    if lag is None or rate is None or arrivals is None:
        return None
    if not lag:
        return 0.0
    return lag / (rate - arrivals) if rate > arrivals else None


def _held(state: TopicState, log: _Log) -> int:
    return sum(span.end - span.begin for (name, _), span in log.offsets.items() if name == state.name)


def _redriven(state: TopicState, log: _Log, stored: _StoredFacts) -> int:
    """Those sent back or discarded that the topic still holds."""
    return sum(
        sum(offset >= span.begin for offset in stored.redriven.get((log.cluster_id, state.id, number), ()))
        for (name, number), span in log.offsets.items()
        if name == state.name
    )
