"""Joining a group on a real Kafka, where the client's own bookkeeping goes astray."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from uuid import uuid4

import pytest
from kafka import KafkaAdminClient

from runtime.connections import KafkaSettings
from runtime.kafka.connection import client_settings
from runtime.kafka.consumer import KafkaConsumer, Partition
from runtime.kafka.librdkafka.consumer import LibrdkafkaConsumer
from tests.contract.test_consumer import Hearing, until


@pytest.fixture
def admin(kafka_settings: KafkaSettings) -> Iterator[KafkaAdminClient]:
    with closing(KafkaAdminClient(**client_settings(kafka_settings, "test"))) as admin:
        yield admin


def created(admin: KafkaAdminClient, topic: str) -> None:
    """A topic of two partitions, once the broker tells of it."""
    admin.create_topics({topic: {"num_partitions": 2, "replication_factor": 1}})
    admin.wait_for_topics([topic], timeout_ms=120_000)


@pytest.mark.parametrize("client", [KafkaConsumer, LibrdkafkaConsumer])
def test_a_member_that_polls_for_moments_gets_the_partitions_that_were_added(
    kafka_settings: KafkaSettings, admin: KafkaAdminClient, client: type[KafkaConsumer] | type[LibrdkafkaConsumer]
) -> None:
    # Given a member with every partition, and one that it reads
    topic = f"joins-{uuid4().hex}"
    created(admin, topic)
    consumer: Any = client(kafka_settings, "test", f"{topic}-group")
    hearing = Hearing()
    consumer.subscribe([topic], hearing)
    until(lambda: consumer.poll(0.1) or len(hearing.owned) == 2)
    consumer.seek(Partition(topic, 0), 0)
    # When partitions are added, and nobody polls while the client learns of them
    admin.create_partitions({topic: 4})
    learn = consumer._client.list_topics if client is LibrdkafkaConsumer else lambda: consumer.identity([topic])
    for _ in range(10):
        learn()
        time.sleep(0.2)
    # Then polls of a moment each are enough to have them all, and nothing is delivered before a seek
    until(lambda: [learn(), consumer.poll(0.001), len(hearing.owned) == 4][-1])
    assert consumer.position(Partition(topic, 0)) is None
    consumer.close(5)


def test_a_join_that_completes_between_two_polls_is_not_forgotten(
    kafka_settings: KafkaSettings, admin: KafkaAdminClient
) -> None:
    # Given a member with every partition
    topic = f"joins-{uuid4().hex}"
    created(admin, topic)
    consumer, hearing = KafkaConsumer(kafka_settings, "test", f"{topic}-group"), Hearing()
    consumer.subscribe([topic], hearing)
    until(lambda: consumer.poll(0.1) or len(hearing.owned) == 2)
    # When partitions are added, and the join that they cause completes while nobody polls
    admin.create_partitions({topic: 4})
    coordinator = consumer._client._coordinator
    until(lambda: consumer.identity([topic]) and coordinator.need_rejoin())
    consumer._client.poll(timeout_ms=1)
    until(lambda: coordinator._join_task is not None and coordinator._join_task.is_done)
    assert hearing.owned == frozenset()
    assert not coordinator.need_rejoin(), "the client believes that all is well"
    # Then the member has them all the same
    until(lambda: consumer.poll(0.1) or len(hearing.owned) == 4)
    consumer.close(5)
