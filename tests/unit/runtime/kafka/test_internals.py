"""What runtime/kafka/internals uses of kafka-python's inside is still what was read when it was written."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from kafka import KafkaAdminClient, KafkaConsumer
from kafka.cluster import ClusterMetadata
from kafka.consumer.fetcher import Fetcher
from kafka.consumer.subscription_state import SubscriptionState, TopicPartitionState
from kafka.coordinator.base import BaseCoordinator
from kafka.coordinator.consumer import ConsumerCoordinator
from kafka.net import KafkaNetSocket
from kafka.net.inet import create_connection
from kafka.net.manager import KafkaConnectionManager
from kafka.net.selector import NetworkSelector
from kafka.partitioner.default import murmur2
from kafka.record.default_records import DefaultRecordBatch, DefaultRecordBatchBuilder
from kafka.record.memory_records import MemoryRecords
from kafka.structs import TopicPartition

from runtime.connections import KafkaSettings
from runtime.kafka.consumer import consumer_settings
from runtime.kafka.internals.batches import POLL_BYTES, read_whatever_comes
from runtime.kafka.internals.membership import Membership
from tests.twins.library_source import changed


@pytest.fixture
def client() -> Iterator[Any]:
    """A consumer whose broker does not answer; what it knows of the cluster is what a test gives it."""
    settings = KafkaSettings(bootstrap_servers=("127.0.0.1:1",))
    made: Any = KafkaConsumer(**consumer_settings(settings, "test", "test", max_records=1, session_timeout=6.0))
    yield made
    made.close(autocommit=False, timeout_ms=0)


def test_the_code_that_is_relied_upon_is_the_code_that_was_read() -> None:
    """Where this fails: read what has changed, see that the adapter's docstring is still true, then set the digest."""
    known = {
        # membership.py
        BaseCoordinator.coordinator_unknown: "a0377fd076dc",
        BaseCoordinator.request_rejoin: "1101ff002176",
        ConsumerCoordinator.need_rejoin: "6b6fbd07f4a9",
        ConsumerCoordinator.poll: "2ca0467dc8be",
        ClusterMetadata.request_update: "f0faafb8bf00",
        ClusterMetadata.topic_id: "927bdc3a8655",
        NetworkSelector.run: "45d896a09c5e",
        KafkaConnectionManager.wait_for: "e98513f1237a",
        TopicPartitionState: "73b20cce3a74",
        # batches.py
        Fetcher._append: "6c11fd0f22b8",
        Fetcher.PartitionRecords: "a4b7821e6eb9",
        DefaultRecordBatch: "ac238a28b9a9",
        MemoryRecords.next_batch: "24f053dd71c6",
        # encoding.py
        DefaultRecordBatchBuilder: "639ae9a49c7a",
        murmur2: "f957d246a9ae",
        # direct_socket.py
        KafkaNetSocket: "eef303341533",
        create_connection: "8ed0fae6daa9",
        # admin_client.py
        KafkaAdminClient.__init__: "15c689b9b01b",
        KafkaAdminClient.close: "a8532d3b496b",
        # produce_client.py
        KafkaConnectionManager.send: "57feebdc47fd",
        KafkaConnectionManager.close: "6d23eb590039",
        KafkaConnectionManager.bootstrap_async: "8e3aaa28f80a",
        NetworkSelector.poll: "9b7df2155b09",
        ClusterMetadata.refresh_metadata: "fb19c3b52d45",
        ClusterMetadata.add_topic: "eb0fc080954a",
        ClusterMetadata.leader_for_partition: "9d7659409f82",
    }
    assert changed(known) == {}


def test_a_consumer_has_what_the_membership_looks_at(client: Any) -> None:
    membership = Membership(client)
    assert not membership.has_coordinator
    assert membership.cluster_id is None
    assert membership.topic_id("sms.messages.v1") is None
    assert isinstance(client._subscription, SubscriptionState)
    assert membership.position(TopicPartition("sms.messages.v1", 0)) is None
    client.assign([TopicPartition("sms.messages.v1", 0)])
    client.seek(TopicPartition("sms.messages.v1", 0), 7)
    assert membership.position(TopicPartition("sms.messages.v1", 0)) == 7


def test_a_consumer_reads_through_the_adapter_of_batches(client: Any) -> None:
    budget = read_whatever_comes(client)
    budget.spend(POLL_BYTES)
    fetcher, records = client._fetcher, SimpleNamespace(next_fetch_offset=0)
    assert isinstance(fetcher, Fetcher)
    assert fetcher.PartitionRecords.func is not Fetcher.PartitionRecords
    # A partition that is no longer assigned gives nothing, and a spent budget ends the client's loop all the same
    records.topic_partition, records.drain = TopicPartition("sms.messages.v1", 0), lambda: None
    assert fetcher._append({}, records, 5, True) == 5
