"""What the rig knows of commits: never more than PostgreSQL and Kafka have said."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID, uuid4

import psycopg

from processors.engine.processor import processor_types
from processors.engine.runner import topics_of
from runtime.kafka.consumer import Partition, Unanswered
from runtime.kafka.ends import LogEnds
from runtime.kafka.topics import TopicShape
from tests.faults.committed import CommitWatch, Stored
from tests.faults.statements import Committed

TOPICS = topics_of(processor_types()["persist"])
TOPIC = TOPICS[0]


class World:
    """Kafka, PostgreSQL and the time, with a log of one partition for each topic."""

    def __init__(self) -> None:
        self.now = 100.0
        self.ids: dict[str, UUID] = {topic: uuid4() for topic in TOPICS}
        self.end = 0  #: of the log of TOPIC; nothing is in the others
        self.offset = 0  #: stored for it
        self.kafka = self.postgres = self.is_alone = True
        self.watch = CommitWatch(["persist"], self.stored, self, lambda _: self.is_alone, lambda: self.now)
        self.now += 10.0  # Kafka has answered for a while

    def ask(self, topics: Sequence[str]) -> LogEnds:
        assert sorted(topics) == sorted(TOPICS)
        if not self.kafka:
            raise Unanswered("gone")
        shapes = {topic: TopicShape(id, 1) for topic, id in self.ids.items()}
        return LogEnds(self.now, shapes, {Partition(topic, 0): self.end if topic == TOPIC else 0 for topic in shapes})

    def close(self) -> None:
        pass

    def stored(self, groups: Sequence[str]) -> Stored:
        if not self.postgres:
            raise psycopg.OperationalError
        return Stored(1, {groups[0]: {(self.ids[TOPIC], 0): self.offset}})

    def look(self, *, end: int, offset: int) -> Committed | None:
        """A second later."""
        self.now += 1.0
        self.end, self.offset = end, offset
        found = self.watch.look()
        return found[0] if found else None


def test_what_was_in_the_log_at_a_time_is_committed_once_the_offset_is_there() -> None:
    world = World()
    assert world.look(end=10, offset=0) is None  # nothing was read before
    at_ten = world.now
    assert world.look(end=20, offset=9) is None
    found = world.look(end=30, offset=12)
    assert found == Committed("persist", at_ten, 30, 12, world.now, world.now, 1)
    found = world.look(end=40, offset=30)  # the end of the log is never reached
    assert found is not None
    assert found.until == world.now - 1.0


def test_offsets_that_went_back_void_what_was_known() -> None:
    world = World()
    world.look(end=10, offset=10)
    assert world.look(end=10, offset=10) is not None
    assert world.look(end=10, offset=3) is None
    assert world.look(end=10, offset=10) is not None


def test_nothing_is_known_while_one_does_not_answer_or_is_in_doubt() -> None:
    world = World()
    world.look(end=10, offset=10)
    for name in ("kafka", "postgres", "is_alone"):
        setattr(world, name, False)
        assert world.look(end=10, offset=10) is None, name
        setattr(world, name, True)
        assert world.look(end=10, offset=10) is not None, name
    assert world.look(end=10, offset=11) is None  # no place in the log
    del world.ids[TOPICS[1]]
    assert world.look(end=11, offset=11) is None  # a topic is missing


def test_ends_right_after_kafka_was_away_prove_nothing() -> None:
    """What was sent to it meanwhile comes to the log with an older time."""
    world = World()
    world.look(end=10, offset=10)
    before = world.now
    world.kafka = False
    world.look(end=10, offset=10)
    world.kafka = True
    found = [world.look(end=10, offset=10) for _ in range(7)]
    assert [look.until - before for look in found if look] == [0, 0, 0, 0, 0, 6, 7]


def test_another_topic_of_the_same_name_is_another_log() -> None:
    world = World()
    world.look(end=10, offset=10)
    assert world.look(end=10, offset=10) is not None
    world.ids[TOPIC] = uuid4()
    assert world.look(end=5, offset=2) is None
