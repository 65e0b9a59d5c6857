"""Publishing to Kafka, and waiting for its answer: a group of records is one request to each broker.

kafka-python keeps the connections, the metadata, TLS and SASL; its `KafkaProducer` we do not use. That one is made
for records that come one by one: for each of them a future, a look at every partition, a wake-up of its sender's
thread. Ours come in groups whose threads wait for the answer, so a group is encoded as it stands, sent by the thread
that brings it, and answered as a whole (docs/decisions/0008). Nothing is kept between two calls, so nothing can wedge,
as kafka-python's idempotent producer does for ever after one delivery time-out (docs/kafka-python.md).

acks=all, no idempotence: a record that was not confirmed may have arrived all the same. Duplicates in the log are
normal, duplicates in effect are prevented by whoever reads.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from itertools import count
from typing import Protocol

from kafka.errors import KafkaError

from runtime.connections import KafkaSettings
from runtime.kafka.group import NotPublished, Outcome, OutgoingRecord, RecordGroup, RefusedForGood, TooLarge, failure_of
from runtime.kafka.internals.produce_client import ProduceClient, produce_settings
from runtime.kafka.turns import ClientInTurns
from runtime.logs import logger
from schemas.cloudevents import Headers

__all__ = ["KafkaProducer", "NotPublished", "Outcome", "OutgoingRecord", "Producer", "RefusedForGood", "TooLarge"]

log = logger("runtime.kafka.producer")

#: Seconds between two tries of what a broker refused for now, or of what nobody has told about yet.
BACKOFF = 0.05
#: Seconds that a broker gets to say that it is there.
ANSWER_TIMEOUT = 2.0
#: Groups in a row without a single answer, and seconds since the client was made, before it is replaced: from outside
#: a client that has wedged looks like an outage.
SILENT_GROUPS = 2
MIN_AGE = 5.0


class BulkProducer(Protocol):
    """Publishes records in groups, from any number of threads."""

    def publish_all(self, records: Sequence[OutgoingRecord], *, timeout: float = 2.0) -> list[Outcome]:
        """The outcome of each record: None once every in-sync replica has it. `timeout` in seconds for all.

        Where one is not confirmed, none behind it on its partition has been sent.
        """


class Producer(BulkProducer, Protocol):
    """The same, with what single records need."""

    def publish(self, topic: str, key: bytes | None, value: bytes, headers: Headers, *, timeout: float = 2.0) -> None:
        """Return once every in-sync replica has the record. `timeout` in seconds.

        Raises NotPublished when that is not known within `timeout`, RefusedForGood when it never will be.
        """

    def close(self, timeout: float = 2.0) -> None:
        """Stop; never raises, whatever state Kafka is in."""


class KafkaProducer:
    """The Producer on kafka-python's connections. It has no thread: whoever publishes does the work, in turns."""

    def __init__(
        self,
        settings: KafkaSettings,
        client_id: str,
        *,
        build: Callable[[], ProduceClient] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`build` makes a client, when there is something to publish; `clock` as time.monotonic."""
        build = build or (lambda: ProduceClient(produce_settings(settings, client_id)))
        self._clients = ClientInTurns(
            lambda: self._made(build), lambda client: client.close(), lambda client: client.is_dead
        )
        self._clock = clock
        self._made_at = 0.0
        self._silent = 0
        self._round_robin = count()

    def publish(self, topic: str, key: bytes | None, value: bytes, headers: Headers, *, timeout: float = 2.0) -> None:
        [outcome] = self.publish_all([OutgoingRecord(topic, key, value, headers)], timeout=timeout)
        if outcome is not None:
            raise outcome

    def publish_all(self, records: Sequence[OutgoingRecord], *, timeout: float = 2.0) -> list[Outcome]:
        group = RecordGroup(records)
        deadline = self._clock() + timeout
        with self._clients.turn(timeout) as client:
            if client is not None and records:
                while not group.is_done and self._advance(client, group, deadline):
                    continue
                self._judge(group)
        return group.outcomes

    def answers(self) -> bool:
        """Whether a broker does; waits at most ANSWER_TIMEOUT."""
        deadline = self._clock() + ANSWER_TIMEOUT
        with self._clients.turn(ANSWER_TIMEOUT) as client:
            return client is not None and client.ask(deadline)

    def close(self, timeout: float = 2.0) -> None:
        self._clients.close(timeout)

    def _made(self, build: Callable[[], ProduceClient]) -> ProduceClient:
        self._made_at = self._clock()
        return build()

    def _advance(self, client: ProduceClient, group: RecordGroup, deadline: float) -> bool:
        """Send what can be sent now; whether there is time for more."""
        for topic in group.unplaced_topics():
            try:
                self._place(client, group, topic)
            except KafkaError as refusal:
                group.refuse(topic, failure_of(refusal))
        answers = client.produce(group.heads(), deadline)
        for place, error in answers.items():
            group.answered(place, error)
        if not answers or any(error is not None for error in answers.values()):
            client.wait(min(deadline, self._clock() + BACKOFF))
        return self._clock() < deadline

    def _place(self, client: ProduceClient, group: RecordGroup, topic: str) -> None:
        """Give the records of `topic` their partitions, if they are known. Raises KafkaError if they never will be."""
        partitions = client.partitions(topic)
        if partitions:
            group.place(topic, partitions, lambda: self._any_of(client.leaders(topic) or range(partitions)))

    def _any_of(self, partitions: Sequence[int]) -> int:
        return partitions[next(self._round_robin) % len(partitions)]

    def _judge(self, group: RecordGroup) -> None:
        """Replace a client through which nothing gets any more."""
        self._silent = 0 if group.was_answered else self._silent + 1
        if self._silent >= SILENT_GROUPS and self._clock() - self._made_at >= MIN_AGE:
            self._clients.replace()
            self._silent = 0
