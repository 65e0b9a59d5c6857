"""Publishing to Kafka, and waiting for its answer.

kafka-python 3.0.12's idempotent producer wedges for ever after one delivery time-out, and one record refused for
good bricks it (FACTS, "Kafka from Python", measured); so: no idempotence, acks=all, one request in flight.
Duplicates in the log are normal, duplicates in effect are prevented by whoever reads.
"""

from __future__ import annotations

import time
from typing import Any, Protocol

from kafka import KafkaProducer as Client
from kafka.errors import (
    InvalidTopicError,
    KafkaError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    TopicAuthorizationFailedError,
)

from runtime.connections import KafkaSettings
from runtime.kafka.connection import client_settings
from schemas.cloudevents import Headers

#: delivery > linger + request, or the client refuses to start.
DELIVERY_TIMEOUT_MS = 2_000
REQUEST_TIMEOUT_MS = 1_500
LINGER_MS = 2

#: A body of 256 KiB as the JSON text of a record, escapes and all, with room to spare.
MAX_REQUEST_BYTES = 2 * 1024 * 1024


class NotPublished(Exception):
    """Keep the record elsewhere or try again: Kafka did not confirm it (it may have taken it all the same)."""


class RefusedForGood(Exception):
    """Set the record aside: Kafka will never take it, whatever happens to the others."""


_FOR_GOOD = (MessageSizeTooLargeError, RecordListTooLargeError, TopicAuthorizationFailedError, InvalidTopicError)


class Producer(Protocol):
    """Publishes records, one call a record, from any number of threads."""

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
        deadline = time.monotonic() + timeout
        try:
            future = self._client.send(topic, key=key, value=value, headers=headers)
            future.get(timeout=max(0.0, deadline - time.monotonic()))
        except _FOR_GOOD as error:
            raise RefusedForGood(type(error).__name__) from None
        except KafkaError as error:
            raise NotPublished(type(error).__name__) from None

    def knows(self, topic: str) -> bool:
        """Whether a broker has told us about `topic`; asks, and waits at most 2 s, when none has."""
        try:
            return bool(self._client.partitions_for(topic))
        except KafkaError:
            return False

    def close(self, timeout: float = 2.0) -> None:
        """See Producer.close. The client's own close raises in an outage, after it has stopped."""
        try:
            self._client.close(timeout=timeout)
        except KafkaError:
            self._client.close(timeout=0, null_logger=True)


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
        "max_block_ms": DELIVERY_TIMEOUT_MS,
        "batch_size": 65_536,
        "max_request_size": MAX_REQUEST_BYTES,
        "compression_type": None,  # so that what ends in a log is what was sent, byte for byte
        "allow_auto_create_topics": False,
        "metadata_max_age_ms": 30_000,
        "metrics_enabled": False,  # the client's own, which nobody reads; ours are in runtime/metrics.py
    }
