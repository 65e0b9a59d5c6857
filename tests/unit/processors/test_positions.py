"""What is committed, against where the logs end."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.engine.batch import Batch, PartitionId, Span
from processors.engine.positions import Held, Lag, Positions
from runtime.kafka.consumer import Partition, Record
from runtime.kafka.ends import LogEnds
from runtime.kafka.topics import TopicShape

TOPIC = "sms.messages.v1"
ID = uuid4()
ZERO, FIRST = Partition(TOPIC, 0), Partition(TOPIC, 1)


class World:
    """One member's positions, and clocks that stand until they are moved."""

    def __init__(self, *, stored: int | None = 0, lost: bool = False) -> None:
        self.mono, self.epoch = 100.0, 1_800_000_000.0
        self.positions = Positions(monotonic=lambda: self.mono, now=lambda: self.epoch)
        self.place = PartitionId("cluster", ID, 0)
        self.positions.take({ZERO: Held(self.place, stored, stored or 0, lost)})

    def wait(self, seconds: float) -> None:
        self.mono += seconds
        self.epoch += seconds

    def ends(self, end: int, id: UUID = ID, held: Any = None) -> float:
        asked_at = self.mono
        held = self.positions.held() if held is None else held
        self.positions.note(LogEnds(asked_at, {TOPIC: TopicShape(id, 1)}, {ZERO: end}), held)
        return asked_at

    def batch(self, begin: int, end: int, age: float = 0.0, at: int | None = None) -> Batch:
        at = int((self.epoch - age) * 1000) if at is None else at
        records = [Record(TOPIC, 0, offset, at, b"k", b"v", []) for offset in range(begin, end)]
        return Batch(records, [], [], {ZERO: Span(self.place, begin, end)})

    def caught_up(self) -> float | None:
        found = self.positions.caught_up()
        return found[0].instant if found else None

    @property
    def lag(self) -> Lag:
        return self.positions.lags()[ZERO]


def test_lag_counts_from_what_is_committed_not_from_what_was_read() -> None:
    world = World()
    world.ends(10)
    batch = world.batch(0, 10, age=3.0)
    world.positions.read(batch)
    assert world.lag == Lag(10, 3.0)
    # While PostgreSQL says nothing it grows, in seconds and in records
    world.wait(60)
    world.ends(25)
    assert world.lag == Lag(25, 63.0)
    world.positions.commit(batch.spans)
    assert world.lag.records == 15


def test_what_was_read_counts_where_kafka_has_not_confirmed_it() -> None:
    world = World()
    assert world.positions.lags() == {}  # nothing is known
    world.positions.read(world.batch(0, 10, age=3.0))
    assert world.lag == Lag(10, 3.0)
    # Given an end that was confirmed before, and a Kafka that does not answer this question any more
    world = World()
    world.ends(0)
    world.wait(60)
    world.positions.read(world.batch(0, 10, age=3.0))
    world.wait(5)
    assert world.lag == Lag(10, 8.0)


@pytest.mark.parametrize("at", [-1, 0, 1, 2**40, 2**62])
def test_no_time_that_a_writer_may_choose_makes_an_age_that_cannot_be(at: int) -> None:
    # Given a processor that has just started, and one that knows when the record was not there yet
    for known in (False, True):
        world = World()
        if known:
            world.ends(0)
        world.positions.read(world.batch(0, 1, at=at))
        world.wait(2)
        world.ends(1)
        assert 0 <= world.lag.seconds <= 2
    # A time of last week may be so, but not of a record that came after the log was seen without it
    world = World()
    world.ends(0)
    world.wait(4)
    world.positions.read(world.batch(0, 1, age=7 * 86_400.0))
    assert world.lag == Lag(1, 4.0)


def test_an_age_outlives_a_rebalance() -> None:
    # Given a member that reads nothing (its group is paused), whose partitions are given out anew after an hour
    world = World()
    world.ends(5)
    world.wait(3600)
    world.positions.drop()
    world.positions.take({ZERO: Held(world.place, 0, 0)})
    world.ends(6)
    assert world.lag == Lag(6, 3600.0)
    # When another member has had it meanwhile and committed a part, what is left has its own age
    world.wait(60)
    world.ends(8)
    world.positions.drop()
    world.positions.take({ZERO: Held(world.place, 6, 6)})
    assert world.lag == Lag(2, 0.0)
    # Where the stored offset went back, or the topic was made anew, nothing is known of before
    world.wait(60)
    world.positions.take({ZERO: Held(world.place, 0, 0)})
    world.ends(8)
    assert world.lag == Lag(8, 0.0)
    world.wait(60)
    other = PartitionId("cluster", uuid4(), 0)
    world.positions.take({ZERO: Held(other, 0, 0)})
    world.ends(8)  # of the topic before
    world.ends(8, id=other.topic_id)
    assert world.lag == Lag(8, 0.0)


def test_what_nobody_has_read_has_the_age_since_it_is_known() -> None:
    world = World()
    world.ends(5)
    world.wait(40)
    world.ends(5)
    assert world.lag == Lag(5, 40.0)


