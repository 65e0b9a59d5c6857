"""What makes the gate sure, on a real PostgreSQL: members that come, go and freeze, and nodes with spools."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from ingest.durable.spool.state import SharedState
from ingest.node.report import NodeReport
from ops.__main__ import main
from ops.gate.answers import Answers
from processors.engine.batch import PartitionId
from processors.engine.database import Database
from processors.engine.freshness import Freshness
from processors.engine.positions import Held, Positions
from processors.engine.runner import topics_of
from processors.opt_out import OptOutProcessor
from runtime.kafka.consumer import Partition
from runtime.postgres import Connection, connect
from tests.servers.freezing import frozen, server_of
from tests.twins.certainty import note_node
from tests.twins.kafka import MemoryEnds, MemoryKafka
from tests.twins.rig import until

TOPICS = topics_of(OptOutProcessor)
GROUP = "hookline-opt-out"
PARTITIONS = 3
PHONE = "+13035550142"
FRESH = 2.0


class World:
    """A Kafka in memory, a real database, a gate, and as many members as a test wants."""

    def __init__(self, postgres: Any) -> None:
        self.postgres = postgres
        self.dsn = postgres.dsn("operator")
        self.connections: list[Connection] = []
        self.owner = psycopg.connect(postgres.owner_dsn, autocommit=True)
        #: Whether some node reports that its spool is empty.
        self.has_other_node = True
        self.kafka = MemoryKafka()
        for topic in TOPICS:
            self.kafka.create(topic, PARTITIONS)
        self.gate = Answers(
            partial(self.connect, "gate"),
            threads=2,
            timeout=1.0,
            fresh=FRESH,
            topics=TOPICS,
            region="US",
        )

    def connect(self, process: str) -> Connection:
        dsn = self.postgres.dsn(process)
        self.connections.append(connect(dsn, process="tests", connect_timeout=2, call_timeout=1.0))
        return self.connections[-1]

    @property
    def why(self) -> str:
        """Why the gate is not sure; empty: it is."""
        if self.has_other_node:
            note_node(self.owner, "other")
        [answer] = self.gate.about([PHONE])
        assert answer.state == ("in" if answer.sure else "out")
        return "" if answer.sure else answer.why

    def sure(self, member: Member) -> bool:
        """Whether it becomes sure while `member` goes on telling."""
        return bool(until(lambda: (member.report(), self.why == "")[1], "the gate is sure", every=0.05))

    def store(self, topic: str, number: int, offset: int) -> None:
        values = (GROUP, self.kafka.cluster_id, self.kafka.ids[topic], number, topic, offset)
        self.owner.execute(
            "INSERT INTO consumer_offsets VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (consumer_group, cluster_id,"
            " topic_id, partition) DO UPDATE SET next_offset = EXCLUDED.next_offset",
            values,
        )

    def close(self) -> None:
        for connection in (self.owner, *self.connections):
            connection.close()


class Member:
    """One process of opt-out with some of the partition numbers, every topic's."""

    def __init__(self, world: World, *numbers: int) -> None:
        self.world = world
        self.positions = Positions()
        self.freshness = Freshness(GROUP, TOPICS, self.positions)
        self.database = Database(partial(world.connect, "opt-out"))
        self.own(*numbers)

    def own(self, *numbers: int) -> None:
        """These are assigned, at the places that PostgreSQL has."""
        kafka = self.world.kafka
        rows = self.world.owner.execute("SELECT topic_id, partition, next_offset FROM consumer_offsets").fetchall()
        stored = {(topic_id, number): offset for topic_id, number, offset in rows}
        held = {}
        for topic in TOPICS:
            for number in numbers:
                offset = stored.get((kafka.ids[topic], number))
                place = PartitionId(kafka.cluster_id, kafka.ids[topic], number)
                held[Partition(topic, number)] = Held(place, offset, offset or 0)
        self.positions.take(held)

    def ask(self) -> None:
        before = self.positions.held()
        self.positions.note(MemoryEnds(self.world.kafka).ask(TOPICS), before)

    def report(self) -> None:
        """A round: ask Kafka, tell PostgreSQL."""
        self.ask()
        self.freshness(self.database)


@pytest.fixture
def world(postgres: Any) -> Iterator[World]:
    made = World(postgres)
    yield made
    made.close()


def test_nobody_has_said_anything_and_nothing_is_sure(world: World) -> None:
    assert world.why == "opt-out has not said that it has caught up with every partition"


def test_sure_once_every_partition_of_every_topic_is_vouched_for_and_only_as_long(world: World) -> None:
    # Given two members, each with some of the partitions
    first, second = Member(world, 0, 1), Member(world, 2)
    first.report()
    assert "every partition" in world.why
    second.report()
    assert world.why == ""
    # When one stands still, what it said grows old
    until(lambda: (first.report(), "last known to have caught up" in world.why)[1], every=0.2)
    # until somebody else has its partitions
    first.own(0, 1, 2)
    first.report()
    assert world.why == ""
    # And when it wakes up, all that it says is as old as what it knows
    second.freshness(second.database)
    assert world.why == ""


