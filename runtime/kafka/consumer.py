"""Reading from Kafka in a consumer group, whose offsets are kept elsewhere.

A partition that is assigned delivers nothing until `seek` says where to begin: Kafka's own idea of that, its
committed offsets, is a mirror that lag tools look at.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from kafka import ConsumerRebalanceListener
from kafka import KafkaConsumer as Client
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.errors import (
    AuthorizationError,
    BrokerResponseError,
    KafkaError,
    LogTruncationError,
    NoOffsetForPartitionError,
    OffsetOutOfRangeError,
    RetriableError,
    SaslAuthenticationFailedError,
)
from kafka.structs import OffsetAndMetadata, TopicPartition

from runtime import logs
from runtime.connections import KafkaSettings
from runtime.kafka.connection import client_settings
from runtime.kafka.internals.batches import UnreadableBatch, read_whatever_comes
from runtime.kafka.internals.membership import Membership

log = logs.logger("runtime.kafka.consumer")

#: Seconds that a poll may take longer when the group is being given its partitions anew.
JOIN_TIMEOUT = 2.0
#: Seconds that one question to Kafka may take before it counts as unanswered.
ASK_TIMEOUT = 5.0


class Partition(NamedTuple):
    """One partition of a topic."""

    topic: str
    number: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.number}"


class Record(NamedTuple):
    """A record as it came."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]  #: a value is null where a stranger wrote so
    unreadable: str | None = None  #: why the batch that is its value could not be read; None: it is an ordinary record

    @classmethod
    def of(cls, received: Any) -> Record:
        """What the client returned."""
        value, unreadable = received.value, None
        if isinstance(value, UnreadableBatch):
            unreadable = value.reason
            value = bytes(value)
        return cls(
            received.topic, received.partition, received.offset, received.timestamp, received.key, value,
            received.headers, unreadable,
        )  # fmt: skip


class Bounds(NamedTuple):
    """Where a partition's log begins, and the next offset to be written."""

    begin: int
    end: int


class Identity(NamedTuple):
    """Which cluster this is, and which topics stand behind the names: one made anew has another id."""

    cluster_id: str
    topic_ids: Mapping[str, UUID]  #: topics that do not exist are missing


class Unanswered(Exception):
    """Ask again: Kafka did not answer."""


class OffsetGone(Exception):
    """Look where the log begins and ends: a partition's position is outside of it."""

    def __init__(self, partitions: Collection[Partition]) -> None:
        super().__init__(", ".join(map(str, sorted(partitions))))
        self.partitions = frozenset(partitions)


class LogTruncated(OffsetGone):
    """Halt the partitions: what was read from them is no longer in the log, other records stand there now."""


class AccessWithdrawn(Exception):
    """Go on asking: Kafka let us in before, and does not now. A Kafka made anew may not have its ACLs yet."""


class RebalanceListener(Protocol):
    """Is told within `poll` or `close`, on whichever thread the client chooses, and must not call the consumer."""

    def revoked(self, partitions: frozenset[Partition]) -> None:
        """These are no longer ours, or are about to be given out anew. Do not take long: heartbeats wait."""

    def assigned(self, partitions: frozenset[Partition]) -> None:
        """These are ours now, and all that are."""


class Consumer(Protocol):
    """A member of a consumer group. Used by one thread."""

    def subscribe(self, topics: Sequence[str], listener: RebalanceListener) -> None:
        """Join the group for `topics`; missing ones are read once they exist."""

    def poll(self, timeout: float) -> list[Record]:
        """What has arrived, waiting at most `timeout` seconds for it; in order within a partition.

        To be called within the minute, or the group gives the partitions to others. Raises OffsetGone, LogTruncated.
        """

    def seek(self, partition: Partition, offset: int) -> None:
        """Deliver `partition` from `offset` on."""

    def pause(self) -> None:
        """Deliver nothing until `resume`; membership goes on as long as `poll` is called."""

    def resume(self) -> None:
        """Deliver again, from where each partition stands."""

    def hold(self, partition: Partition) -> None:
        """Deliver nothing of this one partition until `seek`."""

    def reachable(self) -> bool:
        """Whether the broker that coordinates the group answers, as last seen."""

    def identity(self, topics: Iterable[str]) -> Identity:
        """Asks Kafka. Raises Unanswered."""

    def topic_id(self, topic: str) -> UUID | None:
        """The topic's id as last told, without asking; None: no such topic, or not told yet."""

    def lacks(self, topic: str) -> bool:
        """Whether Kafka has said that there is no such topic, of those subscribed to; false before its first answer."""

    def bounds(self, partitions: Collection[Partition]) -> dict[Partition, Bounds]:
        """Asks Kafka. Raises Unanswered."""

    def position(self, partition: Partition) -> int | None:
        """The offset behind all that `poll` has returned of `partition` or passed over; None: it delivers nothing.

        What holds no record is passed over: marks of transactions, aborted records, compacted offsets.
        """

    def mirror(self, offsets: Mapping[Partition, int]) -> None:
        """Have Kafka's committed offsets follow; does not wait, and a failure is made good by the next."""

    def mirror_now(self, offsets: Mapping[Partition, int], timeout: float) -> bool:
        """The same, waiting for the answer; False where none came within `timeout` seconds."""

    def close(self, timeout: float) -> None:
        """Leave the group. Never raises."""


