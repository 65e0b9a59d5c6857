"""Publishing to Kafka, and waiting for its answer.

kafka-python 3.0.12's idempotent producer wedges for ever after one delivery time-out, and one record refused for
good bricks it (FACTS, "Kafka from Python", measured); so: no idempotence, acks=all, one request in flight.
Duplicates in the log are normal, duplicates in effect are prevented by whoever reads.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

from kafka import KafkaProducer as Client
from kafka.errors import (
    InvalidTopicError,
    KafkaError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    TopicAuthorizationFailedError,
)
from kafka.partitioner.default import DefaultPartitioner, murmur2

from runtime.connections import KafkaSettings
from runtime.kafka.connection import client_settings
from runtime.kafka.topics import MAX_LETTER_BYTES
from schemas.cloudevents import Headers

#: delivery > linger + request, or the client refuses to start.
DELIVERY_TIMEOUT_MS = 2_000
REQUEST_TIMEOUT_MS = 1_500
LINGER_MS = 2

#: The largest record that a topic of ours takes is a dead letter (`topics.MAX_LETTER_BYTES`); a little more around it.
MAX_REQUEST_BYTES = MAX_LETTER_BYTES + 64 * 1024


class NotPublished(Exception):
    """Keep the record elsewhere or try again: Kafka did not confirm it (it may have taken it all the same)."""


class RefusedForGood(Exception):
    """Set the record aside: Kafka will never take it, whatever happens to the others."""


_FOR_GOOD = (MessageSizeTooLargeError, RecordListTooLargeError, TopicAuthorizationFailedError, InvalidTopicError)


class OutgoingRecord(NamedTuple):
    """A record on its way to Kafka."""

    topic: str
    key: bytes | None
    value: bytes
    headers: Headers


class Producer(Protocol):
    """Publishes records, from any number of threads."""

    def publish_all(
        self, records: Sequence[OutgoingRecord], *, timeout: float = 2.0
    ) -> list[NotPublished | RefusedForGood | None]:
        """The outcome of each record: None once every in-sync replica has it. `timeout` in seconds for all."""

    def publish(self, topic: str, key: bytes | None, value: bytes, headers: Headers, *, timeout: float = 2.0) -> None:
        """Return once every in-sync replica has the record. `timeout` in seconds.

        Raises NotPublished when that is not known within `timeout`, RefusedForGood when it never will be.
        """

    def close(self, timeout: float = 2.0) -> None:
        """Stop; never raises, whatever state Kafka is in."""


class KafkaProducer:
    """The Producer on kafka-python. Build it in the process that uses it: after a fork it is silently dead."""

    def __init__(self, settings: KafkaSettings, client_id: str) -> None:
        self._client: Any = Client(**producer_settings(settings, client_id))

    def publish(self, topic: str, key: bytes | None, value: bytes, headers: Headers, *, timeout: float = 2.0) -> None:
        """See Producer.publish."""
        [outcome] = self.publish_all([OutgoingRecord(topic, key, value, headers)], timeout=timeout)
        if outcome is not None:
            raise outcome

    def publish_all(
        self, records: Sequence[OutgoingRecord], *, timeout: float = 2.0
    ) -> list[NotPublished | RefusedForGood | None]:
        """See Producer.publish_all.

        All are handed over before any is waited for: the client's sender then sends them in one request, where
        one at a time would wake it, and have it look at every partition, for each.
        """
        deadline = time.monotonic() + timeout
        futures = [self._send(record, deadline) for record in records]
        return [
            future if isinstance(future, NotPublished | RefusedForGood) else outcome_of(future, deadline)
            for future in futures
        ]

    def _send(self, record: OutgoingRecord, deadline: float) -> Any:
        if time.monotonic() > deadline:  # an unknown topic has used up the time
            return NotPublished("KafkaTimeoutError")
        try:
            return self._client.send(record.topic, key=record.key, value=record.value, headers=record.headers)
        except KafkaError as error:
            return failure_of(error)

    def knows(self, topic: str) -> bool:
        """Whether a broker has told us about `topic`; asks, and waits at most 2 s, when none has."""
        try:
            return bool(self._client.partitions_for(topic))
        except KafkaError:
            return False

    def close(self, timeout: float = 2.0) -> None:
        """See Producer.close."""
        close_client(self._client, timeout)


def close_client(client: Any, timeout: float) -> None:
    """Close a kafka-python producer, whatever state Kafka is in.

    Its own close raises where something is still on its way, and then leaves the sender's thread to try for ever
    (kafka-python 3.0.12, `KafkaProducer.close`).
    """
    try:
        client.close(timeout=timeout)
    except KafkaError:
        client._sender.force_close()
        client._sender.join(timeout)


class RememberingPartitioner(DefaultPartitioner):  # type: ignore[misc] # the library has no types
    """Java's murmur2, as everywhere; remembers the hashes of keys, which cost 10 us each in Python."""

    def partition(
        self, topic: str, key: Any, serialized_key: bytes | None, value: Any, serialized_value: bytes, cluster: Any
    ) -> int:
        """The partition of a key, always the same; without a key any one that has a leader."""
        if serialized_key is None:
            return int(super().partition(topic, key, serialized_key, value, serialized_value, cluster))
        return _hash(serialized_key) % len(cluster.partitions_for_topic(topic))


@lru_cache(maxsize=50_000)
def _hash(key: bytes) -> int:
    return int(murmur2(key)) & 0x7FFFFFFF


def outcome_of(future: Any, deadline: float) -> NotPublished | RefusedForGood | None:
    """What became of a record that was handed to the client, at the latest at `deadline` (time.monotonic)."""
    try:
        future.get(timeout=max(0.0, deadline - time.monotonic()))
    except KafkaError as error:
        return failure_of(error)
    return None


def failure_of(error: KafkaError) -> NotPublished | RefusedForGood:
    """What the client's error means to whoever publishes."""
    name = type(error).__name__
    return RefusedForGood(name) if isinstance(error, _FOR_GOOD) else NotPublished(name)


def producer_settings(settings: KafkaSettings, client_id: str) -> dict[str, Any]:
    """Every client setting that we rely on, made explicit."""
    return client_settings(settings, client_id) | {
        "enable_idempotence": False,
        "acks": "all",
        "max_in_flight_requests_per_connection": 1,
        "retries": 2**31,
        "delivery_timeout_ms": DELIVERY_TIMEOUT_MS,
        "request_timeout_ms": REQUEST_TIMEOUT_MS,
        "linger_ms": LINGER_MS,
        "partitioner": RememberingPartitioner(),
        "max_block_ms": DELIVERY_TIMEOUT_MS,
        "batch_size": 65_536,
        "max_request_size": MAX_REQUEST_BYTES,
        "compression_type": None,  # so that what ends in a log is what was sent, byte for byte
        "allow_auto_create_topics": False,
        "metadata_max_age_ms": 30_000,
        "metrics_enabled": False,  # the client's own, which nobody reads; ours are in runtime/metrics.py
    }