def test_what_is_not_committed_is_not_vouched_for(world: World) -> None:
    member = Member(world, *range(PARTITIONS))
    member.report()
    world.kafka.append(TOPICS[0], 1, b"a stop")
    until(lambda: (member.report(), "last known to have caught up" in world.why)[1], every=0.2)
    # Committed by whoever has the partition now
    world.store(TOPICS[0], 1, 1)
    other = Member(world, 1)
    other.report()
    assert world.why == ""


def test_the_redrive_topic_counts(world: World) -> None:
    member = Member(world, *range(PARTITIONS))
    member.report()
    assert world.why == ""
    world.kafka.append("redrive.opt-out", 0, b"a stop that comes back")
    until(lambda: (member.report(), world.why)[1], every=0.2)


def test_a_partition_that_is_new_belongs_to_nobody(world: World) -> None:
    member = Member(world, *range(PARTITIONS))
    member.report()
    assert world.why == ""
    partition = Partition(TOPICS[0], PARTITIONS)
    world.kafka.logs[partition], world.kafka.begins[partition] = [], 0
    member.report()
    assert "every partition" in world.why
    member.own(*range(PARTITIONS))
    place = PartitionId(world.kafka.cluster_id, world.kafka.ids[TOPICS[0]], PARTITIONS)
    member.positions.take(member.positions.held() | {partition: Held(place, None, 0)})
    member.report()
    assert world.why == ""


def test_a_topic_made_anew_is_another_and_one_that_is_missing_is_not_known(world: World) -> None:
    member = Member(world, *range(PARTITIONS))
    for topic in TOPICS:
        for number in range(PARTITIONS):
            world.store(topic, number, 0)
    member.own(*range(PARTITIONS))
    member.report()
    assert world.why == ""
    world.kafka.create(TOPICS[0], PARTITIONS)
    member.report()
    assert "every partition" in world.why
    member.own(*range(PARTITIONS))
    member.report()
    assert world.why == ""
    del world.kafka.ids[TOPICS[1]]
    until(lambda: (member.report(), world.why)[1], every=0.2)


def test_positions_that_went_back_take_back_what_rested_on_them(world: World) -> None:
    world.store(TOPICS[0], 0, 5)
    for _ in range(5):
        world.kafka.append(TOPICS[0], 0, b"read long ago")
    member = Member(world, *range(PARTITIONS))
    member.report()
    assert world.why == ""
    assert not member.positions.is_suspect()
    # Given a database that was restored from a copy
    world.store(TOPICS[0], 0, 3)
    member.report()
    assert "every partition" in world.why
    assert member.positions.is_suspect()
    world.owner.execute("DELETE FROM consumer_offsets")
    member.report()
    assert "every partition" in world.why


def test_a_commit_between_asking_and_telling_takes_nothing_away(world: World) -> None:
    world.store(TOPICS[0], 0, 0)
    member = Member(world, *range(PARTITIONS))
    member.ask()
    world.store(TOPICS[0], 0, 1)
    member.freshness(member.database)
    assert world.why == ""


def test_halted_is_not_sure_at_once(world: World) -> None:
    Member(world, *range(PARTITIONS)).report()
    assert world.why == ""
    world.owner.execute(
        "INSERT INTO consumer_outcomes (consumer_group, recent, halted_at) VALUES (%s, '1', now())", (GROUP,)
    )
    assert "halted" in world.why


def test_a_process_that_was_frozen_before_it_told_says_something_old(world: World) -> None:
    member = Member(world, *range(PARTITIONS))
    member.report()
    member.ask()
    time.sleep(FRESH + 0.2)  # between knowing and telling
    member.freshness(member.database)
    assert "last known to have caught up" in world.why


def test_members_that_are_gone_are_cleaned_away(world: World) -> None:
    Member(world, 0).report()
    world.owner.execute("UPDATE consumer_freshness SET asked_at = now() - interval '2 minutes'")
    Member(world, 1).report()
    assert world.owner.execute("SELECT count(*) FROM consumer_freshness").fetchone() == (1,)


def test_nothing_of_it_needs_to_survive_a_crash(world: World) -> None:
    row = world.owner.execute("SELECT relpersistence FROM pg_class WHERE relname = 'consumer_freshness'").fetchone()
    assert row == ("u",)


class Node:
    """A node of ingest with its spool's shared state."""

    def __init__(self, world: World, folder: Path, name: str) -> None:
        self.state = SharedState(folder / f"{name}-{uuid4().hex[:4]}")
        self.report = NodeReport(name, self.state, partial(world.connect, "ingest"))


