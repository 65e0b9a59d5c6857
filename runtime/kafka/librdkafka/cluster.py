"""What Kafka's cluster answers beside a consumer: its id, the topics' ids, where logs begin and end."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import Future, wait
from typing import Any
from uuid import UUID

from confluent_kafka import IsolationLevel, KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin import OffsetSpec as UntypedOffsetSpec  # type: ignore[attr-defined] # as documented

from runtime.connections import KafkaSettings
from runtime.kafka.consumer import ASK_TIMEOUT, Bounds, Identity, Partition, Unanswered
from runtime.kafka.librdkafka.connection import client_settings, created

_OFFSETS: Any = UntypedOffsetSpec

#: Seconds between two looks at the topics: how long one made anew may go unseen.
REFRESH = 30.0
#: Seconds until the next look where the last had no answer.
RETRY = 1.0


class ClusterFacts:
    """Asks by connections of its own, and remembers the topics' ids. Used by one thread."""

    def __init__(self, settings: KafkaSettings, client_id: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._admin: Any = created(AdminClient, client_settings(settings, client_id))
        self._clock = clock
        self._subscribed: tuple[str, ...] = ()
        self._ids: dict[str, UUID | None] = {}  #: as last told; None: there is no such topic
        self._pending: dict[str, Future[Any]] = {}
        self._look_at = 0.0

    def close(self) -> None:
        """Let go of the connections; nothing is asked any more."""
        self._subscribed, self._pending, self._admin = (), {}, None

    def watch(self, topics: Iterable[str]) -> None:
        """Keep the ids of `topics` up to date from now on."""
        self._subscribed, self._look_at = tuple(topics), 0.0

    def topic_id(self, topic: str) -> UUID | None:
        """The topic's id as last told."""
        return self._ids.get(topic)

    def lacks(self, topic: str) -> bool:
        """Whether the last answer had no topic of this name."""
        return topic in self._ids and self._ids[topic] is None

    def look_soon(self) -> None:
        """Something says that a topic is not the one that it was."""
        self._look_at = 0.0

    def refresh(self) -> bool:
        """Take the answer to the question that is under way, and ask the next when it is due; never waits.

        Whether Kafka has answered since the last call.
        """
        self._admin.poll(0)  # its log
        has_answered = False
        if self._pending and all(future.done() for future in self._pending.values()):
            pending, self._pending = self._pending, {}
            try:
                self._learn(pending, 0)
                has_answered = True
            except Unanswered:
                self._look_at = self._clock() + RETRY
        if self._subscribed and not self._pending and self._clock() >= self._look_at:
            self._look_at = self._clock() + REFRESH
            self._pending = self._describe(self._subscribed)
        return has_answered

    def identity(self, topics: Iterable[str]) -> Identity:
        """Which cluster this is, and which of `topics` it has. Raises Unanswered."""
        listed = list(topics)
        cluster = self._admin.describe_cluster(request_timeout=ASK_TIMEOUT)
        self._learn(self._describe({*listed, *self._subscribed}), ASK_TIMEOUT)
        cluster_id = _answer(cluster, ASK_TIMEOUT).cluster_id
        if cluster_id is None:
            raise Unanswered("no cluster id yet")
        known = {topic: self.topic_id(topic) for topic in listed}
        return Identity(cluster_id, {topic: found for topic, found in known.items() if found is not None})

    def bounds(self, partitions: Collection[Partition]) -> dict[Partition, Bounds]:
        """Where each log begins, and ends for who reads committed records. Raises Unanswered."""
        if not partitions:
            return {}
        begins = self._offsets(partitions, _OFFSETS.earliest())
        ends = self._offsets(partitions, _OFFSETS.latest())
        return {partition: Bounds(begins[partition], ends[partition]) for partition in partitions}

    def _offsets(self, partitions: Iterable[Partition], which: Any) -> dict[Partition, int]:
        answers = self._admin.list_offsets(
            {TopicPartition(*partition): which for partition in partitions},
            isolation_level=IsolationLevel.READ_COMMITTED,  # nobody reads past an open transaction
            request_timeout=ASK_TIMEOUT,
        )
        return {
            Partition(place.topic, place.partition): _answer(future, ASK_TIMEOUT).offset
            for place, future in answers.items()
        }

    def _describe(self, topics: Iterable[str]) -> dict[str, Future[Any]]:
        names = sorted(topics)
        return self._admin.describe_topics(TopicCollection(names), request_timeout=ASK_TIMEOUT) if names else {}

    def _learn(self, answers: Mapping[str, Future[Any]], timeout: float) -> None:
        wait(answers.values(), timeout)
        found: dict[str, UUID | None] = {}
        for topic, future in answers.items():
            try:
                found[topic] = _uuid(future.result(0).topic_id)
            except KafkaException as error:
                if error.args[0].code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
                    raise Unanswered(error.args[0].name()) from None
                found[topic] = None
            except TimeoutError:
                raise Unanswered("no answer in time") from None
        self._ids |= found


def _answer(future: Future[Any], timeout: float) -> Any:
    try:
        return future.result(timeout)
    except KafkaException as error:
        raise Unanswered(error.args[0].name()) from None
    except TimeoutError:
        raise Unanswered("no answer in time") from None


def _uuid(topic_id: Any) -> UUID:
    return UUID(bytes=base64.b64decode(f"{topic_id}==", altchars=b"-_"))
