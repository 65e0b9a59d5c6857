"""What the producer does with a client's answers; on a real Kafka: tests/integration/test_producer.py."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import pytest
from kafka import errors
from kafka.structs import TopicPartition

from runtime.connections import KafkaSettings
from runtime.kafka.producer import MIN_AGE, KafkaProducer, NotPublished, OutgoingRecord, RefusedForGood

RECORD = OutgoingRecord("t", b"k", b"v", [])


class Client:
    """A ProduceClient that answers what a test says, while time passes."""

    def __init__(self, now: list[float]) -> None:
        self.now = now
        self.topics: dict[str, int | errors.KafkaError] = {"t": 1}
        self.answer: list[Any] = []  # of the next requests; then success
        self.sent: list[list[TopicPartition]] = []
        self.is_dead = self.closed = False

    def partitions(self, topic: str) -> int:
        found = self.topics.get(topic, 0)
        if isinstance(found, errors.KafkaError):
            raise found
        return found

    def leaders(self, topic: str) -> list[int]:
        return list(range(self.partitions(topic)))

    def produce(self, batches: Mapping[TopicPartition, bytes], deadline: float) -> dict[TopicPartition, Any]:
        if not batches:
            return {}
        self.sent.append(list(batches))
        self.now[0] += 0.001
        return dict.fromkeys(batches, self.answer.pop(0) if self.answer else None)

    def wait(self, deadline: float) -> bool:
        self.now[0] = max(self.now[0], deadline)
        return True

    def ask(self, deadline: float) -> bool:
        return not self.answer

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def now() -> list[float]:
    return [100.0]


@pytest.fixture
def clients(now: list[float]) -> list[Client]:
    return []


@pytest.fixture
def producer(now: list[float], clients: list[Client]) -> KafkaProducer:
    def build() -> Any:
        clients.append(Client(now))
        return clients[-1]

    return KafkaProducer(KafkaSettings(bootstrap_servers=("h:1",)), "c", build=build, clock=lambda: now[0])


def test_what_a_broker_refuses_for_now_is_sent_again_until_the_time_is_up(
    producer: KafkaProducer, clients: list[Client], now: list[float]
) -> None:
    assert producer.publish_all([RECORD]) == [None]
    clients[0].answer = [errors.NotLeaderForPartitionError(), errors.NotEnoughReplicasError()]
    assert producer.publish_all([RECORD]) == [None]
    clients[0].answer = [errors.NotEnoughReplicasError()] * 1_000
    begun = now[0]
    [outcome] = producer.publish_all([RECORD], timeout=2.0)
    assert isinstance(outcome, NotPublished)
    assert str(outcome) == "NotEnoughReplicasError"
    assert 2.0 <= now[0] - begun < 2.1


def test_one_record_raises_what_became_of_it(producer: KafkaProducer, clients: list[Client]) -> None:
    producer.publish(*RECORD)
    clients[0].answer = [errors.MessageSizeTooLargeError()]
    with pytest.raises(RefusedForGood, match="MessageSizeTooLargeError"):
        producer.publish(*RECORD)
    clients[0].topics["t"] = errors.TopicAuthorizationFailedError("t")
    # A right can be given back
    with pytest.raises(NotPublished, match="TopicAuthorizationFailedError"):
        producer.publish(*RECORD)


def test_a_client_through_which_nothing_gets_is_replaced(
    producer: KafkaProducer, clients: list[Client], now: list[float]
) -> None:
    assert producer.publish_all([RECORD]) == [None]
    now[0] += MIN_AGE
    clients[0].topics.clear()
    producer.publish_all([RECORD])
    assert not clients[0].closed, "once may happen"
    producer.publish_all([RECORD])
    assert clients[0].closed
    assert producer.publish_all([RECORD]) == [None]
    # And not again at once: Kafka may just be down
    clients[1].topics.clear()
    producer.publish_all([RECORD], timeout=0.1)
    producer.publish_all([RECORD], timeout=0.1)
    assert len(clients) == 2


def test_a_client_that_is_answered_is_kept(producer: KafkaProducer, clients: list[Client], now: list[float]) -> None:
    producer.publish_all([RECORD])
    now[0] += MIN_AGE
    for answer in (None, errors.MessageSizeTooLargeError(), None):
        clients[0].topics.clear()
        producer.publish_all([RECORD], timeout=0.1)
        clients[0].topics["t"] = 1
        clients[0].answer = [answer]
        producer.publish_all([RECORD], timeout=0.1)
    assert len(clients) == 1


def test_a_client_that_has_given_up_is_replaced_at_once(producer: KafkaProducer, clients: list[Client]) -> None:
    producer.publish_all([RECORD])
    clients[0].is_dead = True
    assert producer.publish_all([RECORD]) == [None]
    assert clients[0].closed
    assert len(clients) == 2


def test_who_does_not_get_a_turn_has_published_nothing(producer: KafkaProducer, clients: list[Client]) -> None:
    inside, go_on = threading.Event(), threading.Event()
    producer.publish_all([RECORD])

    def produce(batches: Any, deadline: float) -> Any:
        inside.set()
        assert go_on.wait(10)
        return dict.fromkeys(batches)

    clients[0].produce = produce  # type: ignore[method-assign]
    outcomes: list[Any] = []
    first = threading.Thread(target=lambda: outcomes.extend(producer.publish_all([RECORD])))
    first.start()
    assert inside.wait(10)
    assert [type(outcome) for outcome in producer.publish_all([RECORD], timeout=0.01)] == [NotPublished]
    go_on.set()
    first.join(10)
    assert outcomes == [None]
    producer.close()
    assert clients[0].closed


def test_nothing_to_publish_is_nothing_done(producer: KafkaProducer) -> None:
    assert producer.publish_all([]) == []
