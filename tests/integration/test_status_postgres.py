"""What `hookline status` says of a PostgreSQL whose table somebody holds locked."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any

import psycopg
import pytest

from ops.status.gather import gather
from ops.status.process_answers import ProcessAddress
from processors.engine.processor import processor_types
from runtime.connections import KafkaSettings
from tests.twins.certainty import note_node

MINUTE = timedelta(minutes=1)
#: Nobody listens there.
NO_KAFKA = KafkaSettings(bootstrap_servers=("127.0.0.1:9",))


def test_a_locked_table_names_who_holds_it(postgres: Any) -> None:
    # Given somebody who has locked a table and thinks
    with psycopg.connect(postgres.superuser_dsn, application_name="a person") as thinking:
        thinking.execute("LOCK TABLE events IN ACCESS EXCLUSIVE MODE")
        # When status is asked for
        snapshot = gather(NO_KAFKA, postgres.dsn("operator"), [], [], [])
        # Then PostgreSQL is reachable, and the table is said to be locked
        assert snapshot.postgres.reachable
        assert not snapshot.postgres.known
        assert any("locked or slow" in problem for problem in snapshot.problems)
        # And where a process waits for it, by whom
        with psycopg.connect(postgres.dsn("operator"), application_name="persist", autocommit=True) as waiting:
            waiting.execute("SET statement_timeout = '20s'")
            reading = Thread(target=waiting.execute, args=("SELECT count(*) FROM events",))
            reading.start()
            _until_blocked(postgres)
            [blocked] = [problem for problem in _gathered(postgres).problems if "persist waits" in problem]
            assert f"session {thinking.info.backend_pid} holds (a person" in blocked
            assert "pg_terminate_backend" in blocked
            thinking.rollback()
            reading.join(30)
    healthy = _gathered(postgres)
    assert healthy.postgres.known
    assert not any("waits for a lock" in problem for problem in healthy.problems)


def test_an_overdue_enforcement_is_a_problem(postgres: Any) -> None:
    with psycopg.connect(postgres.superuser_dsn) as owner:
        owner.execute("SET session_replication_role = replica")  # the ledger's row does not matter here
        owner.execute(
            "INSERT INTO enforcements (phone, target, account, position, status, deadline, next_attempt_at) VALUES"
            " ('+13035550142', 'textus', 'acme', 1, 'pending', now() - interval '1 hour', now()),"
            " ('+13035550142', 'textus', 'north', 1, 'failed', now() + interval '1 hour', now()),"
            " ('+13035550142', 'textus', 'south', 1, 'done', now() - interval '1 hour', now())"
        )
    snapshot = _gathered(postgres)
    assert any(problem.startswith("1 enforcements of opt-outs are past") for problem in snapshot.problems)
    assert any(warning.startswith("1 enforcements of opt-outs are due") for warning in snapshot.warnings)


@pytest.mark.parametrize(
    ("role", "statement"), [("gate", None), ("operator", "ALTER TABLE crm_deliveries RENAME TO x")]
)
def test_a_postgres_that_answers_is_never_unreachable(postgres: Any, role: str, statement: str | None) -> None:
    # Given a role that may not read all tables, or a database that lacks one
    with psycopg.connect(postgres.superuser_dsn, autocommit=True) as owner:
        if statement:
            owner.execute(statement)
        snapshot = gather(NO_KAFKA, postgres.dsn(role), [], [], [])
        if statement:
            owner.execute("ALTER TABLE x RENAME TO crm_deliveries")
    assert (snapshot.postgres.reachable, snapshot.postgres.known) == (True, False)
    [problem] = [problem for problem in snapshot.problems if problem.startswith("PostgreSQL")]
    assert problem.startswith("PostgreSQL answers, but not about all of our tables: ")
    assert "hookline db migrate" in problem


def test_a_node_that_spools_or_is_silent_is_a_problem_wherever_it_runs(postgres: Any) -> None:
    with psycopg.connect(postgres.superuser_dsn, autocommit=True) as owner:
        now = datetime.now(UTC)
        for row in (
            ("web-1", 4711, now, None, None),
            ("web-2", 0, now - MINUTE, None, None),
            ("stopped", 0, now - MINUTE, now, None),
            ("retired", 7, now - MINUTE, None, now),
            ("well", 0, now, None, None),
        ):
            owner.execute(
                "INSERT INTO ingest_nodes (node, spooled, heard_at, stopped_at, retired_at, drained_at)"
                " VALUES (%s, %s, %s, %s, %s, now())",
                row,
            )
    spooling, silent = [problem for problem in _gathered(postgres).problems if problem.startswith("node ")]
    assert spooling.startswith("node web-1 holds 4711 events in its spool, so the gate answers out to everybody")
    assert silent.startswith("node web-2 has not said for 6")


def test_where_no_node_is_known_to_run_nobody_is_told_that_all_is_well(postgres: Any) -> None:
    why = "no node of ingest is known to run, so the gate answers out to everybody"
    # Without opt-out nobody asks a gate: a set-up of ingest and persist alone is well
    assert any(warning.startswith(why) for warning in _gathered(postgres).warnings)
    assert not any(problem.startswith(why) for problem in _gathered(postgres).problems)
    with psycopg.connect(postgres.superuser_dsn, autocommit=True) as owner:
        owner.execute(
            "INSERT INTO consumer_offsets (consumer_group, cluster_id, topic_id, partition, topic, next_offset)"
            " VALUES ('hookline-opt-out', 'c', gen_random_uuid(), 0, 'sms.messages.v1', 5)"
        )
        assert any(problem.startswith(why) for problem in _gathered(postgres).problems)
        note_node(owner)
        assert not any(problem.startswith(why) for problem in _gathered(postgres).problems)
        owner.execute("UPDATE ingest_nodes SET stopped_at = now()")
    assert any(problem.startswith(why) for problem in _gathered(postgres).problems)


def test_a_process_that_was_never_started_is_never_well(postgres: Any) -> None:
    """Outside of a local stack no port is known, and only heartbeats tell."""
    places = [ProcessAddress(name, None, None, False) for name in ("persist", "opt-out", "registry")]
    kinds = [processor_types()["persist"]]
    snapshot = gather(NO_KAFKA, postgres.dsn("operator"), places, kinds, [])
    assert any(problem.startswith("persist is not heard of") for problem in snapshot.problems)
    assert any(warning.startswith("opt-out is not heard of") for warning in snapshot.warnings)
    assert [(process.name, process.healthy) for process in snapshot.processes] == [
        ("persist", False),
        ("opt-out", True),
        ("registry", True),
    ]
    [persist] = snapshot.processors
    assert (persist.process, persist.healthy) == ("not heard of", False)
    # Once opt-out has worked here, it has to run: after a crash of PostgreSQL there is no row of it
    with psycopg.connect(postgres.superuser_dsn, autocommit=True) as owner:
        owner.execute(
            "INSERT INTO consumer_offsets (consumer_group, cluster_id, topic_id, partition, topic, next_offset)"
            " VALUES ('hookline-opt-out', 'c', gen_random_uuid(), 0, 'sms.messages.v1', 7)"
        )
    snapshot = gather(NO_KAFKA, postgres.dsn("operator"), places, [processor_types()["opt-out"]], [])
    assert any(problem.startswith("opt-out is not heard of") for problem in snapshot.problems)
    assert not any(warning.startswith("opt-out") for warning in snapshot.warnings)
    assert [processor.verdict for processor in snapshot.processors] == ["not heard of"]
    # Without PostgreSQL nobody knows
    nobody = "postgresql://nobody:x@127.0.0.1:1/none"
    assert gather(NO_KAFKA, nobody, places, kinds, []).processes[0].state == "not asked"


def _gathered(postgres: Any) -> Any:
    return gather(NO_KAFKA, postgres.dsn("operator"), [], [], [])


def _until_blocked(postgres: Any) -> None:
    deadline = time.monotonic() + 20
    with psycopg.connect(postgres.superuser_dsn, autocommit=True) as looking:
        while time.monotonic() < deadline:
            row = looking.execute(
                "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'persist'"
                " AND cardinality(pg_blocking_pids(pid)) > 0 AND query_start < clock_timestamp() - interval '3.2 s')"
            ).fetchone()
            if row == (True,):
                return
            time.sleep(0.1)
    raise AssertionError("nobody waits for the lock")