@pytest.fixture
def caught_up(world: World) -> Member:
    member = Member(world, *range(PARTITIONS))
    member.report()
    return member


def test_a_spool_that_holds_events_makes_the_gate_unsure_until_they_are_in_the_ledger(
    world: World, caught_up: Member, tmp_path: Path
) -> None:
    node = Node(world, tmp_path, "n1")
    assert node.report.report()
    assert world.sure(caught_up)
    node.state.spooling = node.state.records = 1
    node.report.report()
    caught_up.report()
    assert world.why == "node n1 holds events in its spool (1 on all nodes)"
    # Drained: they are on Kafka, where opt-out has to catch up with them
    node.state.records, node.state.replayed = 0, 1
    node.report.report()
    assert world.why == "opt-out has not caught up with what was in a spool"
    assert world.sure(caught_up)


def test_what_came_and_went_between_two_reports_counts_too(world: World, caught_up: Member, tmp_path: Path) -> None:
    node = Node(world, tmp_path, "n1")
    node.report.report()
    assert world.sure(caught_up)
    node.state.replayed += 4
    node.report.report()
    assert world.why == "opt-out has not caught up with what was in a spool"


def test_what_kafka_refused_for_good_is_in_no_ledger(world: World, caught_up: Member, tmp_path: Path) -> None:
    node = Node(world, tmp_path, "n1")
    node.state.refused = 2
    node.report.report()
    caught_up.report()
    assert "holds events in its spool (2" in world.why


def test_a_node_that_is_not_heard_of_may_hold_anything(world: World, caught_up: Member, tmp_path: Path) -> None:
    first, other = Node(world, tmp_path, "n1"), Node(world, tmp_path, "n2")
    first.report.report()
    other.report.report()
    silent = "node n1 does not say whether its spool is empty"
    until(lambda: (caught_up.report(), other.report.report(), world.why == silent)[2], every=0.2)
    # It starts again on the same spool
    first.report.close()
    Node(world, tmp_path, "n1").report.report()
    assert world.sure(caught_up)


@pytest.mark.parametrize(("left", "sure"), [(0, True), (1, False)])
def test_a_node_that_stops_says_what_it_leaves(
    world: World, caught_up: Member, tmp_path: Path, left: int, sure: bool
) -> None:
    node = Node(world, tmp_path, "n1")
    node.report.report()
    node.state.records = left
    node.report.stopped()
    node.report.close()
    time.sleep(FRESH + 0.2)
    caught_up.report()
    assert (world.why == "") is sure


@pytest.mark.usefixtures("embedded")
def test_a_node_whose_postgresql_is_frozen_goes_on_and_says_so_once(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from runtime import logs

    logs.configure("ingest")
    node = Node(world, tmp_path, "n1")
    assert node.report.report()
    with frozen(server_of(world.dsn)):
        assert not node.report.report()
        assert not node.report.report()
    until(node.report.report)
    assert capsys.readouterr().err.count("node_not_reported") == 1


@pytest.fixture
def embedded(server_kind: str) -> None:
    if server_kind == "containers":
        pytest.skip("a server in a container is no process of ours to freeze")


def test_an_operator_ends_the_claim_of_a_node_that_is_gone(
    world: World, caught_up: Member, tmp_path: Path, monkeypatch: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOOKLINE_POSTGRES__DSN", world.dsn)
    monkeypatch.setenv("HOOKLINE_HOME", str(tmp_path))
    world.has_other_node = False
    node = Node(world, tmp_path, "n1")
    node.state.records = 7
    node.report.report()

    def nodes(*arguments: str) -> tuple[int, Any]:
        capsys.readouterr()
        code = main(["nodes", *arguments, "--json"])
        return code, json.loads(capsys.readouterr().out)

    [shown] = nodes("ls")[1]
    assert (shown["node"], shown["state"], shown["spooled"]) == ("n1", "spooling", 7)
    code, body = nodes("retire", "n1", "--reason", "its disk is gone", "--dry-run")
    assert (code, body["spooled"], nodes("ls")[1][0]["state"]) == (0, 7, "spooling")
    assert nodes("retire", "n1", "--reason", "its disk is gone")[0] == 0
    [shown] = nodes("ls")[1]
    assert (shown["state"], shown["reason"]) == ("retired", "its disk is gone")
    assert world.why == "no node of ingest is known to run"
    world.has_other_node = True
    assert world.sure(caught_up)
    assert nodes("retire", "n1", "--reason", "again")[0] == 1
    assert main(["nodes"]) == 0
    # One that was only thought to be gone is known again
    node.report.report()
    assert nodes("ls")[1][0]["state"] == "spooling"
    assert "holds events" in world.why
