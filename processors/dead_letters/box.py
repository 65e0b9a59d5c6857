"""The dead letters of one processor: what its topic holds, and which of them have been sent back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from processors.dead_letters.letter import Letter
from runtime.connections import KafkaSettings
from runtime.kafka.consumer import Partition
from runtime.kafka.reader import read
from runtime.kafka.topics import Offsets, TopicAdmin
from runtime.postgres import Connection
from schemas.topics import dead_letter_topic

CLIENT_ID = "hookline-dlq"


@dataclass(frozen=True, slots=True)
class Box:
    """Where the letters of `processor` are, at one moment."""

    settings: KafkaSettings
    processor: str
    cluster_id: str
    topic_id: UUID | None  #: None: the topic does not exist
    bounds: dict[Partition, Offsets]

    @property
    def held(self) -> int:
        """How many letters the topic holds."""
        return sum(bound.end - bound.begin for bound in self.bounds.values())

    def letters(self) -> Iterator[Letter]:
        """Every letter, in order within each partition. Raises kafka.errors.KafkaTimeoutError."""
        return map(Letter, read(self.settings, CLIENT_ID, self.bounds))

    def newest(self, count: int) -> list[Letter]:
        """The `count` letters that were set aside last, the newest last."""
        stretches = {
            partition: Offsets(max(its.begin, its.end - count), its.end) for partition, its in self.bounds.items()
        }
        found = sorted(read(self.settings, CLIENT_ID, stretches), key=lambda record: record.timestamp_ms)
        return [Letter(record) for record in found[-count:]]

    def at(self, partition: int, offset: int) -> list[Letter]:
        """The letter at this place; none where the topic does not hold it."""
        place = Partition(dead_letter_topic(self.processor).name, partition)
        bounds = self.bounds.get(place)
        if bounds is None or not bounds.begin <= offset < bounds.end:
            return []
        return [Letter(record) for record in read(self.settings, CLIENT_ID, {place: Offsets(offset, offset + 1)})]


def open_boxes(settings: KafkaSettings, processors: Iterable[str]) -> list[Box]:
    """The boxes of `processors`. Raises kafka.errors.KafkaError where Kafka does not answer."""
    names = list(processors)
    with TopicAdmin(settings, CLIENT_ID) as admin:
        there = admin.describe(dead_letter_topic(name).name for name in names)
        offsets = admin.offsets(there.values())
        cluster = admin.cluster_id()
    boxes = []
    for name in names:
        topic = dead_letter_topic(name).name
        bounds = {Partition(*place): found for place, found in offsets.items() if place[0] == topic}
        boxes.append(Box(settings, name, cluster, there[topic].id if topic in there else None, bounds))
    return boxes


_DECIDED = """
SELECT partition, letter_offset FROM redriven_letters WHERE cluster_id = %(cluster)s AND topic_id = %(topic)s
UNION SELECT partition, letter_offset FROM discarded_letters WHERE cluster_id = %(cluster)s AND topic_id = %(topic)s
"""
_DISCARD = """
INSERT INTO discarded_letters (cluster_id, topic_id, partition, letter_offset, processor, reason, discarded_by)
VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""


class Memory:
    """Which letters have been sent back or discarded: rows of `redriven_letters` and `discarded_letters`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def decided(self, box: Box) -> set[tuple[int, int]]:
        """The places (partition, offset) of those that have been."""
        rows = self._connection.execute(_DECIDED, {"cluster": box.cluster_id, "topic": box.topic_id}).fetchall()
        return {(int(partition), int(offset)) for partition, offset in rows}

    def discard(self, box: Box, letters: Sequence[Letter], reason: str, operator: str) -> None:
        """Nobody needs these, says `operator`."""
        rows = [(box.cluster_id, box.topic_id, *letter.place, box.processor, reason, operator) for letter in letters]
        with self._connection.transaction(), self._connection.cursor() as cursor:
            cursor.executemany(_DISCARD, rows)

    def remember(self, box: Box, letters: Sequence[Letter]) -> None:
        """These have been."""
        with self._connection.transaction(), self._connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO redriven_letters (cluster_id, topic_id, partition, letter_offset, processor)"
                " VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                [(box.cluster_id, box.topic_id, *letter.place, box.processor) for letter in letters],
            )

    def alone(self, box: Box) -> bool:
        """Become the only one who sends letters of this box back, until the connection closes; False: another is."""
        query = "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))"
        row = self._connection.execute(query, [f"hookline-redrive-{box.processor}"]).fetchone()
        return bool(row and row[0])
