"""Every kind of problem that PostgreSQL knows about, planted and named."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ops.status.database_facts import DatabaseFacts, Enforcements, HeartbeatState, LockedTable, Spool
from ops.status.snapshot import KafkaState, PostgresState, ProcessorState, ProcessState, Snapshot
from processors.crm_sync.report import Backlog

AT = datetime(2026, 1, 2, tzinfo=UTC)


def beat(state: str = "ready", reason: str = "ok", **facts: Any) -> HeartbeatState:
    return HeartbeatState("persist", "n1", "1.0", state, reason, facts, AT, AT)


def snapshot(facts: DatabaseFacts, **changes: Any) -> Snapshot:
    parts: dict[str, Any] = {
        "processes": [ProcessState("ingest", "http://127.0.0.1:8080", "ready", "")],
        "kafka": KafkaState(True, "", brokers=1, topics=7),
        "postgres": PostgresState(True, ""),
        "processors": [],
        "facts": facts,
    }
    return Snapshot(**parts | changes)


def enforcements(**counts: int) -> Enforcements:
    return Enforcements("textus", **{"overdue": 0, "near": 0, "parked": 0, "failed": 0} | counts)


@pytest.mark.parametrize(
    ("facts", "problem"),
    [
        (
            DatabaseFacts(heartbeats=[beat("missing", "not heard of for 12 s")]),
            "persist on n1 is missing: not heard of",
        ),
        (DatabaseFacts(heartbeats=[beat("not ready", "paused")]), "persist on n1 is not ready: paused"),
        (
            DatabaseFacts(heartbeats=[beat(lag_records=970, lag_seconds=75.2)]),
            "persist on n1 is 970 record(s) and 75 s",
        ),
        (DatabaseFacts(heartbeats=[beat(quarantined=20)]), "20 webhook(s) wait in the quarantine of n1"),
        (DatabaseFacts(heartbeats=[beat(refused_lately=30, answered_lately=70)]), "n1 refused 30 % of its webhooks"),
        (DatabaseFacts(restarts={"persist": 3}), "persist was started again 3 time(s)"),
        (DatabaseFacts(spools=[Spool("n1", 12, AT)]), "n1 holds 12 event(s) in its spool since 2026-01-02T00:00:00"),
        (DatabaseFacts(enforcements=[enforcements(overdue=2)]), "opt-outs at textus: 2 overdue"),
        (DatabaseFacts(enforcements=[enforcements(near=4)]), "opt-outs at textus: 4 due within a day"),
        (DatabaseFacts(enforcements=[enforcements(parked=1, failed=5)]), "opt-outs at textus: 5 failed"),
        (DatabaseFacts(blocked={"textus": AT}), "the API textus takes nothing until 2026-01-02T00:00:00+00:00"),
    ],
)
def test_what_is_wrong_is_named(facts: DatabaseFacts, problem: str) -> None:
    [found] = snapshot(facts).problems

    assert problem in found


@pytest.mark.parametrize(
    "facts",
    [
        DatabaseFacts(heartbeats=[beat(lag_records=5, lag_seconds=59.0)]),
        DatabaseFacts(heartbeats=[beat(refused_lately=19, answered_lately=0, quarantined=19)]),
        DatabaseFacts(heartbeats=[beat(refused_lately=20, answered_lately=80)]),
        DatabaseFacts(enforcements=[enforcements()], last_events={"textlink": AT}),
    ],
)
def test_what_is_well_is_no_problem(facts: DatabaseFacts) -> None:
    assert snapshot(facts).problems == []


def test_a_process_is_named_once_although_its_heartbeat_lacks_as_well() -> None:
    frozen = ProcessState("persist", "http://127.0.0.1:9001", "unreachable", "timed out")

    problems = snapshot(DatabaseFacts(heartbeats=[beat("missing", "silent")]), processes=[frozen]).problems

    assert problems == ["persist is unreachable: timed out"]


def test_a_halted_group_is_named_with_its_reason() -> None:
    halted = ProcessorState("persist", "hookline-persist", [], 0, 0, AT, ())
    facts = DatabaseFacts(halts={"hookline-persist": "50 of the last 100 records were set aside (50 x undecodable)"})

    [problem] = snapshot(facts, processors=[halted]).problems

    assert "50 x undecodable" in problem
    assert "hookline dlq resume persist" in problem


def test_dead_crm_deliveries_are_named() -> None:
    [problem] = snapshot(DatabaseFacts(), crms=[Backlog("rest", 0, 7, None, None)]).problems

    assert problem.startswith("the CRM rest has 7 dead deliveries")


def test_a_locked_table_names_its_blocker() -> None:
    locked = PostgresState(True, "canceling statement", locked=[LockedTable("events", 4711, "psql", 65.0)])

    problems = snapshot(DatabaseFacts(), postgres=locked).problems

    assert problems[1] == "the table events is locked by psql (pid 4711) for 65 s"
    assert not any("unreachable" in problem for problem in problems)
