"""Publishing in rounds whose records of one partition arrive together and in order, or not at all.

For whoever must keep an order (the replay of ingest's spool): if one record of a round is not confirmed, none behind it
on its partition can have arrived before it. kafka-python gives that when all of a partition's records stand in one
batch: so nothing is sent until the round is complete (a long linger, and a flush), a round is smaller than a batch,
and a client is thrown away as soon as anything was not confirmed, with whatever it still meant to send.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from kafka import KafkaProducer as KafkaPythonProducer
from kafka.errors import KafkaError

from runtime.connections import KafkaSettings
from runtime.kafka.producer import (
    REQUEST_TIMEOUT_MS,
    NotPublished,
    OutgoingRecord,
    RefusedForGood,
    close_client,
    failure_of,
    outcome_of,
    producer_settings,
)

BATCH_BYTES = 128 * 1024
#: The largest round of more than one record: keys, values, headers, and what Kafka puts around each.
ROUND_BYTES = 96 * 1024
#: Longer than it takes to hand a round over; the flush ends it.
LINGER_MS = 5_000
DELIVERY_TIMEOUT_MS = LINGER_MS + REQUEST_TIMEOUT_MS + 1_000
#: The least time that Kafka gets once a round is handed over, in seconds.
_LEAST_FLUSH = 0.05

Build = Callable[[], Any]


class WholeBatchProducer:
    """Publishes rounds. One thread uses it; a client is made when there is something to publish."""

    def __init__(self, settings: KafkaSettings, client_id: str, build: Build | None = None) -> None:
        """`build` makes a kafka-python producer (in tests)."""
        self._build = build or (lambda: KafkaPythonProducer(**round_settings(settings, client_id)))
        self._client: Any = None

    def publish_all(
        self, records: Sequence[OutgoingRecord], *, timeout: float = 2.0
    ) -> list[NotPublished | RefusedForGood | None]:
        """See Producer.publish_all; several records have ROUND_BYTES at most."""
        deadline = time.monotonic() + timeout
        if self._client is None:
            self._client = self._build()
        futures = [self._hand_over(record, deadline) for record in records]
        with suppress(KafkaError):  # each record's own outcome tells
            self._client.flush(timeout=max(_LEAST_FLUSH, deadline - time.monotonic()))
        outcomes = [
            future if isinstance(future, NotPublished | RefusedForGood) else outcome_of(future, 0.0)
            for future in futures
        ]
        if any(isinstance(outcome, NotPublished) for outcome in outcomes):
            self.close(0.0)
        return outcomes

    def close(self, timeout: float = 2.0) -> None:
        """Let go of the client and of whatever it still meant to send; another is made when it is needed."""
        client, self._client = self._client, None
        if client is not None:
            # On a thread of its own: it waits for a connection that may be dead.
            closing = threading.Thread(
                target=close_client, args=(client, timeout), name="closing-producer", daemon=True
            )
            closing.start()
            closing.join(timeout)

    def _hand_over(self, record: OutgoingRecord, deadline: float) -> Any:
        if time.monotonic() > deadline:  # an unknown topic has used up the time
            return NotPublished("KafkaTimeoutError")
        try:
            return self._client.send(record.topic, key=record.key, value=record.value, headers=record.headers)
        except KafkaError as error:
            return failure_of(error)


def round_settings(settings: KafkaSettings, client_id: str) -> dict[str, Any]:
    """The settings of every producer of ours, but for when it sends."""
    return producer_settings(settings, client_id) | {
        "linger_ms": LINGER_MS,
        "delivery_timeout_ms": DELIVERY_TIMEOUT_MS,
        "batch_size": BATCH_BYTES,
    }