class KafkaConsumer:
    """The Consumer on kafka-python."""

    def __init__(
        self,
        settings: KafkaSettings,
        client_id: str,
        group: str,
        *,
        max_records: int = 2000,
        session_timeout: float = 15.0,
    ) -> None:
        made = consumer_settings(settings, client_id, group, max_records=max_records, session_timeout=session_timeout)
        self._client: Any = Client(**made)
        self._budget = read_whatever_comes(self._client)
        self._membership = Membership(self._client)
        self._delivering: set[Partition] = set()
        self._was_let_in = False

    def subscribe(self, topics: Sequence[str], listener: RebalanceListener) -> None:
        self._membership.subscribing()
        self._client.subscribe(topics=list(topics), listener=_Listener(self, listener))

    def poll(self, timeout: float) -> list[Record]:
        try:
            if not self._membership.join(JOIN_TIMEOUT):
                return []
            self._was_let_in = True
            self._budget.renew()
            polled = self._client.poll(timeout_ms=int(timeout * 1000))
        except OffsetOutOfRangeError as error:
            raise OffsetGone([Partition(*arg) for arg in error.args[0]]) from None
        except LogTruncationError as error:
            raise LogTruncated([Partition(*divergent_offset) for divergent_offset in error.divergent_offsets]) from None
        except (AuthorizationError, SaslAuthenticationFailedError) as error:
            if not self._was_let_in:
                raise
            raise AccessWithdrawn(type(error).__name__) from None
        except (NoOffsetForPartitionError, RetriableError) as error:
            log.info("poll_failed", error=type(error).__name__)
            return []
        return [
            Record.of(received)
            for partition, found in polled.items()
            if partition in self._delivering
            for received in found
        ]

    def seek(self, partition: Partition, offset: int) -> None:
        self._client.seek(TopicPartition(*partition), offset)
        self._client.resume(TopicPartition(*partition))
        self._delivering.add(partition)

    def pause(self) -> None:
        self._client.pause(*(TopicPartition(*partition) for partition in self._delivering))

    def resume(self) -> None:
        self._client.resume(*(TopicPartition(*partition) for partition in self._delivering))

    def hold(self, partition: Partition) -> None:
        self.hold_all([partition])

    def reachable(self) -> bool:
        return self._membership.has_coordinator

    def identity(self, topics: Iterable[str]) -> Identity:
        try:
            self._membership.refresh_metadata(ASK_TIMEOUT)
        except KafkaError as error:
            raise Unanswered(type(error).__name__) from None
        cluster_id = self._membership.cluster_id
        if cluster_id is None:
            raise Unanswered("no cluster id yet")
        known = {topic: self.topic_id(topic) for topic in topics}
        return Identity(cluster_id, {topic: found for topic, found in known.items() if found is not None})

    def topic_id(self, topic: str) -> UUID | None:
        return self._membership.topic_id(topic)

    def lacks(self, topic: str) -> bool:
        return self._membership.lacks(topic)

    def bounds(self, partitions: Collection[Partition]) -> dict[Partition, Bounds]:
        if not partitions:
            return {}
        topic_partitions = [TopicPartition(*partition) for partition in partitions]
        try:
            begin = self._client.beginning_offsets(topic_partitions, timeout_ms=ASK_TIMEOUT * 1000)
            end = self._client.end_offsets(topic_partitions, timeout_ms=ASK_TIMEOUT * 1000)
        except (KafkaError, KeyError) as error:  # KeyError: the answer lacks a partition that has no leader
            raise Unanswered(type(error).__name__) from None
        return {Partition(*partition): Bounds(begin[partition], end[partition]) for partition in topic_partitions}

    def position(self, partition: Partition) -> int | None:
        return self._membership.position(TopicPartition(*partition)) if partition in self._delivering else None

    def mirror(self, offsets: Mapping[Partition, int]) -> None:
        try:
            self._client.commit_async(_committed(offsets), callback=_mirrored)
        except KafkaError as error:
            log.info("mirror_failed", error=type(error).__name__)

    def mirror_now(self, offsets: Mapping[Partition, int], timeout: float) -> bool:
        try:
            self._client.commit(_committed(offsets), timeout_ms=int(timeout * 1000))
        except KafkaError as error:
            log.info("mirror_failed", error=type(error).__name__)
            return False
        return True

    def close(self, timeout: float) -> None:
        try:
            self._client.close(autocommit=False, timeout_ms=int(timeout * 1000))
        except (KafkaError, BrokerResponseError) as error:
            log.info("consumer_closed_uncleanly", error=type(error).__name__)

    def hold_all(self, partitions: Collection[Partition]) -> None:
        """Park `partitions`: paused, and at an offset, or the client would ask for Kafka's committed one."""
        self.give_up(partitions)
        parked = [TopicPartition(*partition) for partition in partitions]
        self._client.pause(*parked)
        for partition in parked:
            self._client.seek(partition, 0)

    def give_up(self, partitions: Collection[Partition]) -> None:
        """Deliver nothing of `partitions`: they are somebody else's."""
        self._delivering.difference_update(partitions)


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc] # the client has no types
    """Runs on the client's own thread, while `poll` waits for it."""

    def __init__(self, consumer: KafkaConsumer, listener: RebalanceListener) -> None:
        self._consumer = consumer
        self._listener = listener

    def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        partitions = frozenset(Partition(*partition) for partition in revoked)
        self._consumer.give_up(partitions)
        if partitions:  # the first join revokes nothing
            self._listener.revoked(partitions)

    def on_partitions_lost(self, lost: Iterable[TopicPartition]) -> None:
        self.on_partitions_revoked(lost)

    def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        partitions = frozenset(Partition(*partition) for partition in assigned)
        self._consumer.hold_all(partitions)
        self._listener.assigned(partitions)


