"""Topics as Kafka has them: what is there, what ought to be, and how to get from the one to the other."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from kafka import TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, OffsetSpec
from kafka.errors import KafkaTimeoutError, UnsupportedVersionError

from runtime.connections import KafkaSettings
from runtime.kafka.connection import client_settings
from runtime.kafka.consumer import Partition
from runtime.kafka.internals.admin_client import AdminClient
from schemas.topics import PARTITIONS, Retention, Topic

#: A body of 256 KiB can grow in its record: its JSON is kept whole, written anew with escapes of up to six bytes
#: a character, and its text stands beside it once more.
MAX_RECORD_BYTES = 2 * 1024 * 1024
#: A dead letter and its return carry some twenty headers more than the record that they were.
MAX_LETTER_BYTES = MAX_RECORD_BYTES + 64 * 1024

#: Where there are this many brokers, every topic gets as many replicas, and a write needs one fewer of them.
REPLICAS = 3

#: Kafka's protocol, error codes.
_TOPIC_ALREADY_EXISTS = 36
_CONFIGS = ("cleanup.policy", "retention.ms", "max.message.bytes", "min.insync.replicas")
_DAY_MS = 24 * 60 * 60 * 1000
_TIMEOUT_MS = 10_000


class TopicShape(NamedTuple):
    """What stands behind a topic's name."""

    id: UUID  #: another one when the topic is made anew
    partitions: int


@dataclass(frozen=True, slots=True)
class TopicState:
    """A topic that exists."""

    name: str
    id: UUID  #: another one when the topic is made anew
    partitions: int
    replication: int  #: replicas of the partition that has fewest
    leaderless: int  #: partitions without a leader: nothing can be read or written there
    configs: Mapping[str, str]  #: the settings that we care for


@dataclass(frozen=True, slots=True)
class Change:
    """What a topic needs."""

    topic: Topic
    create: bool  #: it is missing
    alter: Mapping[str, tuple[str | None, str]]  #: setting -> (as it is, as it ought to be)
    differs: Sequence[str]  #: what is not as it ought to be and cannot be changed in place

    @property
    def nothing(self) -> bool:
        """Whether it is as it ought to be."""
        return not (self.create or self.alter or self.differs)


@dataclass(frozen=True, slots=True)
class Offsets:
    """One partition's log."""

    begin: int  #: the oldest offset that is still there
    end: int  #: the next offset to be written


