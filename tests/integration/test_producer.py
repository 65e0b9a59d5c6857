"""The producer on a real Kafka: what it confirms is in the log, in order."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import cast
from uuid import uuid4

import psutil
import pytest
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition

from runtime.connections import KafkaSettings
from runtime.kafka.connection import client_settings
from runtime.kafka.group import BATCH_BYTES, partition_of_key
from runtime.kafka.librdkafka.producer import LibrdkafkaProducer
from runtime.kafka.producer import KafkaProducer, NotPublished, OutgoingRecord, TooLarge
from tests.servers.freezing import frozen, listening

PARTITIONS = 3
NOBODY = "127.0.0.1:1"  # no Kafka listens there


@pytest.fixture
def topic(kafka_settings: KafkaSettings) -> str:
    """A topic of the test's own."""
    name = f"test.{uuid4().hex[:12]}"
    admin = KafkaAdminClient(**client_settings(kafka_settings, "tests"))
    admin.create_topics({name: {"num_partitions": PARTITIONS, "replication_factor": 1}})
    admin.wait_for_topics([name])
    admin.close()
    return name


AnyProducer = KafkaProducer | LibrdkafkaProducer


@pytest.fixture(params=[KafkaProducer, LibrdkafkaProducer])
def kind(request: pytest.FixtureRequest) -> type[AnyProducer]:
    return cast("type[AnyProducer]", request.param)


@pytest.fixture
def producer(kind: type[AnyProducer], kafka_settings: KafkaSettings) -> Iterator[AnyProducer]:
    made = kind(kafka_settings, "tests")
    yield made
    made.close()


def in_the_log(kafka: str, topic: str) -> dict[int, list[tuple[bytes | None, bytes, list[tuple[str, bytes]]]]]:
    """Every record of `topic`, by partition."""
    consumer = KafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False, group_id=None)
    try:
        places = [TopicPartition(topic, number) for number in range(PARTITIONS)]
        consumer.assign(places)
        consumer.seek_to_beginning(*places)
        ends = consumer.end_offsets(places)
        found: dict[int, list[tuple[bytes | None, bytes, list[tuple[str, bytes]]]]] = {n: [] for n in range(PARTITIONS)}
        deadline = time.monotonic() + 30
        while sum(map(len, found.values())) < sum(ends.values()) and time.monotonic() < deadline:
            for place, batch in consumer.poll(timeout_ms=500).items():
                found[place.partition] += [(record.key, record.value, list(record.headers)) for record in batch]
        return found
    finally:
        consumer.close()


def test_what_is_confirmed_is_in_the_log_as_it_was_and_in_order(producer: AnyProducer, kafka: str, topic: str) -> None:
    headers = [("ce_id", b"1"), ("ce_type", "\u00e9".encode())]
    sent = [OutgoingRecord(topic, f"k{n % 7}".encode(), f"{n}".encode(), headers) for n in range(500)]
    assert producer.publish_all(sent[:400]) == [None] * 400
    assert producer.publish_all(sent[400:]) == [None] * 100
    for number, records in in_the_log(kafka, topic).items():
        expected = [record for record in sent if record.key and partition_of_key(record.key, PARTITIONS) == number]
        assert records == [(record.key, record.value, record.headers) for record in expected]


