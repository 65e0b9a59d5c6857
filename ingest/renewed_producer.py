"""A producer that is replaced when nothing gets through any more.

kafka-python's has wedged for ever in some states (FACTS, "Kafka from Python"), and from outside that looks like an
outage. So after some rounds in a row without a single answer the client is built anew, at most once in a while.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from runtime import metrics
from runtime.kafka.producer import NotPublished, OutgoingRecord, RefusedForGood
from runtime.logs import logger

log = logger("ingest.renewed_producer")

#: Rounds in a row without an answer, and seconds since the client was built, before it is replaced.
SILENT_ROUNDS = 2
MIN_AGE = 5.0


class BulkProducer(Protocol):
    """The part of a producer that publisher and replayer use."""

    def publish_all(
        self, records: Sequence[OutgoingRecord], *, timeout: float = 2.0
    ) -> list[NotPublished | RefusedForGood | None]:
        """See runtime.kafka.producer.Producer."""


class Client(BulkProducer, Protocol):
    """The part that is used here."""

    def knows(self, topic: str) -> bool:
        """Whether a broker has told of `topic`."""

    def close(self, timeout: float = 2.0) -> None:
        """Stop; never raises."""


class RenewedProducer:
    """Publishes through a client that it replaces when that has gone silent. For any number of threads."""

    def __init__(self, build: Callable[[], Client], clock: Callable[[], float] = time.monotonic) -> None:
        """`build` makes a client; it is called here first."""
        self._build = build
        self._clock = clock
        self._lock = threading.Lock()
        self._client = build()
        self._built_at = clock()
        self._silent_rounds = 0

    def publish_all(
        self, records: Sequence[OutgoingRecord], *, timeout: float = 2.0
    ) -> list[NotPublished | RefusedForGood | None]:
        """See runtime.kafka.producer.Producer."""
        client = self._client
        outcomes = client.publish_all(records, timeout=timeout)
        if any(not isinstance(outcome, NotPublished) for outcome in outcomes):
            self._silent_rounds = 0
        elif records:
            self._silent(client)
        return outcomes

    def knows(self, topic: str) -> bool:
        """Whether a broker has told of `topic`; asks, and waits at most 2 s, when none has."""
        client = self._client
        known = client.knows(topic)
        if not known:
            self._silent(client)
        return known

    def close(self, timeout: float = 2.0) -> None:
        """Stop; never raises."""
        self._client.close(timeout)

    def _silent(self, client: Client) -> None:
        with self._lock:
            self._silent_rounds += 1
            young = self._clock() - self._built_at < MIN_AGE
            if client is not self._client or young or self._silent_rounds < SILENT_ROUNDS:
                return
            self._client = self._build()
            self._built_at = self._clock()
            self._silent_rounds = 0
        log.warning("producer_renewed")
        metrics.PRODUCERS_RENEWED.inc()
        # Closing waits for what is on its way, which nobody waits for any more.
        threading.Thread(target=client.close, args=(0.1,), name="closing-producer", daemon=True).start()
