"""One life of a client that produces: kafka-python's connections, driven by whoever calls, without a thread."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from kafka import errors
from kafka.errors import KafkaError
from kafka.future import Future
from kafka.net.manager import KafkaConnectionManager
from kafka.net.selector import NetworkSelector
from kafka.protocol.producer import ProduceRequest
from kafka.structs import TopicPartition

from runtime.connections import KafkaSettings
from runtime.kafka.connection import client_settings

#: Milliseconds that a broker has to answer one request, before its connection is given up.
REQUEST_TIMEOUT_MS = 1_500
#: Answer when every in-sync replica has it.
ACKS = -1
#: Newer versions name topics by their ids.
_NEWEST_BY_NAME = 9

_Topic = ProduceRequest.TopicProduceData
_Partition = _Topic.PartitionProduceData


def produce_settings(settings: KafkaSettings, client_id: str) -> dict[str, Any]:
    """Every client setting that we rely on, made explicit."""
    return client_settings(settings, client_id) | {
        "request_timeout_ms": REQUEST_TIMEOUT_MS,
        "metadata_max_age_ms": 30_000,
        # We have one request of ours under way; the others are questions for metadata beside it.
        "max_in_flight_requests_per_connection": 5,
        "socket_connection_setup_timeout_ms": REQUEST_TIMEOUT_MS,
        "socket_connection_setup_timeout_max_ms": REQUEST_TIMEOUT_MS,
    }


class ProduceClient:
    """Used by one thread at a time. Build it in the process that uses it."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._net = NetworkSelector(**settings)
        self._manager = KafkaConnectionManager(self._net, **settings)
        self._cluster = self._manager.cluster
        self._cluster.config["allow_auto_create_topics"] = False
        self._cluster.config["retry_backoff_ms"] = 20
        self._bootstrap = self._manager.bootstrap_async()

    @property
    def is_dead(self) -> bool:
        """Whether it has given up for good: its credentials were refused, say."""
        return bool(self._bootstrap.failed())

    def partitions(self, topic: str) -> int:
        """How many partitions `topic` has; 0: no broker has told yet, and one is being asked.

        Raises KafkaError where Kafka will never tell.
        """
        if topic in self._cluster.unauthorized_topics:
            raise errors.TopicAuthorizationFailedError(topic)
        found = self._cluster.partitions_for_topic(topic)
        if not found:
            try:
                self._cluster.add_topic(topic)
                # Once more each time: an answer that was under way when the topic was added says nothing of it, and
                # kafka-python would ask again after five minutes (its ClusterMetadata.add_topic has a TODO).
                self._cluster.request_update()
            except (TypeError, ValueError) as error:
                raise errors.InvalidTopicError(str(error)) from error
        return len(found or ())

    def leaders(self, topic: str) -> list[int]:
        """The partitions of `topic` that have a leader."""
        return sorted(self._cluster.available_partitions_for_topic(topic) or ())

    def produce(self, batches: Mapping[TopicPartition, bytes], deadline: float) -> dict[TopicPartition, Any]:
        """Send each partition's batch to its leader; the KafkaError that each was answered with, or None.

        Back when all are answered, or at `deadline` (time.monotonic).
        """
        answers: dict[TopicPartition, KafkaError | None] = {}
        by_leader: dict[int, list[TopicPartition]] = defaultdict(list)
        for place in batches:
            leader = self._cluster.leader_for_partition(place)
            if leader is None or leader == -1:
                answers[place] = errors.LeaderNotAvailableError()
            else:
                by_leader[leader].append(place)
        sent = {leader: self._send(leader, places, batches, deadline) for leader, places in by_leader.items()}
        for leader, future in sent.items():
            self._net.poll(timeout_ms=max(0.0, deadline - time.monotonic()) * 1000, future=future)
            answers |= self._read(leader, by_leader[leader], future)
        if any(error is not None for error in answers.values()):
            self._cluster.request_update()
        return answers

    def wait(self, deadline: float) -> bool:
        """Let whatever is under way go on for a while; False where it is past `deadline` (time.monotonic)."""
        self._net.poll(timeout_ms=max(0.0, deadline - time.monotonic()) * 1000)
        return time.monotonic() < deadline

    def ask(self, deadline: float) -> bool:
        """Whether a broker answers, until `deadline` (time.monotonic)."""
        refreshing = self._manager.call_soon(self._refresh)
        self._net.poll(timeout_ms=max(0.0, deadline - time.monotonic()) * 1000, future=refreshing)
        return bool(refreshing.succeeded())

    def close(self) -> None:
        """Let go of every connection; what was not answered stays unknown."""
        self._manager.close()
        self._net.close()

    async def _refresh(self) -> None:
        if not self._bootstrap.is_done:
            await self._bootstrap  # has just refreshed
        else:
            await self._cluster.refresh_metadata()

    def _send(
        self, leader: int, places: list[TopicPartition], batches: Mapping[TopicPartition, bytes], deadline: float
    ) -> Any:
        topics: dict[str, list[Any]] = defaultdict(list)
        for place in places:
            topics[place.topic].append(_Partition(index=place.partition, records=batches[place]))
        timeout = min(REQUEST_TIMEOUT_MS, max(1, int((deadline - time.monotonic()) * 1000)))
        request = ProduceRequest(
            transactional_id=None,
            acks=ACKS,
            timeout_ms=timeout,
            topic_data=[_Topic(name=name, partition_data=partitions) for name, partitions in topics.items()],
            min_version=3,
            max_version=_NEWEST_BY_NAME,
        )
        try:
            return self._manager.send(request, node_id=leader, request_timeout_ms=timeout)
        except KafkaError as error:  # a broker that is gone from the metadata, credentials that were refused
            return Future().failure(error)

    def _read(self, leader: int, places: list[TopicPartition], future: Any) -> dict[TopicPartition, Any]:
        if not future.is_done:
            # Nothing may arrive later than the caller believes, as far as that is in our hands.
            self._manager.close(leader)
            return dict.fromkeys(places, errors.RequestTimedOutError())
        if future.failed():
            failure = future.exception
            return dict.fromkeys(places, failure if isinstance(failure, KafkaError) else errors.KafkaError())
        found: dict[TopicPartition, Any] = {}
        for topic in future.value.responses:
            for partition in topic.partition_responses:
                error = errors.for_code(partition.error_code)
                answer = None if partition.error_code == 0 else error()
                found[TopicPartition(topic.name, partition.index)] = answer
        return {place: found.get(place, errors.UnknownError()) for place in places}