def _committed(offsets: Mapping[Partition, int]) -> dict[TopicPartition, OffsetAndMetadata]:
    return {TopicPartition(*partition): OffsetAndMetadata(offset, "", -1) for partition, offset in offsets.items()}


def _mirrored(_offsets: object, answer: object) -> None:
    if isinstance(answer, Exception):  # a rebalance under way, say
        log.info("mirror_failed", error=type(answer).__name__)


def consumer_settings(
    settings: KafkaSettings, client_id: str, group: str, *, max_records: int, session_timeout: float
) -> dict[str, Any]:
    """Every client setting that we rely on, made explicit. `session_timeout` in seconds."""
    return client_settings(settings, client_id) | {
        "group_id": group,
        "enable_auto_commit": False,
        "auto_offset_reset": "none",  # where a log lacks our position, people decide, not the client
        "isolation_level": "read_committed",
        "allow_auto_create_topics": False,
        # The eager protocol and ranges: partition n of every topic goes to the same member, a contact with it.
        "partition_assignment_strategy": [RangePartitionAssignor],
        "max_poll_records": max_records,
        "fetch_min_bytes": 1,
        "fetch_max_wait_ms": 500,
        "fetch_max_bytes": 8 * 1024 * 1024,  # with what is queued, the bound of a process's memory
        "max_partition_fetch_bytes": 1024 * 1024,
        "check_crcs": True,
        "key_deserializer": None,  # one that raises would loop at its offset for ever
        "value_deserializer": None,
        "session_timeout_ms": int(session_timeout * 1000),
        "heartbeat_interval_ms": min(3_000, int(session_timeout * 1000 / 4)),
        # Also how long others wait for a member that does not join, and a member for an answer that was lost.
        "max_poll_interval_ms": 60_000,
        "request_timeout_ms": 15_000,
        "retry_backoff_ms": 100,
        "metadata_max_age_ms": 30_000,  # how long a new topic, or one made anew, may go unseen
        "metrics_enabled": False,  # the client's own, which nobody reads; ours are in runtime/metrics.py
    }
