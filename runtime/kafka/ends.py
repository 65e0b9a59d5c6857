"""Where the logs end, asked again and again beside a consumer: also while that is paused, halted or waits."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from kafka.errors import KafkaError

from runtime.connections import KafkaSettings
from runtime.kafka.consumer import Partition, Unanswered
from runtime.kafka.topics import TopicAdmin, TopicShape

#: Seconds that one question to Kafka may take before it counts as unanswered.
ASK_TIMEOUT = 2.0


@dataclass(frozen=True, slots=True)
class LogEnds:
    """The ends of every partition of some topics, as Kafka confirmed them."""

    asked_at: float  #: monotonic seconds, before Kafka was asked: what was in the log then lies below these ends
    topics: Mapping[str, TopicShape]  #: those that exist
    ends: Mapping[Partition, int]  #: the next offset to be written, transactions that are still open included


class EndsReader(Protocol):
    """Used by one thread."""

    def ask(self, topics: Sequence[str]) -> LogEnds:
        """The ends of all partitions of `topics`. Raises Unanswered."""

    def close(self) -> None:
        """Let go of the connection."""


class KafkaEnds:
    """The EndsReader on kafka-python's admin client, with a connection of its own."""

    def __init__(self, settings: KafkaSettings, client_id: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._client_id = client_id
        self._clock = clock
        self._admin: TopicAdmin | None = None
        self._shapes: dict[str, TopicShape] = {}

    def ask(self, topics: Sequence[str]) -> LogEnds:
        """See EndsReader.ask.

        ListOffsets goes by name, so the topics' ids are read after it and must be those of the time before: the
        ends are no other topic's of the same name.
        """
        try:
            admin = self._connected()
            asked_at = self._clock()
            before = self._shapes or admin.shapes(topics)
            ends = admin.ends({name: shape.partitions for name, shape in before.items()})
            self._shapes = admin.shapes(topics)
        except KafkaError as error:
            self.close()
            raise Unanswered(type(error).__name__) from None
        if self._shapes != before:
            raise Unanswered("the topics have changed")
        return LogEnds(asked_at, before, ends)

    def close(self) -> None:
        """Let go of the connection; the next question opens another."""
        admin, self._admin, self._shapes = self._admin, None, {}
        if admin is not None:
            admin.close()

    def _connected(self) -> TopicAdmin:
        if self._admin is None:
            self._admin = TopicAdmin(self._settings, self._client_id, timeout_s=ASK_TIMEOUT)
        return self._admin
