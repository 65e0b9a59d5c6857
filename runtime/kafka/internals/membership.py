"""What a kafka-python consumer knows of its group and of the cluster, and has no public way to tell."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kafka.structs import TopicPartition


class Membership:
    """Of one consumer; used by its thread."""

    def __init__(self, consumer: Any) -> None:
        self._client = consumer
        self._coordinator = consumer._coordinator
        self._cluster = consumer._cluster
        self._refreshed_before = float("inf")  # by the client's clock, in ms: nothing is subscribed to

    def join(self, timeout: float) -> bool:
        """Take part in a rebalance until it is over, for at most `timeout` seconds; whether it is.

        kafka-python 3.0.12 forgets a join that completes between two polls, and begins another: members that poll
        for moments at a time send each other from one rebalance into the next, for minutes (measured). Where the
        partitions of a topic changed it does not even begin another: it believes itself a member, has no partition
        and sends no heartbeat, for ever (fault row K10). So whoever gave partitions back and got none is sent to join.
        """
        if self._coordinator.rejoining:
            self._coordinator.request_rejoin()
        return not self._coordinator.need_rejoin() or bool(self._coordinator.poll(timeout_ms=timeout * 1000))

    @property
    def has_coordinator(self) -> bool:
        """Whether the broker that coordinates the group answers, as last seen."""
        return not self._coordinator.coordinator_unknown()

    def refresh_metadata(self, timeout: float) -> None:
        """Ask a broker which cluster and topics there are, for at most `timeout` seconds. Raises KafkaError."""
        client = self._client
        client._net.run(client._manager.wait_for, self._cluster.request_update(), timeout * 1000)

    @property
    def cluster_id(self) -> str | None:
        """The cluster's id as last told; None: no broker has told it yet."""
        found: str | None = self._cluster.cluster_id
        return found

    def topic_id(self, topic: str) -> UUID | None:
        """The topic's id as last told; None: no such topic, or not told yet."""
        found = self._cluster.topic_id(topic)
        return UUID(str(found)) if found is not None and found.int else None

    def subscribing(self) -> None:
        """The consumer is about to be subscribed: what brokers have answered so far was not about its topics."""
        self._refreshed_before = self._cluster._last_successful_refresh_ms

    def lacks(self, topic: str) -> bool:
        """Whether a broker was asked for the topics of the subscription, and its last answer had none of this name."""
        return self._cluster._last_successful_refresh_ms > self._refreshed_before and self.topic_id(topic) is None

    def position(self, partition: TopicPartition) -> int | None:
        """The offset behind all that was returned or passed over; the public `position` may ask Kafka, and wait."""
        state = self._client._subscription.assignment.get(partition)
        return None if state is None or state.position is None else int(state.position.offset)
