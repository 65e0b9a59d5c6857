"""Publishing by librdkafka: its threads send and ask again, and whoever publishes waits for its reports.

A group of records has one deadline. A client that has not confirmed all of a group by then is replaced, with what it
still had to send: nothing arrives much later than the caller believes, and nothing of an outage is left that could
wedge. Idempotence keeps the order of each partition while five requests are on their way, and what librdkafka sends
again is in the log once.

One thing is weaker than on kafka-python: where a broker refuses a record for a reason that may pass (a right that is
missing, and is given back at that very moment), one behind it on its partition may be taken.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, cast

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka import Producer as Client
from kafka import errors

from runtime.connections import KafkaSettings
from runtime.kafka.group import (
    BATCH_BYTES,
    MAX_RECORD_BYTES,
    NotPublished,
    Outcome,
    OutgoingRecord,
    TooLarge,
    failure_of,
)
from runtime.kafka.librdkafka.connection import client_settings, created
from runtime.kafka.producer import ANSWER_TIMEOUT
from runtime.kafka.turns import ClientInTurns
from runtime.logs import logger
from schemas.cloudevents import Headers

log = logger("runtime.kafka.librdkafka.producer")

#: Milliseconds that librdkafka may try; far beyond the deadline of any group, which replaces the client.
_NEVER = 3_600_000
#: Milliseconds that a broker has to answer one request.
_REQUEST_TIMEOUT_MS = 1_500


class LibrdkafkaProducer:
    """The Producer on librdkafka. Groups go one after the other, each as fast as librdkafka can."""

    def __init__(
        self,
        settings: KafkaSettings,
        client_id: str,
        *,
        build: Callable[[], Client] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`build` makes a client, when there is something to publish; `clock` as time.monotonic."""
        build = build or (lambda: cast("Client", created(Client, producer_settings(settings, client_id))))
        self._clients = ClientInTurns(build, _let_go, lambda _: False)
        self._clock = clock

    def publish(self, topic: str, key: bytes | None, value: bytes, headers: Headers, *, timeout: float = 2.0) -> None:
        [outcome] = self.publish_all([OutgoingRecord(topic, key, value, headers)], timeout=timeout)
        if outcome is not None:
            raise outcome

    def publish_all(self, records: Sequence[OutgoingRecord], *, timeout: float = 2.0) -> list[Outcome]:
        deadline = self._clock() + timeout
        with self._clients.turn(timeout) as client:
            if client is None or not records:
                return [NotPublished(errors.KafkaTimeoutError.__name__) for _ in records]
            group = ReportedGroup(records)
            is_usable = group.send(client, deadline, self._clock) and not group.was_fatal
            if not is_usable:
                self._clients.replace()
            return group.outcomes

    def answers(self) -> bool:
        """Whether a broker does; waits at most ANSWER_TIMEOUT."""
        with self._clients.turn(ANSWER_TIMEOUT) as client:
            if client is None:
                return False
            try:
                client.list_topics(timeout=ANSWER_TIMEOUT)
            except KafkaException as error:
                log.info("no_broker_answers", error=error.args[0].name())
                return False
            return True

    def close(self, timeout: float = 2.0) -> None:
        self._clients.close(timeout)


def _let_go(client: Client) -> None:
    """Forget what it still had to send; its threads end when nobody has it any more."""
    client.purge()
    client.poll(0)


class ReportedGroup:
    """A group of records on its way, and what became of each. Used by one thread."""

    def __init__(self, records: Sequence[OutgoingRecord]) -> None:
        self._records = records
        #: In order; until it is known, that it was not confirmed in time.
        self.outcomes: list[Outcome] = [NotPublished(errors.KafkaTimeoutError.__name__)] * len(records)
        self.was_fatal = False  #: whether the client can do nothing any more
        self._waiting = 0

    def send(self, client: Client, deadline: float, clock: Callable[[], float]) -> bool:
        """Hand all records to `client` and wait for its reports; whether all came before `deadline`."""
        for number, record in enumerate(self._records):
            while not self._hand_over(client, number, record):
                if (left := deadline - clock()) <= 0:
                    return False
                client.poll(left)
        while self._waiting:
            if (left := deadline - clock()) <= 0:
                return False
            client.poll(left)
        return True

    def _hand_over(self, client: Client, number: int, record: OutgoingRecord) -> bool:
        """False where the client's queue is full: wait for a report."""
        if record.size > MAX_RECORD_BYTES:
            self.outcomes[number] = TooLarge(errors.MessageSizeTooLargeError.__name__)
            return True
        try:
            client.produce(
                record.topic,
                record.value,
                record.key,
                headers=list(record.headers),
                on_delivery=partial(self._reported, number),
            )
        except BufferError:
            return False
        except KafkaException as error:
            self._note(number, error.args[0])
        else:
            self._waiting += 1
        return True

    def _reported(self, number: int, error: KafkaError | None, _message: object) -> None:
        self._waiting -= 1
        self._note(number, error)

    def _note(self, number: int, error: KafkaError | None) -> None:
        self.outcomes[number] = None if error is None else _failure(error)
        self.was_fatal |= error is not None and (error.fatal() or error.code() == KafkaError._FATAL)


def _failure(error: KafkaError) -> Outcome:
    """What librdkafka's error means; brokers' errors have the same numbers in both clients, its own are negative."""
    code = error.code()
    return NotPublished(error.name()) if code < 0 else failure_of(errors.for_code(code)())


def producer_settings(settings: KafkaSettings, client_id: str) -> dict[str, Any]:
    """Every client setting that we rely on, made explicit."""
    return client_settings(settings, client_id) | {
        "acks": "all",
        "allow.auto.create.topics": False,
        "enable.idempotence": True,
        "max.in.flight.requests.per.connection": 5,
        "partitioner": "murmur2_random",  # as Java's and ours: a key's records stay on their partition
        "linger.ms": 0,  # a group comes at once
        "batch.size": BATCH_BYTES,
        "message.max.bytes": MAX_RECORD_BYTES + 64 * 1024,  # and its headers
        "message.timeout.ms": _NEVER,
        "request.timeout.ms": _REQUEST_TIMEOUT_MS,
        "socket.timeout.ms": _REQUEST_TIMEOUT_MS + 500,
        "socket.connection.setup.timeout.ms": _REQUEST_TIMEOUT_MS,
        "socket.nagle.disable": True,
        "retry.backoff.ms": 50,
        "retry.backoff.max.ms": 1_000,
        "topic.metadata.refresh.interval.ms": 30_000,
        "queue.buffering.max.kbytes": 64 * 1024,  # a process's memory
    }
