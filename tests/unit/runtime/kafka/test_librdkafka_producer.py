"""What the producer does with librdkafka's reports; on a real Kafka: tests/integration/test_producer.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException

from runtime.connections import KafkaSettings
from runtime.kafka.group import MAX_RECORD_BYTES
from runtime.kafka.librdkafka.producer import LibrdkafkaProducer, producer_settings
from runtime.kafka.producer import NotPublished, OutgoingRecord, RefusedForGood, TooLarge

RECORD = OutgoingRecord("t", b"k", b"v", [("name", b"1")])
SETTINGS = KafkaSettings(bootstrap_servers=("h:1",))


class Client:
    """librdkafka's producer: `answers` of the next records, in order, None for one that is confirmed; then success."""

    def __init__(self, now: list[float]) -> None:
        self.now = now
        self.answers: list[KafkaError | type[BufferError] | None] = []
        self.sent: list[bytes] = []
        self.is_silent = self.was_purged = False
        self._reports: list[tuple[Callable[..., Any], KafkaError | None]] = []

    def produce(self, _topic: str, value: bytes, _key: bytes, *, headers: Any, on_delivery: Callable[..., Any]) -> None:
        answer = self.answers.pop(0) if self.answers else None
        if answer is BufferError:
            raise BufferError
        assert not isinstance(answer, type)
        self.sent.append(value)
        self._reports.append((on_delivery, answer))

    def poll(self, seconds: float) -> None:
        self.now[0] += 0.001 if self._reports and not self.is_silent else seconds
        if not self.is_silent:
            reports, self._reports = self._reports, []
            for report, error in reports:
                report(error, object())

    def purge(self) -> None:
        self.was_purged = True

    def list_topics(self, *, timeout: float) -> None:
        if self.is_silent:
            raise KafkaException(KafkaError(KafkaError._TRANSPORT))


@pytest.fixture
def now() -> list[float]:
    return [100.0]


@pytest.fixture
def clients(now: list[float]) -> list[Client]:
    return []


@pytest.fixture
def producer(now: list[float], clients: list[Client]) -> LibrdkafkaProducer:
    def build() -> Any:
        clients.append(Client(now))
        return clients[-1]

    made = LibrdkafkaProducer(SETTINGS, "c", build=build, clock=lambda: now[0])
    assert made.publish_all([RECORD]) == [None]
    return made


def test_each_record_has_its_own_outcome(producer: LibrdkafkaProducer, clients: list[Client]) -> None:
    denied, large, invalid = (
        KafkaError(code)
        for code in (
            KafkaError.TOPIC_AUTHORIZATION_FAILED,
            KafkaError.MSG_SIZE_TOO_LARGE,
            KafkaError.TOPIC_EXCEPTION,
        )
    )
    clients[0].answers = [None, denied, large, invalid]
    outcomes = producer.publish_all([RECORD] * 5)
    assert [type(outcome) for outcome in outcomes] == [type(None), NotPublished, TooLarge, RefusedForGood, type(None)]
    assert [str(outcome) for outcome in outcomes[1:4]] == [
        "TopicAuthorizationFailedError",
        "MessageSizeTooLargeError",
        "InvalidTopicError",
    ]
    clients[0].answers = [denied]
    with pytest.raises(NotPublished):
        producer.publish("t", b"k", b"v", [])
    assert len(clients) == 1, "a client that answers is kept"


def test_a_record_that_no_topic_takes_is_not_handed_over(producer: LibrdkafkaProducer, clients: list[Client]) -> None:
    [outcome] = producer.publish_all([RECORD._replace(value=b"x" * MAX_RECORD_BYTES)])
    assert isinstance(outcome, TooLarge)
    assert clients[0].sent == [b"v"]


def test_a_full_queue_waits_for_reports(producer: LibrdkafkaProducer, clients: list[Client]) -> None:
    clients[0].answers = [None, BufferError]
    assert producer.publish_all([RECORD] * 3) == [None] * 3


def test_what_is_not_reported_in_time_is_taken_back_with_its_client(
    producer: LibrdkafkaProducer, clients: list[Client], now: list[float]
) -> None:
    clients[0].is_silent = True
    began = now[0]
    outcomes = producer.publish_all([RECORD] * 2, timeout=1.0)
    assert [type(outcome) for outcome in outcomes] == [NotPublished, NotPublished]
    assert now[0] - began == pytest.approx(1.0)
    assert clients[0].was_purged
    assert producer.publish_all([RECORD]) == [None]
    assert len(clients) == 2


def test_a_client_that_can_do_nothing_any_more_is_replaced(producer: LibrdkafkaProducer, clients: list[Client]) -> None:
    clients[0].answers = [KafkaError(KafkaError._FATAL)]
    [outcome] = producer.publish_all([RECORD])
    assert isinstance(outcome, NotPublished)
    assert producer.publish_all([RECORD]) == [None]
    assert [client.was_purged for client in clients] == [True, False]


def test_it_says_whether_a_broker_answers(producer: LibrdkafkaProducer, clients: list[Client]) -> None:
    assert producer.answers()
    clients[0].is_silent = True
    assert not producer.answers()


def test_nothing_to_publish_is_nothing_done(producer: LibrdkafkaProducer, clients: list[Client]) -> None:
    assert producer.publish_all([]) == []
    assert clients[0].sent == [b"v"]


def test_what_every_promise_rests_on_is_set() -> None:
    made = producer_settings(SETTINGS, "c")
    assert made["acks"] == "all"
    assert made["enable.idempotence"] is True
    assert made["partitioner"] == "murmur2_random"
    assert made["allow.auto.create.topics"] is False
