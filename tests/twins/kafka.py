"""Kafka in memory: what the ports of runtime/kafka promise, without a server. Held to it by the contract suites."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from uuid import UUID, uuid4

from runtime.kafka.consumer import (
    Bounds,
    Identity,
    OffsetGone,
    Partition,
    RebalanceListener,
    Record,
    Unanswered,
)
from runtime.kafka.ends import LogEnds
from runtime.kafka.producer import NotPublished, OutgoingRecord, RefusedForGood
from runtime.kafka.topics import TopicShape
from schemas.cloudevents import Headers


class MemoryKafka:
    """Topics, groups and their members."""

    def __init__(self) -> None:
        self.cluster_id = "memory"
        self.ids: dict[str, UUID] = {}
        self.logs: dict[Partition, list[Record]] = {}
        self.begins: dict[Partition, int] = {}
        self.members: dict[str, list[MemoryConsumer]] = defaultdict(list)
        self.mirrored: dict[tuple[str, Partition], int] = {}
        self.answers = True  #: False: an outage

    def create(self, topic: str, partitions: int) -> None:
        """`topic`, or that topic made anew: another id, and empty."""
        self.ids[topic] = uuid4()
        for number in range(partitions):
            self.logs[Partition(topic, number)] = []
            self.begins[Partition(topic, number)] = 0
        for group in list(self.members):
            self.rebalance(group)

    def append(
        self, topic: str, number: int, value: bytes | None, key: bytes = b"k", headers: Sequence[tuple[str, bytes]] = ()
    ) -> int:
        log = self.logs[Partition(topic, number)]
        offset = self.begins[Partition(topic, number)] + len(log)
        log.append(Record(topic, number, offset, 1_700_000_000_000 + offset, key, value, list(headers)))
        return offset

    def forget_before(self, topic: str, number: int, offset: int) -> None:
        """Retention: the log begins at `offset`."""
        partition = Partition(topic, number)
        self.logs[partition] = [record for record in self.logs[partition] if record.offset >= offset]
        self.begins[partition] = offset

    def end(self, partition: Partition) -> int:
        return self.begins[partition] + len(self.logs[partition])

    def rebalance(self, group: str) -> None:
        """Give the partitions out in ranges; each member hears of it in its next poll."""
        members = self.members[group]
        for member in members:
            member.due = frozenset()
        for topic in sorted({topic for member in members for topic in member.topics if topic in self.ids}):
            readers = [member for member in members if topic in member.topics]
            partitions = sorted(partition for partition in self.logs if partition.topic == topic)
            for place, partition in enumerate(partitions):
                reader = readers[place * len(readers) // len(partitions)]
                reader.due = (reader.due or frozenset()) | {partition}


class MemoryConsumer:
    """A Consumer. `poll` hardly waits."""

    def __init__(self, kafka: MemoryKafka, group: str = "group", *, max_records: int = 2000) -> None:
        self._kafka = kafka
        self._group = group
        self._max_records = max_records
        self._listener: RebalanceListener | None = None
        self._owned: frozenset[Partition] = frozenset()
        self._positions: dict[Partition, int] = {}
        self._seen_ids: dict[str, UUID] | None = None  #: None: Kafka was never asked
        self._paused = False
        self.topics: tuple[str, ...] = ()
        self.due: frozenset[Partition] | None = None

    def subscribe(self, topics: Sequence[str], listener: RebalanceListener) -> None:
        self.topics, self._listener = tuple(topics), listener
        self._kafka.members[self._group].append(self)
        self._kafka.rebalance(self._group)

    def poll(self, timeout: float) -> list[Record]:
        if not self._kafka.answers:
            return []
        self._seen_ids = dict(self._kafka.ids)
        if self.due is not None:
            due, self.due = self.due, None
            self._take(due)
        found: list[Record] = []
        for partition, position in sorted(self._positions.items()):
            begin, end = self._kafka.begins[partition], self._kafka.end(partition)
            if not self._paused and not begin <= position <= end:
                raise OffsetGone([partition])
            room = 0 if self._paused else self._max_records - len(found)
            records = [log for log in self._kafka.logs[partition] if log.offset >= position][:room]
            if records:
                self._positions[partition] = records[-1].offset + 1
            found += records
        if not found:
            time.sleep(min(timeout, 0.002))
        return found

    def seek(self, partition: Partition, offset: int) -> None:
        assert partition in self._owned
        self._positions[partition] = offset

    def pause(self) -> None:
        self._paused = True

    def resume(self) -> None:
        self._paused = False

    def hold(self, partition: Partition) -> None:
        self._positions.pop(partition, None)

    def reachable(self) -> bool:
        return self._kafka.answers

    def identity(self, topics: Iterable[str]) -> Identity:
        self._ask()
        self._seen_ids = dict(self._kafka.ids)
        return Identity(
            self._kafka.cluster_id, {topic: self._kafka.ids[topic] for topic in topics if topic in self._kafka.ids}
        )

    def topic_id(self, topic: str) -> UUID | None:
        return (self._seen_ids or {}).get(topic)

    def lacks(self, topic: str) -> bool:
        return self._seen_ids is not None and topic in self.topics and topic not in self._seen_ids

    def bounds(self, partitions: Collection[Partition]) -> dict[Partition, Bounds]:
        self._ask()
        return {
            partition: Bounds(self._kafka.begins[partition], self._kafka.end(partition)) for partition in partitions
        }

    def position(self, partition: Partition) -> int | None:
        return self._positions.get(partition)

    def mirror(self, offsets: Mapping[Partition, int]) -> None:
        if self._kafka.answers:
            self._kafka.mirrored |= {(self._group, partition): offset for partition, offset in offsets.items()}

    def mirror_now(self, offsets: Mapping[Partition, int], timeout: float) -> bool:
        self.mirror(offsets)
        return self._kafka.answers

    def close(self, timeout: float) -> None:
        if self in self._kafka.members[self._group]:
            self._kafka.members[self._group].remove(self)
            self._kafka.rebalance(self._group)
        if self._owned:
            self._take(frozenset())

    def _take(self, partitions: frozenset[Partition]) -> None:
        assert self._listener is not None
        closing = self not in self._kafka.members[self._group]
        revoked, self._positions = self._owned, {}
        if revoked:
            self._listener.revoked(revoked)
        self._owned = partitions
        if not closing:
            self._listener.assigned(partitions)

    def _ask(self) -> None:
        if not self._kafka.answers:
            raise Unanswered("an outage")


class MemoryEnds:
    """An EndsReader."""

    def __init__(self, kafka: MemoryKafka, clock: Callable[[], float] = time.monotonic) -> None:
        self._kafka = kafka
        self._clock = clock

    def ask(self, topics: Sequence[str]) -> LogEnds:
        if not self._kafka.answers:
            raise Unanswered("an outage")
        asked_at = self._clock()
        found = [part for part in self._kafka.logs if part.topic in topics and part.topic in self._kafka.ids]
        shapes = {
            topic: TopicShape(self._kafka.ids[topic], sum(part.topic == topic for part in found))
            for topic in topics
            if topic in self._kafka.ids
        }
        return LogEnds(asked_at, shapes, {part: self._kafka.end(part) for part in found})

    def close(self) -> None:
        pass


class MemoryProducer:
    """A Producer. What becomes of each record is the next of `failures`, or what `fate` says."""

    def __init__(self) -> None:
        self.published: list[OutgoingRecord] = []
        self.failures: list[NotPublished | RefusedForGood | None] = []
        self.fate: Callable[[OutgoingRecord], NotPublished | RefusedForGood | None] = lambda _: None
        #: What each call was given.
        self.parts: list[Sequence[OutgoingRecord]] = []

    def publish_all(
        self, records: Sequence[OutgoingRecord], *, timeout: float = 2.0
    ) -> list[NotPublished | RefusedForGood | None]:
        outcomes: list[NotPublished | RefusedForGood | None] = []
        self.parts.append(records)
        for record in records:
            failure = self.failures.pop(0) if self.failures else self.fate(record)
            outcomes.append(failure)
            if failure is None:
                self.published.append(record)
        return outcomes

    def publish(self, topic: str, key: bytes | None, value: bytes, headers: Headers, *, timeout: float = 2.0) -> None:
        [outcome] = self.publish_all([OutgoingRecord(topic, key, value, headers)], timeout=timeout)
        if outcome is not None:
            raise outcome

    def close(self, timeout: float = 2.0) -> None:
        pass