def test_more_than_a_batch_holds_goes_in_several_one_after_the_other(
    producer: AnyProducer, kafka: str, topic: str
) -> None:
    third = b"x" * (BATCH_BYTES // 3)
    sent = [OutgoingRecord(topic, b"k", f"{n} ".encode() + third, []) for n in range(10)]
    assert producer.publish_all(sent) == [None] * 10
    assert [value for _, value, _ in in_the_log(kafka, topic)[partition_of_key(b"k", PARTITIONS)]] == [
        record.value for record in sent
    ]


def test_a_record_too_large_is_refused_for_good_and_the_others_go_through(
    producer: AnyProducer, kafka: str, topic: str
) -> None:
    records = [OutgoingRecord(topic, b"k", value, []) for value in (b"a", b"x" * 1_500_000, b"x" * 3_000_000, b"b")]
    outcomes = producer.publish_all(records)
    assert [type(outcome) for outcome in outcomes] == [type(None), TooLarge, TooLarge, type(None)]
    assert [value for _, value, _ in in_the_log(kafka, topic)[partition_of_key(b"k", PARTITIONS)]] == [b"a", b"b"]


def test_a_topic_that_is_missing_is_not_confirmed_in_time_and_holds_up_no_other(
    producer: AnyProducer, topic: str
) -> None:
    records = [OutgoingRecord("no.such.topic", b"k", b"x", []), OutgoingRecord(topic, b"k", b"x", [])]
    outcomes = producer.publish_all(records, timeout=5.0)
    assert [type(outcome) for outcome in outcomes] == [NotPublished, type(None)]
    assert producer.publish_all(records[1:]) == [None]


def test_where_nobody_answers_nothing_is_confirmed_and_closing_is_quick(kind: type[AnyProducer]) -> None:
    producer = kind(KafkaSettings(bootstrap_servers=(NOBODY,)), "tests")
    [outcome] = producer.publish_all([OutgoingRecord("t", b"k", b"v", [])], timeout=0.5)
    assert isinstance(outcome, NotPublished)
    assert not producer.answers()
    producer.close()


def test_it_says_that_a_broker_answers(producer: AnyProducer) -> None:
    assert producer.answers()
    assert producer.answers(), "and asks again each time"


def test_many_threads_share_one(producer: AnyProducer, kafka: str, topic: str) -> None:
    def publish(number: int) -> None:
        for count in range(20):
            producer.publish(topic, f"k{number}".encode(), f"{number}:{count}".encode(), [], timeout=20.0)

    threads = [threading.Thread(target=publish, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    values = [value.decode() for records in in_the_log(kafka, topic).values() for _, value, _ in records]
    assert sorted(values) == sorted(f"{number}:{count}" for number in range(8) for count in range(20))
    for number in range(8):
        mine = [value for value in values if value.startswith(f"{number}:")]
        assert mine == [f"{number}:{count}" for count in range(20)]


def test_what_a_frozen_broker_did_not_confirm_is_not_sent_later_behind_a_gap(
    producer: AnyProducer, kafka: str, topic: str
) -> None:
    def group(name: str) -> list[OutgoingRecord]:
        return [OutgoingRecord(topic, b"k", f"{name}{number}".encode(), []) for number in range(5)]

    assert producer.publish_all(group("before")) == [None] * 5
    with frozen(listening(int(kafka.rpartition(":")[2]))):
        for number in range(3):
            outcomes = producer.publish_all(group(f"{number}-"), timeout=0.3)
            assert {type(outcome) for outcome in outcomes} == {NotPublished}
        assert not producer.answers()
    until(producer.answers)
    assert producer.publish_all(group("after"), timeout=20.0) == [None] * 5
    [values] = [[value.decode() for _, value, _ in records] for records in in_the_log(kafka, topic).values() if records]
    for name in ("before", "0-", "1-", "2-", "after"):
        mine = [value for value in values if value.startswith(name)]
        assert mine == [f"{name}{number}" for number in range(len(mine))]


def test_a_producer_that_was_renewed_many_times_keeps_no_threads(
    kind: type[AnyProducer], kafka_settings: KafkaSettings, topic: str
) -> None:
    process = psutil.Process()
    before = process.num_threads()
    producer = kind(kafka_settings, "tests")
    missing = OutgoingRecord("no.such.topic", b"k", b"v", [])
    for _ in range(10):
        assert producer.publish_all([missing], timeout=0.05) != [None]
    assert producer.publish_all([OutgoingRecord(topic, b"k", b"v", [])], timeout=20.0) == [None]
    producer.close()
    until(lambda: process.num_threads() <= before)


def until(condition: Callable[[], bool]) -> None:
    """Wait for `condition`."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.05)
