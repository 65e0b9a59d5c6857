"""What a Consumer promises, kept by the real one on a real Kafka and by its twin in memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any, Protocol
from uuid import uuid4

import pytest
from kafka import KafkaAdminClient, KafkaProducer, TopicPartition
from kafka import KafkaConsumer as Client

from runtime.connections import KafkaSettings
from runtime.kafka.connection import client_settings
from runtime.kafka.consumer import Consumer, KafkaConsumer, OffsetGone, Partition, Record
from runtime.kafka.librdkafka.consumer import LibrdkafkaConsumer
from tests.twins.kafka import MemoryConsumer, MemoryKafka

TIME_LIMIT = 30.0


class Side(Protocol):
    """The same deeds on either Kafka."""

    def consumer(self, group: str) -> Consumer: ...
    def create(self, topic: str) -> None: ...
    def recreate(self, topic: str) -> None: ...
    def append(
        self, topic: str, number: int, value: bytes | None, key: bytes, headers: list[tuple[str, bytes]]
    ) -> None: ...
    def forget_before(self, topic: str, number: int, offset: int) -> None: ...
    def mirrored(self, group: str, partition: Partition) -> int | None: ...


class Memory:
    def __init__(self) -> None:
        self._kafka = MemoryKafka()

    def consumer(self, group: str) -> Consumer:
        return MemoryConsumer(self._kafka, group)

    def create(self, topic: str) -> None:
        self._kafka.create(topic, 2)

    recreate = create

    def append(
        self, topic: str, number: int, value: bytes | None, key: bytes, headers: list[tuple[str, bytes]]
    ) -> None:
        self._kafka.append(topic, number, value, key, headers)

    def forget_before(self, topic: str, number: int, offset: int) -> None:
        self._kafka.forget_before(topic, number, offset)

    def mirrored(self, group: str, partition: Partition) -> int | None:
        return self._kafka.mirrored.get((group, partition))


class Real:
    def __init__(self, settings: KafkaSettings, client: type[KafkaConsumer] | type[LibrdkafkaConsumer]) -> None:
        self._settings = settings
        self._client = client
        self._admin = KafkaAdminClient(**client_settings(settings, "test"))
        self._producer = KafkaProducer(**client_settings(settings, "test"), enable_idempotence=False, acks="all")

    def consumer(self, group: str) -> Consumer:
        return self._client(self._settings, "test", group)

    def create(self, topic: str) -> None:
        until(lambda: self._created(topic))

    def _created(self, topic: str) -> bool:
        answer = self._admin.create_topics({topic: {"num_partitions": 2, "replication_factor": 1}}, raise_errors=False)
        if answer["topics"][0]["error_code"] != 0:  # still being deleted
            return False
        self._admin.wait_for_topics([topic])
        return True

    def recreate(self, topic: str) -> None:
        self._admin.delete_topics([topic])
        self.create(topic)

    def append(
        self, topic: str, number: int, value: bytes | None, key: bytes, headers: list[tuple[str, bytes]]
    ) -> None:
        future = self._producer.send(topic, key=key, value=value, headers=headers, partition=number)
        future.get(timeout=10)

    def forget_before(self, topic: str, number: int, offset: int) -> None:
        self._admin.delete_records({TopicPartition(topic, number): offset})

    def mirrored(self, group: str, partition: Partition) -> int | None:
        client = Client(**client_settings(self._settings, "looker"), group_id=group, enable_auto_commit=False)
        try:
            return client.committed(TopicPartition(*partition))
        finally:
            client.close()

    def close(self) -> None:
        self._producer.close()
        self._admin.close()


class Hearing:
    """A RebalanceListener that remembers."""

    def __init__(self) -> None:
        self.owned: frozenset[Partition] = frozenset()
        self.heard: list[str] = []

    def revoked(self, partitions: frozenset[Partition]) -> None:
        self.heard.append("revoked")
        self.owned = frozenset()

    def assigned(self, partitions: frozenset[Partition]) -> None:
        self.heard.append("assigned")
        self.owned = partitions


def until(condition: Callable[[], Any]) -> Any:
    """What `condition` returns once it is true."""
    deadline = time.monotonic() + TIME_LIMIT
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.01)
    raise AssertionError("it never came true")


@pytest.fixture(params=["memory", "kafka", "librdkafka"])
def side(request: pytest.FixtureRequest) -> Iterator[Side]:
    if request.param == "memory":
        yield Memory()
        return
    client = KafkaConsumer if request.param == "kafka" else LibrdkafkaConsumer
    real = Real(request.getfixturevalue("kafka_settings"), client)
    yield real
    real.close()


@pytest.fixture
def topic(side: Side) -> str:
    name = f"test.{uuid4().hex[:12]}"
    side.create(name)
    return name


@pytest.fixture
def members(side: Side) -> Iterator[Callable[[str, str], tuple[Consumer, Hearing]]]:
    made: list[Consumer] = []

    def join(topic: str, group: str) -> tuple[Consumer, Hearing]:
        consumer, hearing = side.consumer(group), Hearing()
        made.append(consumer)
        consumer.subscribe([topic], hearing)
        return consumer, hearing

    yield join
    for consumer in made:
        consumer.close(5.0)


_numbers = count()


def group() -> str:
    return f"test-{uuid4().hex[:8]}-{next(_numbers)}"


def joined(consumer: Consumer, hearing: Hearing, partitions: int = 2) -> None:
    until(lambda: [consumer.poll(0.1), len(hearing.owned) == partitions][1])


def polled(consumer: Consumer, enough: int) -> list[Record]:
    found: list[Record] = []
    until(lambda: [found.extend(consumer.poll(0.1)), len(found) >= enough][1])
    return found


def test_a_record_arrives_as_it_was_sent(side: Side, topic: str, members: Any) -> None:
    headers = [("ce_id", b"1"), ("odd", b"\x00\xff"), ("ce_id", b"twice")]
    side.append(topic, 1, b"\x00\x01", b"+13035550142", headers)
    side.append(topic, 1, None, b"k", [])
    consumer, hearing = members(topic, group())
    joined(consumer, hearing)
    consumer.seek(Partition(topic, 1), 0)
    first, second = polled(consumer, 2)
    assert first[:3] == (topic, 1, 0)
    assert (first.key, first.value, list(first.headers)) == (b"+13035550142", b"\x00\x01", headers)
    assert first.timestamp_ms > 1_600_000_000_000
    assert (second.offset, second.value) == (1, None)


def test_nothing_is_delivered_before_a_seek(side: Side, topic: str, members: Any) -> None:
    for number in (0, 1):
        side.append(topic, number, b"v", b"k", [])
    name = group()
    consumer, hearing = members(topic, name)
    joined(consumer, hearing)
    assert [consumer.poll(0.1) for _ in range(5)] == [[]] * 5
    # and only what was put in its place
    consumer.seek(Partition(topic, 0), 0)
    assert {record.partition for record in polled(consumer, 1) + consumer.poll(0.2)} == {0}


def test_a_seek_begins_where_it_says_and_can_go_back(side: Side, topic: str, members: Any) -> None:
    for value in (b"0", b"1", b"2", b"3"):
        side.append(topic, 0, value, b"k", [])
    consumer, hearing = members(topic, group())
    joined(consumer, hearing)
    consumer.seek(Partition(topic, 0), 2)
    assert [record.value for record in polled(consumer, 2)] == [b"2", b"3"]
    consumer.seek(Partition(topic, 0), 1)
    assert [record.value for record in polled(consumer, 3)] == [b"1", b"2", b"3"]
    assert consumer.position(Partition(topic, 0)) == 4


def test_what_is_paused_goes_on_where_it_stood(side: Side, topic: str, members: Any) -> None:
    consumer, hearing = members(topic, group())
    joined(consumer, hearing)
    consumer.seek(Partition(topic, 0), 0)
    assert consumer.reachable()
    consumer.pause()
    side.append(topic, 0, b"0", b"k", [])
    assert [consumer.poll(0.1) for _ in range(3)] == [[]] * 3
    consumer.resume()
    assert [record.value for record in polled(consumer, 1)] == [b"0"]


def test_what_is_held_waits_for_a_seek(side: Side, topic: str, members: Any) -> None:
    consumer, hearing = members(topic, group())
    joined(consumer, hearing)
    consumer.seek(Partition(topic, 0), 0)
    consumer.hold(Partition(topic, 0))
    side.append(topic, 0, b"0", b"k", [])
    consumer.pause()
    consumer.resume()
    assert [consumer.poll(0.1) for _ in range(3)] == [[]] * 3
    consumer.seek(Partition(topic, 0), 0)
    assert len(polled(consumer, 1)) == 1


def test_what_was_fetched_before_a_seek_is_not_delivered_after_it(side: Side, topic: str, members: Any) -> None:
    values = [b"%d" % number for number in range(20)]
    for value in values:
        side.append(topic, 0, value, b"k", [])
    consumer, hearing = members(topic, group())
    joined(consumer, hearing)
    for before, after in ((15, 5), (5, 15)):
        # a client has fetched, and its owner waits
        consumer.seek(Partition(topic, 0), before)
        consumer.pause()
        assert [consumer.poll(0.2) for _ in range(5)] == [[]] * 5
        consumer.seek(Partition(topic, 0), after)
        assert consumer.position(Partition(topic, 0)) == after
        consumer.resume()
        assert [record.value for record in polled(consumer, 20 - after)] == values[after:]
    consumer.seek(Partition(topic, 0), 0)
    consumer.pause()
    assert [consumer.poll(0.2) for _ in range(5)] == [[]] * 5
    consumer.hold(Partition(topic, 0))
    consumer.resume()
    assert [consumer.poll(0.2) for _ in range(5)] == [[]] * 5


def test_a_long_pause_loses_nothing_and_repeats_nothing(side: Side, topic: str, members: Any) -> None:
    values = [b"%d" % number for number in range(60)]
    for value in values:
        side.append(topic, 0, value, b"k", [])
    consumer, hearing = members(topic, group())
    joined(consumer, hearing)
    consumer.seek(Partition(topic, 0), 0)
    consumer.pause()
    for _ in range(60):
        assert consumer.poll(0.02) == []
    consumer.resume()
    assert [record.value for record in polled(consumer, 60)] == values


@contextmanager
def polling(*consumers: Consumer) -> Iterator[None]:
    """Each polls on a thread of its own, as each process does: a rebalance needs all of them at once."""
    over = threading.Event()

    def poll(consumer: Consumer) -> None:
        while not over.is_set():
            consumer.poll(0.05)
            over.wait(0.01)

    threads = [threading.Thread(target=poll, args=(consumer,)) for consumer in consumers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def test_members_share_the_partitions_and_hear_of_every_change(side: Side, topic: str, members: Any) -> None:
    name = group()
    member, hears_one = members(topic, name)
    joined(member, hears_one)
    two, hears_two = members(topic, name)
    with polling(member, two):
        until(lambda: len(hears_one.owned) == len(hears_two.owned) == 1)
    assert hears_one.owned | hears_two.owned == {Partition(topic, 0), Partition(topic, 1)}
    assert hears_one.heard[:3] == ["assigned", "revoked", "assigned"]
    two.close(5.0)
    assert hears_two.owned == frozenset()
    until(lambda: [member.poll(0.05), len(hears_one.owned) == 2][1])
    # what was ours and still is has to be put in its place again
    side.append(topic, 0, b"0", b"k", [])
    assert [member.poll(0.1) for _ in range(3)] == [[]] * 3


def test_bounds_are_the_logs_begin_and_end(side: Side, topic: str, members: Any) -> None:
    for _ in range(3):
        side.append(topic, 0, b"v", b"k", [])
    side.forget_before(topic, 0, 2)
    consumer, hearing = members(topic, group())
    joined(consumer, hearing)
    assert consumer.bounds([Partition(topic, 0), Partition(topic, 1)]) == {
        Partition(topic, 0): (2, 3),
        Partition(topic, 1): (0, 0),
    }


@pytest.mark.parametrize("offset", [0, 7], ids=["below the log", "beyond the log"])
def test_a_position_outside_the_log_is_told_and_not_jumped(side: Side, topic: str, members: Any, offset: int) -> None:
    for _ in range(3):
        side.append(topic, 0, b"v", b"k", [])
    side.forget_before(topic, 0, 2)
    consumer, hearing = members(topic, group())
    joined(consumer, hearing)
    consumer.seek(Partition(topic, 0), offset)

    def gone() -> OffsetGone | None:
        try:
            assert consumer.poll(0.1) == []
        except OffsetGone as error:
            return error
        return None

    assert until(gone).partitions == {Partition(topic, 0)}


def test_a_position_outside_the_log_is_told_while_other_partitions_go_on(side: Side, topic: str, members: Any) -> None:
    consumer, hearing = members(topic, group())
    joined(consumer, hearing)
    consumer.seek(Partition(topic, 1), 0)
    consumer.seek(Partition(topic, 0), 7)
    found: list[Record] = []

    def gone() -> OffsetGone | None:
        side.append(topic, 1, b"v", b"k", [])
        try:
            found.extend(consumer.poll(0.5))
        except OffsetGone as error:
            return error
        return None

    assert until(gone).partitions == {Partition(topic, 0)}
    # and the pause of an owner who has not seen it yet is no place to say so
    consumer.pause()
    assert consumer.poll(0.1) == []
    consumer.hold(Partition(topic, 0))
    consumer.resume()
    found += polled(consumer, 1)
    assert [record.offset for record in found] == list(range(len(found)))


def test_a_topic_made_anew_has_another_id(side: Side, topic: str, members: Any) -> None:
    consumer, hearing = members(topic, group())
    joined(consumer, hearing)
    first = consumer.identity([topic, "test.missing"])
    assert first.topic_ids.keys() == {topic}
    assert consumer.identity([topic]).cluster_id == first.cluster_id
    side.recreate(topic)
    second = until(lambda: (found := consumer.identity([topic])).topic_ids.get(topic) and found)
    assert second.topic_ids[topic] != first.topic_ids[topic]
    assert consumer.topic_id(topic) == second.topic_ids[topic]
    assert consumer.topic_id("test.missing") is None


def test_a_topic_is_lacking_only_once_kafka_has_said_so(side: Side, topic: str) -> None:
    consumer = side.consumer(group())
    try:
        assert not consumer.lacks(topic)
        assert not consumer.lacks("test.missing"), "nothing was asked yet"
        consumer.subscribe([topic, "test.missing"], Hearing())

        def lacks_it() -> bool:
            consumer.poll(0.1)
            return consumer.lacks("test.missing")

        until(lacks_it)
        assert not consumer.lacks(topic)
    finally:
        consumer.close(5)


def test_committed_offsets_are_a_mirror_and_decide_nothing(side: Side, topic: str, members: Any) -> None:
    name = group()
    for value in (b"0", b"1"):
        side.append(topic, 0, value, b"k", [])
    consumer, hearing = members(topic, name)
    joined(consumer, hearing)
    consumer.mirror({Partition(topic, 0): 1})
    assert consumer.mirror_now({Partition(topic, 1): 0}, 5.0)
    assert until(lambda: [consumer.poll(0.05), side.mirrored(name, Partition(topic, 0))][1]) == 1
    consumer.close(5.0)
    again, hears = members(topic, name)
    joined(again, hears)
    again.seek(Partition(topic, 0), 0)
    assert [record.value for record in polled(again, 2)] == [b"0", b"1"]
