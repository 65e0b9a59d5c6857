"""What `hookline status` says of a PostgreSQL whose table somebody holds locked."""

from __future__ import annotations

import time
from threading import Thread
from typing import Any

import psycopg

from ops.status.gather import gather
from runtime.connections import KafkaSettings

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
