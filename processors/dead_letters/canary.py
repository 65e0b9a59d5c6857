"""The first letters of a redrive go alone: the others follow when the processor has handled these without a failure."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from runtime.connections import KafkaSettings
from runtime.kafka.ends import KafkaEnds
from runtime.postgres import Connection
from schemas.topics import consumer_group, redrive_topic

#: Seconds between two looks.
LOOK_EVERY = 0.25
#: The processor that sets nothing aside: it parks.
PARKS = "opt-out"

_POSITIONS = "SELECT partition, next_offset FROM consumer_offsets WHERE consumer_group = %s AND topic_id = %s"
_FAILED = """
SELECT d.error_class, d.error_message, d.event_id::text
FROM unnest(%(partitions)s::integer[], %(begins)s::bigint[], %(ends)s::bigint[]) AS sent (partition, begin_, end_)
JOIN dead_letters AS d ON d.consumer_group = %(group)s AND d.topic_id = %(topic_id)s AND d.partition = sent.partition
    AND d.record_offset >= sent.begin_ AND d.record_offset < sent.end_
"""
#: Of opt-out alone, which parks what it cannot process: the roles of the others do not see the table.
_PARKED = """
UNION ALL
SELECT p.error_class, p.error_message, NULL
FROM unnest(%(partitions)s::integer[], %(begins)s::bigint[], %(ends)s::bigint[]) AS sent (partition, begin_, end_)
JOIN opt_out_parked AS p ON p.topic = %(topic)s AND p.partition = sent.partition
    AND p.record_offset >= sent.begin_ AND p.record_offset < sent.end_
"""


class NotHandledInTime(Exception):
    """Look at the processor, then run the redrive again: its canary waits, and nothing else was sent. Exit code 75."""

    exit_code = 75


@dataclass(frozen=True, slots=True)
class CanaryFailure:
    """A letter of the canary that was set aside, or parked, again."""

    error_class: str
    error_message: str  #: without personal data
    event_id: str | None


class Canary:
    """What comes on a processor's redrive topic from the time that this is made."""

    def __init__(self, settings: KafkaSettings, connection: Connection, processor: str) -> None:
        """Raises runtime.kafka.consumer.Unanswered where Kafka does not answer."""
        self._settings, self._connection, self._processor = settings, connection, processor
        self._topic = redrive_topic(processor).name
        self._topic_id, self._before = self._ends()

    def failures(
        self,
        *,
        timeout: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> Sequence[CanaryFailure]:
        """Wait until the processor has handled what was sent, and tell what of it failed.

        Raises NotHandledInTime after `timeout` seconds.
        """
        _, after = self._ends()
        sent = {number: (self._before[number], end) for number, end in after.items() if end > self._before[number]}
        deadline = clock() + timeout
        while waiting := self._unhandled(sent):
            if clock() > deadline:
                raise NotHandledInTime(
                    f"{self._processor} has not handled the canary on partitions {waiting} of {self._topic} within "
                    f"{timeout:g} s; nothing else was sent. `hookline status` tells whether it runs and why it waits"
                )
            sleep(LOOK_EVERY)
        values = {
            "group": consumer_group(self._processor),
            "topic_id": self._topic_id,
            "topic": self._topic,
            "partitions": list(sent),
            "begins": [begin for begin, _ in sent.values()],
            "ends": [end for _, end in sent.values()],
        }
        query = _FAILED + _PARKED if self._processor == PARKS else _FAILED
        return [CanaryFailure(*row) for row in self._connection.execute(query, values).fetchall()]

    def _unhandled(self, sent: Mapping[int, tuple[int, int]]) -> list[int]:
        rows = self._connection.execute(_POSITIONS, (consumer_group(self._processor), self._topic_id)).fetchall()
        positions: dict[int, int] = dict(rows)
        return sorted(number for number, (_, end) in sent.items() if positions.get(number, 0) < end)

    def _ends(self) -> tuple[UUID, dict[int, int]]:
        reader = KafkaEnds(self._settings, "hookline-redrive")
        try:
            found = reader.ask([self._topic])
        finally:
            reader.close()
        return found.topics[self._topic].id, {partition.number: end for partition, end in found.ends.items()}
