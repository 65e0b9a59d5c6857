"""How fast a process works off its partitions."""

from __future__ import annotations

from uuid import UUID

from processors.engine.batch import PartitionId, Span
from processors.engine.pace import Pace
from processors.engine.positions import Held, Positions
from runtime.kafka.consumer import Partition
from runtime.kafka.ends import LogEnds, TopicShape

TOPIC_ID = UUID(int=7)
FIRST, SECOND = Partition("t", 0), Partition("t", 1)


class Member:
    """A member of a group that holds partitions, and the time."""

    def __init__(self) -> None:
        self.now = 0.0
        self.positions = Positions(monotonic=lambda: self.now, now=lambda: self.now)
        self.pace = Pace(self.positions, lambda: self.now)

    def take(self, **done: int) -> None:
        places = {Partition("t", int(number[1:])): offset for number, offset in done.items()}
        self.positions.take({part: Held(_place(part), offset, offset) for part, offset in places.items()})

    def at(self, now: float, end: int, done: int) -> dict[str, object]:
        """The log of the first partition ends at `end`, and everything below `done` is committed."""
        self.now = now
        shape = {"t": TopicShape(TOPIC_ID, 2)}
        self.positions.note(LogEnds(now, shape, {FIRST: end, SECOND: 0}), self.positions.held())
        self.positions.commit({FIRST: Span(_place(FIRST), 0, done)})
        return self.pace()


def _place(partition: Partition) -> PartitionId:
    return PartitionId("c", TOPIC_ID, partition.number)


def test_what_was_handled_and_what_arrived_within_a_minute() -> None:
    member = Member()
    member.take(p0=0)
    assert member.at(0, 1000, 0) == {}
    assert member.at(2, 1010, 100) == {}, "too short to say"
    assert member.at(10, 1050, 500) == {"records_per_second": 50.0, "arrivals_per_second": 5.0}
    # Then it stands still: after a minute the time before does not count
    for second in range(12, 80, 2):
        last = member.at(second, 1050, 500)
    assert last == {"records_per_second": 0.0, "arrivals_per_second": 0.0}


def test_a_partition_that_has_just_come_does_not_count() -> None:
    member = Member()
    member.take(p1=0)
    member.at(0, 1000, 0)
    member.take(p0=0, p1=0)
    assert member.at(10, 1000, 0) == {"records_per_second": 0.0, "arrivals_per_second": 0.0}
    member.positions.drop()
    assert member.at(12, 1000, 0) == {}
