"""Both clients of Kafka's, of which either may run a processor: the same records, the same places, one group."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from confluent_kafka import Producer as TransactionalProducer
from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import OffsetSpec

from runtime.connections import KafkaSettings
from runtime.kafka.connection import client_settings
from runtime.kafka.consumer import Consumer, KafkaConsumer, Partition, Record
from runtime.kafka.librdkafka.consumer import LibrdkafkaConsumer
from tests.contract.test_consumer import Hearing, polling, until
from tests.fuzz.junk import batch, junk_batch, large_batches, put_batches

CLIENTS = [KafkaConsumer, LibrdkafkaConsumer]
TIME_LIMIT = 60.0


@pytest.fixture
def admin(kafka_settings: KafkaSettings) -> Iterator[KafkaAdminClient]:
    with closing(KafkaAdminClient(**client_settings(kafka_settings, "test"))) as admin:
        yield admin


@pytest.fixture
def topic(admin: KafkaAdminClient) -> str:
    """Of two partitions, with the largest batches that ours may have."""
    name = f"test.{uuid4().hex[:12]}"
    configs = {"max.message.bytes": str(2 * 1024 * 1024)}
    admin.create_topics({name: {"num_partitions": 2, "replication_factor": 1, "configs": configs}})
    admin.wait_for_topics([name], timeout_ms=30_000)
    return name


def begun(consumer: Consumer, topic: str) -> Partition:
    """The consumer has both partitions, and reads the first from its beginning."""
    hearing, partition = Hearing(), Partition(topic, 0)
    consumer.subscribe([topic], hearing)
    until(lambda: consumer.poll(0.1) or len(hearing.owned) == 2)
    consumer.seek(partition, 0)
    return partition


def read_to(consumer: Consumer, partition: Partition, end: int) -> list[Record]:
    """What polls return until the position is `end`."""
    found: list[Record] = []
    deadline = time.monotonic() + TIME_LIMIT
    while (position := consumer.position(partition)) != end:
        assert time.monotonic() < deadline, (position, end, len(found))
        found += consumer.poll(0.25)
        if found:
            assert (consumer.position(partition) or 0) > found[-1].offset
    return found


def end_of(admin: KafkaAdminClient, topic: str) -> int:
    place = TopicPartition(topic, 0)
    return int(admin.list_partition_offsets({place: OffsetSpec.LATEST})[place].offset)


def odd_batches() -> list[bytes]:
    """What is odd and small, under each codec and with every kind of time."""
    records: Any = [(None, None, []), (b"", b"", [("a", None), ("a", b""), ("", b"\x00"), ("é", b"1")])]
    return [batch(records, codec=codec, timestamp=time) for codec in range(5) for time in (None, -1, 0)]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", ["odd", "large", "junk"])
def test_both_read_the_same_of_whatever_is_on_a_topic(
    kafka_settings: KafkaSettings, admin: KafkaAdminClient, topic: str, kind: str
) -> None:
    # Given batches of one kind, with ordinary ones between them
    chance = random.Random(7)
    kinds = {
        "odd": odd_batches,
        "large": large_batches,
        "junk": lambda: [junk_batch(chance) for _ in range(60)],
    }
    batches = [made for odd in kinds[kind]() for made in (odd, batch([(b"k", b"v", [("n", b"h")])]))]
    places = [(TopicPartition(topic, 0), made) for made in batches]
    assert put_batches(kafka_settings, places, patience=TIME_LIMIT)[1] == 0
    end = end_of(admin, topic)
    # When each client reads them
    read = []
    for client in CLIENTS:
        consumer = client(kafka_settings, "test", f"{topic}-{client.__name__}")
        read.append(read_to(consumer, begun(consumer, topic), end))
        consumer.close(5)
    # Then they return the same, and none of the ordinary ones is lost
    for record, other in zip(*read, strict=True):
        assert (record[:6], list(record.headers)) == (other[:6], list(other.headers))
        assert record.unreadable == other.unreadable
    assert sum(record.value == b"v" for record in read[0]) >= len(batches) // 2


@pytest.mark.parametrize("client", CLIENTS)
def test_a_position_passes_over_what_holds_no_record(
    kafka: str,
    kafka_settings: KafkaSettings,
    admin: KafkaAdminClient,
    topic: str,
    client: type[KafkaConsumer] | type[LibrdkafkaConsumer],
) -> None:
    # Given one transaction that is given up, and one that is not, each with its mark behind it
    producer = TransactionalProducer({"bootstrap.servers": kafka, "transactional.id": topic, "log_level": 0})
    producer.init_transactions(30)
    consumer = client(kafka_settings, "test", f"{topic}-group")
    partition = begun(consumer, topic)
    for value, end in ((b"aborted", producer.abort_transaction), (b"committed", producer.commit_transaction)):
        producer.begin_transaction()
        producer.produce(topic, value, partition=0)
        producer.flush(30)
        # Nobody reads past an open transaction
        before = consumer.position(partition)
        assert before is not None
        assert consumer.poll(0.6) + consumer.poll(0.6) == []
        assert consumer.position(partition) == before
        assert consumer.bounds([partition])[partition].end == before
        end(30)
        until(lambda behind=before + 2: end_of(admin, topic) == behind)  # the mark is written a moment later
        # Then the position is behind the mark, though no record says so
        found = read_to(consumer, partition, end_of(admin, topic))
        assert [record.value for record in found] == ([b"committed"] if value == b"committed" else [])
    consumer.close(5)


def test_members_on_either_client_share_one_group(
    kafka_settings: KafkaSettings, admin: KafkaAdminClient, topic: str
) -> None:
    """As while the client is changed, one process after the other."""
    # Given two topics and a member on each client
    other = f"{topic}.more"
    admin.create_topics({other: {"num_partitions": 2, "replication_factor": 1}})
    admin.wait_for_topics([other], timeout_ms=30_000)
    consumers = [client(kafka_settings, "test", f"{topic}-group") for client in CLIENTS]
    heard = [Hearing() for _ in consumers]
    for consumer, hearing in zip(consumers, heard, strict=True):
        consumer.subscribe([topic, other], hearing)
    with polling(*consumers):
        until(lambda: all(len(hearing.owned) == 2 for hearing in heard))
    # Then partition n of every topic is with the same member
    owned = [{partition.number for partition in hearing.owned} for hearing in heard]
    assert sorted(owned, key=min) == [{0}, {1}]
    for consumer in consumers:
        consumer.close(5)


def test_a_batch_that_the_disk_has_damaged_holds_up_its_own_partition_alone(
    kafka_settings: KafkaSettings, topic: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Of replicas another may have it whole: nobody passes over it."""
    # Given three batches, the second of which is damaged where it lies
    for number in (0, 1):
        places = [(TopicPartition(topic, number), batch([(b"k", value, [])])) for value in (b"one", b"two", b"three")]
        assert put_batches(kafka_settings, places, patience=TIME_LIMIT) == (3, 0)
    folder = Path(tmp_path_factory.getbasetemp())
    logs = {path.resolve() for path in folder.glob(f"kafka*/**/{topic}-0/*.log")}
    if not logs:
        pytest.skip("this Kafka's disk is in a container")
    [log] = logs
    stored = log.read_bytes()
    with log.open("r+b") as file:
        file.seek(stored.index(b"two"))
        file.write(b"TWO")
    # When it is read
    consumer = LibrdkafkaConsumer(kafka_settings, "test", f"{topic}-group")
    damaged, sound = begun(consumer, topic), Partition(topic, 1)
    consumer.seek(sound, 0)
    found = read_to(consumer, sound, 3) + consumer.poll(0.25)
    # Then the other partition is read to its end, and this one up to that batch
    assert [record.value for record in found if record.partition == 1] == [b"one", b"two", b"three"]
    until(lambda: [found.extend(consumer.poll(0.25)), consumer.position(damaged) == 1][1])
    assert [record.value for record in found if record.partition == 0] == [b"one"]
    # And once it is whole again, it goes on
    with log.open("r+b") as file:
        file.write(stored)
    found = read_to(consumer, damaged, 3)
    assert [record.value for record in found] == [b"two", b"three"]
    consumer.close(5)
