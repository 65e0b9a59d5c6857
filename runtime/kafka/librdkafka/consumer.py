"""The Consumer on librdkafka, by confluent_kafka's public calls.

librdkafka fetches in threads of its own and keeps what it has fetched in a queue, with all that it has to tell. So:

- It is told to fetch a partition only once `seek` has said from where: it is a member of the group with all of the
  partitions, of which it is assigned those that are in place. A seek, a hold or a batch that it cannot read has all of
  them assigned anew, each from where it stands, at the next poll. Its queue is purged by that.
- A pause leaves the queue as it is: a poll has to take something of it, for what librdkafka has to tell stands behind
  it, and keeps that for later. Only where the pause goes on is librdkafka paused, which throws its queue away.
"""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from confluent_kafka import Consumer as Client
from confluent_kafka import KafkaError, KafkaException, Message, TopicPartition
from kafka import errors

from runtime import logs
from runtime.connections import KafkaSettings
from runtime.kafka.consumer import AccessWithdrawn, Bounds, Identity, Partition, RebalanceListener, Record
from runtime.kafka.internals.batches import POLL_BYTES
from runtime.kafka.librdkafka.arrivals import Arrivals
from runtime.kafka.librdkafka.cluster import ClusterFacts
from runtime.kafka.librdkafka.connection import client_settings, created, note_error
from runtime.kafka.librdkafka.refusals import refusal_of
from runtime.kafka.librdkafka.stalls import Stalls
from runtime.kafka.librdkafka.unreadable import read_from

log = logs.logger("runtime.kafka.librdkafka.consumer")

#: Messages that polls have taken during a pause, from which on librdkafka itself is paused.
BUFFERED = 20
#: Seconds between two tries to fetch what Kafka did not allow, or what nobody could read.
RETRY = 2.0
#: Where a refusal stands that is of no topic.
_NO_TOPIC = ""


