"""Where the partitions of a member stand is known step by step, and forgotten as a whole."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from processors.engine.assignment import Assignment
from processors.engine.batch import PartitionId, Span
from processors.engine.positions import Positions
from processors.engine.progress import GroupHalt, StoredProgress
from processors.engine.state import State
from processors.engine.stored_positions import Compared, Located
from runtime.kafka.consumer import Partition
from tests.twins.kafka import MemoryConsumer, MemoryKafka

TOPIC = "sms.messages.v1"
P0, P1 = Partition(TOPIC, 0), Partition(TOPIC, 1)


class WorkList:
    """A worker whose work is done when the test says so."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[Callable[[], bool]], object]] = []

    def give(self, work: Callable[[Callable[[], bool]], object]) -> None:
        self.waiting.append(work)

    def drop(self) -> None:
        self.waiting.clear()

    def wait_until_idle(self, timeout: float) -> bool:
        return True


class Member:
    """One member of a group, its Kafka, and what PostgreSQL would answer."""

    def __init__(self) -> None:
        self.kafka, self.worker, self.state = MemoryKafka(), WorkList(), State("probe")
        self.kafka.create(TOPIC, 2)
        self.kafka.append(TOPIC, 0, b"first")
        self.kafka.append(TOPIC, 0, b"second")
        self.consumer, self.positions, self.now = MemoryConsumer(self.kafka), Positions(), 0.0
        self.offsets: dict[Partition, int] = {P0: 1}
        self.halt: GroupHalt | None = None
        self.lost: list[dict[PartitionId, int]] = []
        stored: Any = SimpleNamespace(read=self._read, compare=self._compare, lose=self._lose)
        worker: Any = self.worker
        self.assignment = Assignment(
            "probe", [TOPIC], self.consumer, stored, worker, self.positions, self.state,
            recheck=3.0, clock=lambda: self.now,
        )  # fmt: skip
        self.consumer.subscribe([TOPIC], self.assignment)

    def work(self) -> None:
        """Do what the worker was given, and act on it as the runner does."""
        given_work, self.worker.waiting = self.worker.waiting, []
        for work in given_work:
            result = work(lambda: True)
            if isinstance(result, Located):
                self.assignment.located(result)
            elif isinstance(result, Compared):
                self.assignment.compared(result)

    def settle(self) -> None:
        """Hear of a rebalance and locate until every partition is in its place, or halted."""
        self.consumer.poll(0)
        for _ in range(3):
            self.assignment.locate()
            self.work()

    def _read(self, identity: Any, partitions: frozenset[Partition], _still_wanted: object) -> Located:
        offsets = {partition: offset for partition, offset in self.offsets.items() if partition in partitions}
        return Located(identity, StoredProgress(self.halt, offsets))

    def _compare(self, held: Any, _still_wanted: object) -> Compared:
        moved = {p: self.offsets.get(p) for p, at in held.items() if at.stored != self.offsets.get(p)}
        return Compared(self.halt, held, moved)

    def _lose(self, lost: dict[PartitionId, int], _still_wanted: object) -> None:
        self.lost.append(lost)


def test_nothing_is_read_until_postgresql_and_kafka_have_answered() -> None:
    # Given a member that was just given its partitions
    member = Member()
    member.consumer.poll(0)
    assert not member.assignment.is_in_place
    # When PostgreSQL has been asked but has not answered, nothing is read
    member.assignment.locate()
    assert not member.assignment.is_in_place
    # When it has answered but Kafka does not say where the logs end, still nothing
    member.work()
    member.kafka.answers = False
    member.assignment.locate()
    assert not member.assignment.is_in_place
    assert "Kafka does not answer" in member.state.readiness().reason
    # Then, with both, each partition begins where PostgreSQL says, or at its log's begin
    member.kafka.answers = True
    member.assignment.locate()
    records = member.assignment.ours(member.consumer.poll(0))
    assert [record.value for record in records] == [b"second"]
    place = PartitionId("memory", member.kafka.ids[TOPIC], 0)
    assert member.assignment.advance(records) == {P0: Span(place, 1, 2)}


def test_a_place_that_was_lost_is_asked_for_anew_and_what_was_committed_is_mirrored() -> None:
    member = Member()
    member.settle()
    member.assignment.committed({P0: Span(PartitionId("memory", member.kafka.ids[TOPIC], 0), 1, 2)})
    member.assignment.lose_place("fenced")
    assert not member.assignment.is_in_place
    assert member.consumer.poll(0) == []  # its partitions are held
    member.assignment.mirror()
    assert member.kafka.mirrored == {("group", P0): 2}
    member.offsets = {P0: 0}
    member.settle()
    assert [record.value for record in member.consumer.poll(0)] == [b"first", b"second"]


def test_what_was_committed_is_not_mirrored_once_the_partitions_are_somebody_elses() -> None:
    member = Member()
    member.settle()
    member.assignment.committed({P0: Span(PartitionId("memory", member.kafka.ids[TOPIC], 0), 1, 2)})
    member.assignment.revoked(frozenset({P0, P1}))
    member.assignment.mirror()
    assert member.kafka.mirrored == {}


def test_a_halt_is_looked_at_again_and_only_then() -> None:
    member = Member()
    member.halt = GroupHalt("50 of the last 100")
    member.settle()
    assert not member.assignment.is_in_place
    member.halt, member.now = None, 2.9
    member.settle()
    assert not member.assignment.is_in_place
    member.now = 3.0
    member.settle()
    assert member.assignment.is_in_place


def test_a_truncated_log_halts_its_partition_until_it_is_decided() -> None:
    member = Member()
    member.settle()
    member.assignment.truncate(frozenset({P0}))
    member.assignment.lose_place("log_truncated")
    member.settle()
    member.work()
    assert member.lost == [{PartitionId("memory", member.kafka.ids[TOPIC], 0): 0}]
    assert member.assignment.ours(member.consumer.poll(0)) == []
    # An operator accepts the loss: the stored offset is gone from the lost places
    member.offsets, member.now = {}, 3.0
    member.settle()
    assert [record.value for record in member.consumer.poll(0)] == [b"first", b"second"]


def test_positions_that_moved_are_found_by_comparing() -> None:
    member = Member()
    member.settle()
    member.offsets = {P0: 0}
    member.assignment.compare()
    member.work()
    assert not member.assignment.is_in_place


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(["poll", "locate", "work", "lose", "rebalance", "anew", "outage", "back", "later"])))
def test_whatever_happens_in_between_it_ends_where_postgresql_says(steps: list[str]) -> None:
    member = Member()
    actions: dict[str, Callable[[], object]] = {
        "poll": lambda: member.consumer.poll(0),
        "locate": member.assignment.locate,
        "work": member.work,
        "lose": lambda: member.assignment.lose_place("a test"),
        "rebalance": lambda: member.kafka.rebalance("group"),
        "anew": lambda: (member.kafka.create(TOPIC, 2), member.kafka.append(TOPIC, 0, b"new"), member.offsets.clear()),
        "outage": lambda: setattr(member.kafka, "answers", False),
        "back": lambda: setattr(member.kafka, "answers", True),
        "later": lambda: setattr(member, "now", member.now + 10),
    }
    for step in steps:
        actions[step]()
    member.kafka.answers = True
    member.consumer.poll(0)
    if member.assignment.is_of_other_topics():
        member.assignment.lose_place("topic_made_anew")
    member.assignment.lose_place("the end")
    member.settle()
    assert member.assignment.is_in_place
    assert {p: at.done for p, at in member.positions.held().items()} == {P0: member.offsets.get(P0, 0), P1: 0}
