"""Making an event durable: Kafka's acks=all, before anybody answers 200."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from runtime import metrics
from runtime.kafka.producer import NotPublished, Producer, RefusedForGood
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
    """The Publisher on Kafka alone."""

    def __init__(self, producer: Producer, codec: Codec, *, timeout: float) -> None:
        """`timeout` in seconds: how long an answer may take."""
        self._producer = producer
        self._codec = codec
        self._timeout = timeout

    def publish(self, event: Event) -> Durability:
        """See Publisher.publish."""
        key = None if event.contact_phone is None else event.contact_phone.encode()
        try:
            self._producer.publish(
                TOPIC_OF[type(event)].name,
                key,
                self._codec.encode(event),
                cloudevents.headers(event),
                timeout=self._timeout,
            )
        except NotPublished as error:
            metrics.PUBLISH_FAILURES.labels("unconfirmed").inc()
            raise Unavailable("kafka_unconfirmed") from error
        except RefusedForGood as error:
            metrics.PUBLISH_FAILURES.labels("refused").inc()
            raise Unavailable("kafka_refused") from error
        return Durability.KAFKA