class LibrdkafkaConsumer:
    """The Consumer on librdkafka."""

    def __init__(
        self,
        settings: KafkaSettings,
        client_id: str,
        group: str,
        *,
        max_records: int = 2000,
        session_timeout: float = 15.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._client_id = client_id
        self._max_records = max_records
        self._clock = clock
        self._cluster = ClusterFacts(settings, client_id)
        made = consumer_settings(settings, client_id, group, session_timeout=session_timeout)
        callbacks = {"error_cb": self._note_error, "stats_cb": self._note_statistics, "on_commit": _mirrored}
        self._client: Any = created(Client, made | callbacks)
        self._arrivals = Arrivals(self._read_on)
        self._stalls = Stalls()
        self._buffered: deque[Message] = deque()  #: taken from the queue, and not looked at yet
        self._listener: RebalanceListener | None = None
        self._is_paused = False
        self._is_client_paused = False
        self._retry_at = 0.0
        self._not_before = 0.0  #: when librdkafka may try again what nobody could read
        self._refused: dict[str, Exception] = {}  #: by topic
        self._owned: frozenset[Partition] = frozenset()
        self._tell_refusal_at = 0.0
        self._was_let_in = False
        self._has_coordinator = False

    def subscribe(self, topics: Sequence[str], listener: RebalanceListener) -> None:
        self._listener = listener
        self._cluster.watch(topics)
        self._client.subscribe(list(topics), on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._revoked)

    def poll(self, timeout: float) -> list[Record]:
        if self._cluster.refresh() and isinstance(self._refused.get(_NO_TOPIC), errors.SaslAuthenticationFailedError):
            del self._refused[_NO_TOPIC]  # another connection was let in
        if self._clock() >= self._tell_refusal_at:  # whatever else arrives
            self._check_access()
        self._tell_what_to_fetch()
        found = self._paused(timeout) if self._is_paused else self._fetched(timeout)
        for topic in self._arrivals.heard_of:
            self._refused.pop(topic, None)
        self._arrivals.heard_of.clear()
        if not found:
            self._check_access()
        return found

    def seek(self, partition: Partition, offset: int) -> None:
        self._arrivals.begin(partition, offset)

    def pause(self) -> None:
        self._is_paused = True

    def resume(self) -> None:
        self._is_paused = False

    def hold(self, partition: Partition) -> None:
        self._arrivals.end([partition])

    def reachable(self) -> bool:
        return self._has_coordinator

    def identity(self, topics: Iterable[str]) -> Identity:
        return self._cluster.identity(topics)

    def topic_id(self, topic: str) -> UUID | None:
        return self._cluster.topic_id(topic)

    def lacks(self, topic: str) -> bool:
        return self._cluster.lacks(topic)

    def bounds(self, partitions: Collection[Partition]) -> dict[Partition, Bounds]:
        return self._cluster.bounds(partitions)

    def position(self, partition: Partition) -> int | None:
        return self._arrivals.position(partition)

    def mirror(self, offsets: Mapping[Partition, int]) -> None:
        try:
            self._client.commit(offsets=_committed(offsets), asynchronous=True)
        except KafkaException as error:
            log.info("mirror_failed", error=error.args[0].name())

    def mirror_now(self, offsets: Mapping[Partition, int], timeout: float) -> bool:
        """By reading it back: a commit that waits has no time limit, and one that does not is answered in a poll."""
        if not offsets:
            return True
        self.mirror(offsets)
        try:
            found = self._client.committed([TopicPartition(*partition) for partition in offsets], timeout=timeout)
        except KafkaException as error:
            log.info("mirror_failed", error=error.args[0].name())
            return False
        return {Partition(at.topic, at.partition): at.offset for at in found} == dict(offsets)

    def close(self, timeout: float) -> None:
        """In a thread of its own, which has no time limit: it is left alone where it takes longer."""
        closing = threading.Thread(target=self._close, name="kafka-consumer-close", daemon=True)
        closing.start()
        closing.join(timeout)
        if closing.is_alive():
            log.info("consumer_closed_uncleanly", error="no answer in time")
            self._lose_all()

    def _close(self) -> None:
        try:
            self._client.close()
        except (KafkaException, RuntimeError) as error:
            log.info("consumer_closed_uncleanly", error=type(error).__name__)
        self._cluster.close()

    # What is fetched.

    def _tell_what_to_fetch(self) -> None:
        if self._refused and self._arrivals.positions() and self._clock() >= self._retry_at:
            self._retry_at = self._clock() + RETRY
            self._arrivals.is_due = True  # librdkafka tells a refusal once; asked anew, it tells how things are
        if not self._arrivals.is_due or self._clock() < self._not_before:
            return
        self._buffered.clear()
        self._client.assign(self._arrivals.to_fetch())
        self._is_client_paused = False  # what is assigned anew is not
        self._arrivals.restarted()

    def _fetched(self, timeout: float) -> list[Record]:
        """As much as there is, up to a number of records and of bytes; waits for the first message only."""
        if self._is_client_paused:
            self._client.resume(self._client.assignment())
            self._is_client_paused = False
        self._arrivals.check()
        messages: Collection[Message] = tuple(self._buffered) or self._client.consume(1, timeout)
        self._buffered.clear()
        found: list[Record] = []
        left, largest = POLL_BYTES, 1
        while messages:
            before = len(found)
            self._arrivals.take(messages, found, self._heed)
            sizes = [len(record.key or b"") + len(record.value or b"") for record in found[before:]]
            left, largest = left - sum(sizes), max(largest, *sizes, 1)
            room = self._max_records - len(found)
            if left <= 0 or room <= 0:
                break
            messages = self._client.consume(min(room, max(1, left // largest)), 0)
        for partition in self._stalls.found(self._arrivals.positions()):
            self._arrivals.read_past(partition, found)
        if not found:
            self._arrivals.check()
        return found

    def _paused(self, timeout: float) -> list[Record]:
        """Nothing, and nothing is raised about places in a log either: that comes with the records."""
        self._buffered.extend(self._client.consume(1, timeout))
        if len(self._buffered) >= BUFFERED and not self._is_client_paused:
            self._client.pause(self._client.assignment())
            self._is_client_paused = True
        return []

    def _read_on(self, partition: Partition, offset: int) -> tuple[list[Record], int]:
        records, position = read_from(self._settings, self._client_id, partition, offset)
        if position == offset:
            self._not_before = self._clock() + RETRY
        return records, position

    # What librdkafka tells, within its calls.

    def _assigned(self, client: Any, assigned: Iterable[TopicPartition]) -> None:
        self._arrivals.clear()
        client.assign([])  # a member with all of them, of which nothing is fetched before it is sought
        self._owned = frozenset(Partition(place.topic, place.partition) for place in assigned)
        self._was_let_in = self._has_coordinator = True
        self._refused.clear()
        if self._listener is not None:
            self._listener.assigned(self._owned)

    def _revoked(self, client: Any, _revoked: object) -> None:
        self._lose_all()  # before the call below: the group waits for it
        client.unassign()

    def _lose_all(self) -> None:
        self._arrivals.clear()
        lost, self._owned = self._owned, frozenset()
        if lost and self._listener is not None:  # the first join revokes nothing
            self._listener.revoked(lost)

    def _heed(self, message: Message) -> None:
        """An error that is about no place in a log."""
        error: Any = message.error()
        self._note(error, message.topic() or _NO_TOPIC)

    def _note_error(self, error: KafkaError) -> None:
        self._note(error, _NO_TOPIC)

    def _note(self, error: KafkaError, topic: str) -> None:
        if error.fatal():
            raise errors.KafkaError(error.name())
        if (refusal := refusal_of(error)) is not None:
            self._refused[topic] = refusal
            self._retry_at = self._clock() + RETRY
        elif error.code() == KafkaError._ALL_BROKERS_DOWN:
            self._has_coordinator = False
        elif topic:
            self._cluster.look_soon()  # it may be made anew
        note_error(error)

    def _note_statistics(self, text: str) -> None:
        statistics = json.loads(text)
        self._has_coordinator = statistics.get("cgrp", {}).get("state") == "up"
        self._stalls.read(statistics)

    def _check_access(self) -> None:
        for refusal in self._refused.values():
            self._tell_refusal_at = self._clock() + RETRY
            if not self._was_let_in:
                raise refusal
            raise AccessWithdrawn(type(refusal).__name__)


def _committed(offsets: Mapping[Partition, int]) -> list[TopicPartition]:
    return [TopicPartition(*partition, offset=offset) for partition, offset in offsets.items()]


def _mirrored(error: KafkaError | None, _offsets: object) -> None:
    if error is not None:  # a rebalance under way, say
        log.info("mirror_failed", error=error.name())


def consumer_settings(settings: KafkaSettings, client_id: str, group: str, *, session_timeout: float) -> dict[str, Any]:
    """Every setting of librdkafka's that we rely on, made explicit. `session_timeout` in seconds."""
    return client_settings(settings, client_id) | {
        "group.id": group,
        "group.protocol": "classic",
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "auto.offset.reset": "error",  # where a log lacks our position, people decide, not the client
        "isolation.level": "read_committed",
        "allow.auto.create.topics": False,
        # The eager protocol and ranges: partition n of every topic goes to the same member, a contact with it.
        "partition.assignment.strategy": "range",
        "enable.partition.eof": True,  # the only sign that marks of transactions were passed over
        "fetch.min.bytes": 1,
        "fetch.wait.max.ms": 500,
        "fetch.max.bytes": 8 * 1024 * 1024,
        "max.partition.fetch.bytes": 1024 * 1024,
        # Also the most that a zstd batch may decompress to; what is larger is read by kafka-python, within its bound.
        "receive.message.max.bytes": 16 * 1024 * 1024,
        "queued.max.messages.kbytes": 8 * 1024,
        "fetch.queue.backoff.ms": 10,  # 1,000 by default: how long nothing is fetched once the queue was full
        "fetch.error.backoff.ms": 100,
        "check.crcs": True,
        "session.timeout.ms": int(session_timeout * 1000),
        "heartbeat.interval.ms": min(3_000, int(session_timeout * 1000 / 4)),
        # Also how long others wait for a member that does not join.
        "max.poll.interval.ms": 60_000,
        "topic.metadata.refresh.interval.ms": 30_000,  # how long a new topic, or one made anew, may go unseen
        "metadata.max.age.ms": 90_000,
        "statistics.interval.ms": 1_000,  # says whether the group's coordinator answers, and what stalls
    }