class TopicsRefused(Exception):
    """Mend what Kafka says and apply again: it refused to create or alter topics."""

    def __init__(self, refused: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {reason}" for name, reason in refused.items()))


def topic_configs(topic: Topic, settings: KafkaSettings, replication: int) -> dict[str, str]:
    """The settings that `topic` ought to have with so many replicas, by Kafka's names."""
    days = {
        Retention.EVENTS: settings.retention_days,
        Retention.DEAD_LETTERS: settings.dead_letter_retention_days,
        Retention.LATEST: None,
        Retention.FOREVER: None,
    }[topic.retention]
    return {
        "cleanup.policy": "compact" if topic.retention is Retention.LATEST else "delete",
        "retention.ms": "-1" if days is None else str(int(days * _DAY_MS)),
        "max.message.bytes": str(MAX_LETTER_BYTES if topic.record is None else MAX_RECORD_BYTES),
        "min.insync.replicas": str(max(1, replication - 1)),
    }


class TopicAdmin:
    """Kafka's admin client, narrowed to topics. Use it in a `with` block.

    Raises kafka.errors.KafkaTimeoutError where no broker answers within `timeout_s`.
    """

    def __init__(self, settings: KafkaSettings, client_id: str, *, timeout_s: float = 10) -> None:
        self._settings = settings
        milliseconds = int(timeout_s * 1000)
        self._client = AdminClient(
            **client_settings(settings, client_id),
            bootstrap_timeout_ms=milliseconds,
            request_timeout_ms=milliseconds,
        )

    def __enter__(self) -> TopicAdmin:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def cluster_id(self) -> str:
        """The id that the cluster was formatted with."""
        return str(self._client.describe_cluster()["cluster_id"])

    def controller_time(self) -> float:
        """What the active controller's clock shows, in epoch seconds: no other is told. Raises kafka.errors.KafkaError.

        It is when the leader of the metadata's log was last at its own log's end, which is always now.
        """
        [topic] = self._client.describe_metadata_quorum()["topics"]
        [partition] = topic["partitions"]
        voters = {voter["replica_id"]: voter for voter in partition["current_voters"]}
        if partition["leader_id"] not in voters or voters[partition["leader_id"]]["last_fetch_timestamp"] < 0:
            raise UnsupportedVersionError("its metadata has no leader that tells a time")
        return float(voters[partition["leader_id"]]["last_fetch_timestamp"]) / 1000

    def brokers(self) -> int:
        """How many brokers are up."""
        return len(self.broker_ids())

    def broker_ids(self) -> set[int]:
        """The ids of the brokers that are up."""
        return {broker["broker_id"] for broker in self._client.describe_cluster()["brokers"]}

    def replication(self, brokers: int) -> int:
        """How many replicas a topic gets in a cluster of `brokers`."""
        return self._settings.replication_factor or (REPLICAS if brokers >= REPLICAS else 1)

    def describe(self, names: Iterable[str] | None = None) -> dict[str, TopicState]:
        """The topics called `names` (default: every one) that exist."""
        listed = None if names is None else list(names)
        if listed == []:
            return {}
        found = [topic for topic in self._client.describe_topics(listed) if topic["error_code"] == 0]
        configs = self._configs([topic["name"] for topic in found])
        return {
            topic["name"]: TopicState(
                name=topic["name"],
                id=UUID(str(topic["topic_id"])),
                partitions=len(topic["partitions"]),
                replication=min(len(partition["replica_nodes"]) for partition in topic["partitions"]),
                leaderless=sum(partition["leader_id"] < 0 for partition in topic["partitions"]),
                configs=configs[topic["name"]],
            )
            for topic in found
        }

    def topic_ids(self, names: Iterable[str]) -> dict[str, UUID]:
        """The id of each of `names` that exists."""
        found = self._client.describe_topics(list(names))
        return {topic["name"]: UUID(str(topic["topic_id"])) for topic in found if topic["error_code"] == 0}

    def shapes(self, names: Iterable[str]) -> dict[str, TopicShape]:
        """The id and the number of partitions of each of `names` that exists: one question, and no settings."""
        found = [topic for topic in self._client.describe_topics(list(names)) if topic["error_code"] == 0]
        return {topic["name"]: TopicShape(UUID(str(topic["topic_id"])), len(topic["partitions"])) for topic in found}

    def ends(self, partitions: Mapping[str, int]) -> dict[Partition, int]:
        """The next offset to be written to each of a topic's so many partitions, committed or not."""
        every = [TopicPartition(name, number) for name, count in partitions.items() for number in range(count)]
        found = self._client.list_partition_offsets(dict.fromkeys(every, OffsetSpec.LATEST)) if every else {}
        return {Partition(*partition): found[partition].offset for partition in every}

    def plan(self, topics: Iterable[Topic]) -> list[Change]:
        """What each of `topics` needs. Changes nothing."""
        topics = list(topics)
        there = self.describe(topic.name for topic in topics)
        replication = self.replication(self.brokers())
        return [self._change(topic, there.get(topic.name), replication) for topic in topics]

    def apply(self, changes: Iterable[Change]) -> None:
        """Create and alter; what differs otherwise is left alone. Done when every topic has its leaders.

        A topic that somebody else has created meanwhile is fine.
        """
        changes = list(changes)
        replication = self.replication(self.brokers())
        missing = [change.topic for change in changes if change.create]
        if missing:
            self._create(missing, replication)
        altered = [
            ConfigResource(
                ConfigResourceType.TOPIC, change.topic.name, {key: new for key, (_, new) in change.alter.items()}
            )
            for change in changes
            if change.alter
        ]
        if altered:
            answers = self._client.alter_configs(altered)["topic"]
            refused = {name: answer for name, answer in answers.items() if answer != "OK"}
            if refused:
                raise TopicsRefused(refused)
            self._wait_for_configs(change for change in changes if change.alter)
        self._client.wait_for_topics([change.topic.name for change in changes], timeout_ms=_TIMEOUT_MS)

    def offsets(self, states: Iterable[TopicState]) -> dict[tuple[str, int], Offsets]:
        """Where the log of every partition of `states` begins and ends."""
        found = self.bounds({state.name: state.partitions for state in states})
        return {(name, number): Offsets(*bounds) for (name, number), bounds in found.items()}

    def bounds(self, partitions: Mapping[str, int]) -> dict[Partition, tuple[int, int]]:
        """Where the log of each of a topic's so many partitions begins and ends: the fields of Offsets."""
        every = [TopicPartition(name, number) for name, count in partitions.items() for number in range(count)]
        if not every:
            return {}
        begin = self._client.list_partition_offsets(dict.fromkeys(every, OffsetSpec.EARLIEST))
        end = self._client.list_partition_offsets(dict.fromkeys(every, OffsetSpec.LATEST))
        return {Partition(*partition): (begin[partition].offset, end[partition].offset) for partition in every}

    def offsets_at(self, partitions: Iterable[Partition], moment: datetime) -> dict[Partition, int | None]:
        """The first offset of each partition whose record's timestamp is `moment` or later; None: there is none."""
        milliseconds = int(moment.timestamp() * 1000)
        every = [TopicPartition(*partition) for partition in partitions]
        found = self._client.list_partition_offsets(dict.fromkeys(every, milliseconds)) if every else {}
        offsets = {Partition(*partition): found[partition].offset for partition in every}
        return {partition: None if offset < 0 else offset for partition, offset in offsets.items()}

    def _change(self, topic: Topic, state: TopicState | None, replication: int) -> Change:
        desired_configs = topic_configs(topic, self._settings, replication if state is None else state.replication)
        if state is None:
            return Change(topic, create=True, alter={}, differs=())
        differs = []
        if state.partitions != PARTITIONS:
            differs.append(f"{state.partitions} partitions instead of {PARTITIONS}: contacts would change partition")
        if state.replication < replication:
            differs.append(f"{state.replication} replicas instead of {replication}: reassign its partitions")
        alter = {
            name: (state.configs.get(name), value)
            for name, value in desired_configs.items()
            if state.configs.get(name) != value
        }
        return Change(topic, create=False, alter=alter, differs=tuple(differs))

    def _create(self, topics: Sequence[Topic], replication: int) -> None:
        specs = {
            topic.name: {
                "num_partitions": PARTITIONS,
                "replication_factor": replication,
                "configs": topic_configs(topic, self._settings, replication),
            }
            for topic in topics
        }
        answers = self._client.create_topics(specs, timeout_ms=_TIMEOUT_MS, raise_errors=False)["topics"]
        refused = {
            answer["name"]: f"{answer['error_message']} (error {answer['error_code']})"
            for answer in answers
            if answer["error_code"] not in (0, _TOPIC_ALREADY_EXISTS)
        }
        if refused:
            raise TopicsRefused(refused)

    def _wait_for_configs(self, changes: Iterable[Change]) -> None:
        """A controller has accepted the settings before every broker has heard of them."""
        desired_configs = {
            change.topic.name: {key: new for key, (_, new) in change.alter.items()} for change in changes
        }
        deadline = time.monotonic() + _TIMEOUT_MS / 1000
        while True:
            there = self._configs(list(desired_configs))
            late = [name for name, configs in desired_configs.items() if configs.items() - there[name].items()]
            if not late:
                return
            if time.monotonic() > deadline:
                raise KafkaTimeoutError(f"settings not in effect after {_TIMEOUT_MS} ms: {', '.join(late)}")
            time.sleep(0.05)

    def _configs(self, names: Sequence[str]) -> dict[str, dict[str, str]]:
        if not names:
            return {}
        resources = [ConfigResource(ConfigResourceType.TOPIC, name, list(_CONFIGS)) for name in names]
        found = self._client.describe_configs(resources, config_filter="all")["topic"]
        return {name: {key: str(entry["value"]) for key, entry in entries.items()} for name, entries in found.items()}
