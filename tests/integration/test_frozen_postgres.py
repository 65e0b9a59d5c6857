"""A PostgreSQL that is frozen, or was restored from a copy, under running processors."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from prometheus_client import REGISTRY

from processors.engine.database import Database
from processors.engine.lag import LagWatch
from processors.engine.positions import Positions
from runtime import logs
from runtime.kafka.consumer import Partition
from runtime.postgres import CallTimedOut, Connection, connect
from runtime.process import StopSignal
from tests.servers.freezing import frozen, server_of
from tests.twins.events import message
from tests.twins.kafka import MemoryEnds
from tests.twins.rig import TOPIC, Rig, until


@pytest.fixture
def rig(postgres: Any) -> Iterator[Rig]:
    made = Rig(postgres)
    yield made
    made.close()


@pytest.fixture
def embedded(server_kind: str) -> None:
    if server_kind == "containers":
        pytest.skip("a server in a container is no process of ours to freeze")


def selected(connection: Connection) -> None:
    connection.execute("SELECT 1")


def committed(connection: Connection) -> None:
    with connection.transaction():
        connection.execute("CREATE TEMP TABLE t (x text)")


def copied(connection: Connection) -> None:
    connection.execute("CREATE TEMP TABLE t (x text)")
    with connection.cursor().copy("COPY t FROM STDIN") as copy:
        for _ in range(20_000):
            copy.write("x" * 1000 + "\n")


def inserted(connection: Connection) -> None:
    connection.cursor().executemany("SELECT %s", [("x" * 1000,)] * 10_000)


@pytest.mark.parametrize("call", [selected, committed, copied, inserted])
@pytest.mark.usefixtures("embedded")
def test_a_call_to_a_frozen_server_ends_in_time_and_the_connection_with_it(postgres: Any, call: Any) -> None:
    connection = connect(postgres.dsn("probe"), process="tests", call_timeout=2.0)
    with frozen(server_of(postgres.dsn("probe"))), pytest.raises(CallTimedOut, match=r"no answer within 2 s"):
        call(connection)
    assert connection.closed


def test_what_takes_its_time_within_the_deadline_or_fails_by_itself_is_left_alone(postgres: Any) -> None:
    answers = []
    with connect(
        postgres.dsn("probe"), process="tests", call_timeout=5, after_call=lambda: answers.append(1)
    ) as connection:
        connection.execute("SELECT pg_sleep(0.3)")
        assert answers == [1]
        with pytest.raises(psycopg.errors.DivisionByZero):
            connection.execute("SELECT 1/0")
        assert not connection.closed
    with connect(postgres.dsn("probe"), process="tests") as patient:  # an operator's: no deadline
        patient.execute("SELECT pg_sleep(0.3)")


def metric(name: str) -> float:
    labels = {"processor": "probe", "topic": TOPIC, "partition": "0"}
    return REGISTRY.get_sample_value(name, labels) or 0.0


@pytest.mark.usefixtures("embedded")
def test_postgresql_frozen_is_seen_at_once_and_lag_grows_until_it_is_back(
    rig: Rig, postgres: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure("probe")
    positions, stop = Positions(), StopSignal()
    watch = LagWatch("probe", [TOPIC], MemoryEnds(rig.kafka), positions, stop)
    database = Database(lambda: connect(postgres.dsn("probe"), process="probe", connect_timeout=2, call_timeout=2.0))
    rig.put(first := message())

    def caught_up() -> bool:  # the positions are noted a moment after the transaction whose effects are seen
        watch.step()
        return (metric("hookline_lag_records"), metric("hookline_lag_seconds")) == (0, 0)

    with rig.running(database=database, positions=positions) as run:
        until(lambda: rig.effects() == [first.event_id])
        until(lambda: run.state.readiness().ready)
        until(caught_up)
        # Given a server that says nothing, and events that go on coming
        with frozen(server_of(postgres.dsn("probe"))):
            late = [message(key=str(n)) for n in range(5)]
            for event in late:
                rig.put(event)
            # Then it is not ready, says why, and how far behind it is
            until(lambda: "PostgreSQL: CallTimedOut" in run.reason or "ConnectionTimeout" in run.reason)
            watch.step()
            before = metric("hookline_lag_seconds")
            assert metric("hookline_lag_records") == 5
            time.sleep(3)
            rig.put(sixth := message())
            watch.step()
            assert metric("hookline_lag_records") == 6
            assert metric("hookline_lag_seconds") >= before + 3
        # And once it is back, each event has its effect, once
        until(lambda: len(rig.effects()) == 7)
        until(lambda: run.state.readiness().ready)
        until(caught_up)
    assert rig.effects() == [event.event_id for event in (first, *late, sixth)]
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{")]
    # Several tries, and one line
    assert [line["reason"] for line in lines if line["event"] == "paused"] == ["PostgreSQL: CallTimedOut"]


@pytest.mark.usefixtures("embedded")
def test_a_batch_that_hangs_is_told_before_any_call_is_given_up(postgres: Any) -> None:
    rig = Rig(postgres, batch_limit=0.5)
    with rig.running() as run:  # its connection has no deadline
        until(lambda: run.state.readiness().ready)
        with frozen(server_of(postgres.dsn("probe"))):
            rig.put(message())
            until(lambda: run.reason == "a batch has taken more than 0.5 s")
        until(lambda: len(rig.effects()) == 1)
        until(lambda: run.state.readiness().ready)
    rig.close()


def moved(direction: str) -> float:
    labels = {"processor": "probe", "direction": direction}
    return REGISTRY.get_sample_value("hookline_positions_moved_total", labels) or 0.0


@pytest.mark.parametrize(
    "statement",
    ["UPDATE consumer_offsets SET next_offset = 1 WHERE partition = 0", "DELETE FROM consumer_offsets"],
    ids=["an older offset", "no offset"],
)
def test_positions_that_went_back_are_found_while_nothing_comes(
    rig: Rig, statement: str, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure("probe")
    before = moved("back")
    events = [message(key=str(n)) for n in range(3)]
    for event in events:
        rig.put(event)
    with rig.running() as run:
        until(lambda: len(rig.effects()) == 3)
        # Given a database that was restored from an older copy
        rig.owner.execute("TRUNCATE effects")
        rig.owner.execute(statement)
        # Then what came since is handled again, though no record comes
        expected = [event.event_id for event in (events[1:] if "UPDATE" in statement else events)]
        until(lambda: rig.effects() == expected)
        until(lambda: run.state.readiness().ready)
    assert rig.stored() == {Partition(TOPIC, 0): 3}
    assert moved("back") == before + 1
    assert '"event": "positions_moved"' in capsys.readouterr().err
    # and it is noted once, so that calls for what is handled again are looked up before they are made
    noted = rig.owner.execute("SELECT since::text, noted_by FROM restores").fetchall()
    assert noted == [("-infinity", "hookline-probe")]


def test_positions_that_another_member_moved_are_no_alarm(rig: Rig) -> None:
    before = moved("back"), moved("forward")
    rig.put(message())
    with rig.running():
        until(lambda: len(rig.effects()) == 1)
        for _ in range(2):
            rig.put(message())
        until(lambda: len(rig.effects()) == 3)
        rig.owner.execute("UPDATE consumer_offsets SET next_offset = 3")  # as it is
        time.sleep(0.5)
    assert (moved("back"), moved("forward")) == before
    assert rig.owner.execute("SELECT * FROM restores").fetchall() == []


def test_another_cluster_under_the_same_database_is_an_alarm(rig: Rig, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("probe")
    rig.put(message())
    with rig.running():
        until(lambda: len(rig.effects()) == 1)
    labels = {"processor": "probe"}
    before = REGISTRY.get_sample_value("hookline_cluster_changed_total", labels) or 0
    # Given a Kafka that was made anew
    rig.kafka.cluster_id = "another"
    rig.kafka.create(TOPIC, 2)
    rig.put(late := message())
    with rig.running():
        until(lambda: rig.effects()[-1:] == [late.event_id])
    assert REGISTRY.get_sample_value("hookline_cluster_changed_total", labels) == before + 1
    [line] = [line for line in capsys.readouterr().err.splitlines() if '"cluster_changed"' in line]
    assert (json.loads(line)["before"], json.loads(line)["now"]) == ("memory", "another")
