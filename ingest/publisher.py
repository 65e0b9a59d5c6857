"""Making an event durable: Kafka's acks=all, before anybody answers 200."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

from ingest.group_commit import GroupCommit, NotCommitted
from runtime import metrics
from runtime.kafka.producer import NotPublished, OutgoingRecord, Producer, RefusedForGood
from schemas import cloudevents
from schemas.codec import Codec
from schemas.events import Event
from schemas.topics import TOPIC_OF


class Durability(StrEnum):
    """Where an event is safe: the header `X-Durability`."""

    KAFKA = "kafka"
    SPOOL = "spool"


class Unavailable(Exception):
    """Answer 503 and raise the alarm: nothing can take the event. The argument: a machine code."""


class Publisher(Protocol):
    """Makes events durable."""

    def publish(self, event: Event) -> Durability:
        """Return where `event` is safe, once it is. Raises Unavailable."""


class KafkaPublisher:
    """The Publisher on Kafka alone: the events of all request threads go out in groups."""

    def __init__(self, producer: Producer, codec: Codec, *, timeout: float) -> None:
        """`timeout` in seconds: how long Kafka may take to confirm an event."""
        self._producer = producer
        self._codec = codec
        self._timeout = timeout
        self._group = GroupCommit(self._publish_group)

    def publish(self, event: Event) -> Durability:
        """See Publisher.publish."""
        key = None if event.contact_phone is None else event.contact_phone.encode()
        topic = TOPIC_OF[type(event)].name
        record = OutgoingRecord(topic, key, self._codec.encode(event), cloudevents.headers(event))
        try:
            return self._group.submit(record, timeout=self._timeout)
        except (NotPublished, NotCommitted) as error:
            metrics.PUBLISH_FAILURES.labels("unconfirmed").inc()
            raise Unavailable("kafka_unconfirmed") from error
        except RefusedForGood as error:
            metrics.PUBLISH_FAILURES.labels("refused").inc()
            raise Unavailable("kafka_refused") from error

    def _publish_group(self, records: Sequence[OutgoingRecord]) -> list[Durability | Exception]:
        outcomes = self._producer.publish_all(records, timeout=self._timeout)
        return [Durability.KAFKA if outcome is None else outcome for outcome in outcomes]
