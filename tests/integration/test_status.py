"""`hookline status` on a real PostgreSQL: processes that live, are frozen or were replaced, and a locked table."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from ops.status.gather import gather
from ops.status.heartbeats import heard, last_events
from ops.status.process_answers import ProcessAddress
from runtime.admin import Readiness
from runtime.connections import KafkaSettings
from runtime.heartbeat import Heartbeat, beating, sign_off
from runtime.postgres import Connection, connect

#: Nothing listens there.
NOWHERE = "http://127.0.0.1:1"


@pytest.fixture
def connection(postgres: Any) -> Iterator[Connection]:
    with connect(postgres.dsn("persist"), process="tests") as made:
        yield made


@pytest.fixture
def owner(postgres: Any) -> Iterator[Connection]:
    with connect(postgres.owner_dsn, process="migration") as made:
        yield made


def look(dsn: str, *places: ProcessAddress) -> Any:
    return gather(KafkaSettings(bootstrap_servers=["127.0.0.1:1"]), dsn, places, [], [])


def age(owner: Connection, heartbeat: Heartbeat, seconds: float) -> None:
    owner.execute(
        "UPDATE process_heartbeats SET at = at - %s * interval '1 second',"
        " started_at = started_at - %s * interval '1 second' WHERE instance = %s",
        (seconds, seconds, heartbeat.instance),
    )


def test_a_process_that_cannot_be_asked_from_here_is_as_its_heartbeat_says(postgres: Any, owner: Connection) -> None:
    Heartbeat("ingest", node="web-1").beat(owner, Readiness(True, "ok"), {"quarantined": 0})

    [ingest] = look(postgres.dsn("operator"), ProcessAddress("ingest", NOWHERE, None, certain=False)).processes
    assert (ingest.name, ingest.state) == ("ingest", "ready")
    # In a local stack the address is known to be right, so nobody excuses it
    snapshot = look(postgres.dsn("operator"), ProcessAddress("ingest", NOWHERE, None))
    assert snapshot.processes[0].state == "unreachable"
    assert any(problem.startswith("ingest is unreachable") for problem in snapshot.problems)


@pytest.mark.parametrize("has_notifier", [True, False])
def test_the_last_event_of_a_silent_provider_stays(postgres: Any, owner: Connection, *, has_notifier: bool) -> None:
    owner.execute(
        "INSERT INTO events (event_id, event_type, provider, account, phone_valid, occurred_at, time_valid,"
        " received_at, is_test, sanitised, payload)"
        " SELECT gen_random_uuid(), 'message.received', p.name, 'a', false, p.at, true, p.at, false, false, '{}'"
        " FROM (VALUES ('textlink', now()), ('textus', now() - interval '5 hours')) AS p (name, at)"
    )
    if has_notifier:
        owner.execute(
            "INSERT INTO event_rhythms (provider, event_type, hour, arrivals, longest_gap, last_arrival)"
            " SELECT provider, event_type, date_trunc('hour', received_at), 1, 0, date_trunc('minute', received_at)"
            " FROM events"
        )
    for role in ("operator", "console"):
        with connect(postgres.dsn(role), process="tests") as connection:
            found = last_events(connection)
            [(now,)] = connection.execute("SELECT now()").fetchall()
        hours = {provider: (now - at).total_seconds() / 3600 for provider, at in found.items()}
        assert hours == {"textlink": pytest.approx(0.0, abs=0.1), "textus": pytest.approx(5.0, abs=0.1)}


def test_without_a_heartbeat_it_is_unreachable(postgres: Any) -> None:
    [ingest] = look(postgres.dsn("operator"), ProcessAddress("ingest", NOWHERE, None, certain=False)).processes

    assert ingest.state == "unreachable"


def test_a_frozen_process_is_missing_within_30_seconds(postgres: Any, connection: Connection) -> None:
    # Given a process that beats, and is frozen
    code = """
        import sys, time
        from runtime.admin import Readiness
        from runtime.heartbeat import Heartbeat
        from runtime.postgres import connect
        heartbeat, connection = Heartbeat("persist", node="n1"), connect(sys.argv[1], process="tests")
        while True:
            heartbeat.beat(connection, Readiness(True))
            print("beat", flush=True)
            time.sleep(0.1)
    """
    command = [sys.executable, "-c", textwrap.dedent(code), postgres.dsn("persist")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"beat\n"
        assert [beat.state for beat in heard(connection).processes] == ["ready"]
        os.kill(process.pid, signal.SIGSTOP)
        begun = time.monotonic()
        while (
            not (problems := [str(finding) for finding in heard(connection).findings()])
            and time.monotonic() - begun < 30
        ):
            time.sleep(0.2)
    finally:
        process.kill()
        process.communicate()
    assert problems[0].startswith("persist on n1 is missing: not heard of for")


def test_a_replica_that_was_replaced_is_a_restart_and_one_that_stopped_is_none(
    connection: Connection, owner: Connection
) -> None:
    killed, stopped, successor = (Heartbeat("persist", node="n1") for _ in range(3))
    for heartbeat in (killed, stopped):
        heartbeat.beat(connection, Readiness(True))
    stopped.stopped(connection)
    age(owner, killed, 60)
    age(owner, stopped, 60)
    successor.beat(connection, Readiness(True))

    facts = heard(connection)

    assert [beat.state for beat in facts.processes] == ["ready"]
    assert [str(finding) for finding in facts.findings()] == [
        "persist was started again within an hour (1 x) without having been stopped: see its log"
    ]


def test_a_process_that_stopped_and_never_came_back_is_a_problem(
    postgres: Any, connection: Connection, owner: Connection
) -> None:
    # Given two replicas of persist that were stopped, one of them a moment ago, and of ingest one that has another
    first, second, ingest, other = (
        Heartbeat(name, node=node)
        for name, node in (("persist", "n1"), ("persist", "n2"), ("ingest", "n1"), ("ingest", "n2"))
    )
    for heartbeat, writer in ((first, connection), (second, connection), (ingest, owner), (other, owner)):
        heartbeat.beat(writer, Readiness(True))
    for heartbeat, writer, ago in ((first, connection, 1_000), (second, connection, 60), (ingest, owner, 1_000)):
        heartbeat.stopped(writer)
        age(owner, heartbeat, ago)
    assert [str(finding) for finding in heard(connection).findings()] == []
    # When the second has been away for ten minutes too
    age(owner, second, 900)
    [problem] = heard(connection).findings()
    assert problem.severity == "error"
    assert str(problem).startswith("persist on n2 is gone: it was stopped ")
    snapshot = look(postgres.dsn("operator"), ProcessAddress("persist", None, None, certain=False))
    assert any(problem.startswith("persist is unreachable: n2: it was stopped") for problem in snapshot.problems)
    # After a day somebody has taken it away, and while another runs nobody has to be told
    age(owner, first, 9 * 86_400)
    age(owner, second, 8 * 86_400)
    assert list(heard(connection).findings()) == []
    age(owner, second, 900)
    Heartbeat("persist", node="n3").beat(connection, Readiness(True))
    assert list(heard(connection).findings()) == []


def test_what_is_silent_for_an_hour_goes_unless_it_is_the_last_of_its_name(
    connection: Connection, owner: Connection
) -> None:
    old, lonely = Heartbeat("persist", node="gone"), Heartbeat("crm-sync", node="gone")
    for heartbeat, writer in ((old, connection), (lonely, owner)):
        heartbeat.beat(writer, Readiness(True))
        age(owner, heartbeat, 4_000)
    Heartbeat("persist", node="n2").beat(connection, Readiness(True))

    states = [(beat.name, beat.node, beat.state) for beat in heard(connection).processes]

    assert states == [("crm-sync", "gone", "missing"), ("persist", "n2", "ready")]


def test_a_locked_table_is_not_an_unreachable_postgres_and_its_blocker_is_named(
    postgres: Any, owner: Connection
) -> None:
    Heartbeat("ingest", node="web-1").beat(owner, Readiness(True))
    with owner.transaction():
        owner.execute("LOCK TABLE enforcements IN ACCESS EXCLUSIVE MODE")
        snapshot = look(postgres.dsn("operator"), ProcessAddress("ingest", NOWHERE, None, certain=False))
        [(pid,)] = owner.execute("SELECT pg_backend_pid()").fetchall()

    assert snapshot.postgres.reachable
    assert snapshot.processes[0].state == "ready"
    found = [
        problem
        for problem in snapshot.problems
        if f"the session {pid} holds the table enforcements (hookline-migration" in problem
    ]
    assert len(found) == 1


@pytest.mark.parametrize("name", ["gate", "console"])
def test_a_service_beats_while_it_runs_signs_off_and_is_missed_when_it_is_gone(
    postgres: Any, connection: Connection, owner: Connection, name: str
) -> None:
    heartbeat = Heartbeat(name)

    def connected() -> Connection:
        return connect(postgres.dsn(name), process=name)

    def states() -> list[tuple[str, str, str]]:
        return [(beat.name, beat.state, beat.reason) for beat in heard(connection).processes]

    with beating(heartbeat, lambda: Readiness(False, "busy"), connected):
        begun = time.monotonic()
        while not states() and time.monotonic() - begun < 30:
            time.sleep(0.05)
        assert states() == [(name, "not ready", "busy")]
    assert states() == []

    other = Heartbeat(name, node="elsewhere")
    other.beat(owner, Readiness(True))
    age(owner, other, 20)
    [(_, state, _)] = states()
    assert state == "missing"
    sign_off(other, connected)
    assert states() == []


def test_a_heartbeat_waits_for_postgres_and_ends_without_it() -> None:
    def connected() -> Connection:
        raise psycopg.OperationalError

    with beating(Heartbeat("gate"), lambda: Readiness(True), connected):
        pass
    sign_off(Heartbeat("gate"), connected)


def test_what_only_the_notifier_can_tell_is_shown_with_its_command(postgres: Any, owner: Connection) -> None:
    for rule, over in (("HooklineSilent", False), ("HooklineTokenExpires", True), ("HooklineDown", False)):
        owner.execute(
            "INSERT INTO alarms (key, since, rule, severity, summary, cause, command, runbook, seen_at, changed_at,"
            " over_at, sent) VALUES (%s, now(), %s, 'page', %s, 'c', 'hookline doctor', 'r', now(), now(),"
            " CASE WHEN %s THEN now() END, '{}')",
            (rule, rule, f"{rule} is on", over),
        )

    snapshot = look(postgres.dsn("operator"))

    [warning] = [text for text in snapshot.warnings if text.startswith("alarm since")]
    assert warning.endswith(" UTC: HooklineSilent is on: hookline doctor")


def test_opt_outs_whose_calls_fail_are_named_with_the_reason(postgres: Any) -> None:
    superuser = psycopg.connect(postgres.superuser_dsn, autocommit=True)
    superuser.execute("SET session_replication_role = replica")  # rows without their ledger
    for number, (attempts, detail) in enumerate([(5, "TextUs answers 503"), (3, "TextUs answers 503"), (1, "new")]):
        superuser.execute(
            "INSERT INTO enforcements (phone, target, account, position, status, detail, attempts, deadline,"
            " next_attempt_at, first_attempt_at) VALUES (%s, 'textus', 'a', %s, 'pending', %s, %s,"
            " now() + interval '9 days', now(), now())",
            (f"+1303555{number:04d}", number, detail, attempts),
        )
    superuser.close()

    [warning] = [text for text in look(postgres.dsn("operator")).warnings if "wait for textus" in text]

    assert warning.startswith("2 opt-outs wait for textus, whose calls have failed since ")
    assert "TextUs answers 503" in warning


def test_postgres_is_unreachable_only_when_it_is(postgres: Any) -> None:
    parts = psycopg.conninfo.conninfo_to_dict(postgres.dsn("persist")) | {"host": "127.0.0.1", "port": "1"}

    snapshot = look(psycopg.conninfo.make_conninfo("", **parts))

    assert not snapshot.postgres.reachable
    assert snapshot.heartbeats == ()