def test_a_member_that_is_always_a_little_behind_has_a_small_age() -> None:
    """Under load a new record is there before the last one is committed: the end is never reached."""
    world = World()
    world.ends(1)
    for offset in range(200):
        batch = world.batch(offset, offset + 1)
        world.positions.read(batch)
        world.wait(1)
        world.ends(offset + 2)
        world.positions.commit(batch.spans)
        assert world.lag == Lag(1, 0.0)


def test_an_age_stays_whole_however_often_the_ends_are_asked() -> None:
    # Given a member that commits nothing for hours while the log grows
    world = World()
    for offset in range(10_000):
        world.ends(offset + 1)
        world.wait(1)
    assert world.lag == Lag(10_000, 10_000.0)
    # When it catches up, the age is that of what is left, or a little more: never less
    for done in range(500, 10_000, 500):
        world.positions.commit(world.batch(done - 500, done).spans)
        assert 10_000 - done <= world.lag.seconds < 10_400 - done


def test_a_truncated_log_leaves_no_age_behind() -> None:
    # Given a log that ended at 100 once, and was cut down to what is committed
    world = World()
    world.ends(100)
    world.wait(60)
    world.ends(0)
    assert world.lag == Lag(0, 0.0)
    # When one record is written, its age is its own
    world.wait(60)
    world.ends(1)
    assert world.lag == Lag(1, 0.0)


def test_a_place_taken_anew_keeps_the_age_of_what_was_read_there() -> None:
    # Given a batch that was read, and dropped because the group is halted
    world = World()
    world.ends(5)
    world.positions.read(world.batch(0, 5, age=100.0))
    world.positions.forget_read()
    world.positions.take({ZERO: Held(world.place, 0, 0)})
    world.wait(7)
    assert world.lag == Lag(5, 107.0)


def test_what_was_in_the_log_when_its_end_was_asked_is_caught_up_once_it_is_committed() -> None:
    world = World()
    first = world.ends(0)
    assert world.caught_up() == first
    world.wait(1)
    second = world.ends(10)
    batch = world.batch(0, 10)
    world.positions.read(batch)
    world.wait(1)
    world.ends(20)
    assert world.caught_up() == first
    world.positions.commit(batch.spans)
    assert world.caught_up() == second


def test_a_partition_without_a_stored_position_is_caught_up_when_its_log_is_empty() -> None:
    world = World(stored=None)
    empty = world.ends(0)
    [found] = world.positions.caught_up()
    assert (found.instant, found.held.stored) == (empty, None)
    world.wait(1)
    world.ends(1)
    assert world.caught_up() == empty


def test_a_topic_made_anew_is_not_taken_for_the_one_before() -> None:
    world = World(stored=10)
    world.ends(10, id=uuid4())
    assert world.caught_up() is None
    assert world.positions.lags() == {}


def test_a_log_that_ends_below_what_is_committed_says_nothing_and_is_looked_into() -> None:
    world = World(stored=10)
    world.ends(4)
    assert world.caught_up() is None
    assert world.positions.is_suspect()
    assert not world.positions.is_suspect()
    # but one that has been overtaken since it was asked is no reason for that
    held = world.positions.held()
    batch = world.batch(10, 12)
    world.positions.read(batch)
    world.positions.commit(batch.spans)
    instant = world.ends(11, held=held)
    assert world.caught_up() == instant
    assert not world.positions.is_suspect()


def test_a_lost_place_is_never_caught_up() -> None:
    world = World(stored=3, lost=True)
    world.ends(3)
    assert world.caught_up() is None


def test_spans_of_a_place_that_is_no_longer_ours_change_nothing() -> None:
    world = World()
    other = Span(PartitionId("cluster", uuid4(), 0), 0, 9)
    world.positions.commit({ZERO: other, FIRST: other})
    assert world.positions.held() == {ZERO: Held(world.place, 0, 0)}


steps = st.lists(st.sampled_from(["produce", "ask", "read", "commit", "drop", "wait"]), max_size=60)


@given(steps)
def test_neither_the_caught_up_instant_nor_the_age_says_more_than_is_so(ran: list[str]) -> None:
    world = World()
    produced: list[float] = []  # when each offset was written
    known: list[float] = []  # when its being there was first confirmed
    read, committed, batches = 0, 0, []
    for step in ran:
        match step:
            case "produce":
                produced.append(world.mono)
            case "ask":
                world.wait(0.001)
                asked_at = world.ends(len(produced))
                known += [asked_at] * (len(produced) - len(known))
            case "read" if read < len(produced):
                batch = world.batch(read, len(produced))
                world.positions.read(batch)
                batches.append(batch)
                read = len(produced)
            case "commit" if batches:
                batch = batches.pop(0)
                world.positions.commit(batch.spans)
                committed = batch.spans[ZERO].next
            case "drop":
                world.positions.forget_read()
                world.positions.take({ZERO: Held(world.place, committed, committed)})
                read, batches = committed, []
            case "wait":
                world.wait(1)
        instant = world.caught_up()
        assert instant is None or all(at >= instant for at in produced[committed:])
        if committed < len(known):  # the record at `committed` is the oldest that is not
            age = world.lag.seconds
            assert world.mono - known[committed] <= age + 0.002
            assert age <= world.mono - produced[committed] + 0.002
