"""Rows of `dead_letters`: what was set aside, for those who must not read Kafka to know."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from processors.engine.batch import Batch
from processors.engine.processor import SetAside
from processors.engine.writer import is_ours
from runtime.kafka.consumer import Partition, Record
from runtime.postgres import Connection

#: Characters of a header or a message that are kept: whoever wrote a record chose their length.
_LONGEST = 300

_INDEX = """
INSERT INTO dead_letters (consumer_group, topic_id, partition, record_offset, topic, event_id, event_type, disposition,
    error_class, error_message, attempts, ours)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""


def index(connection: Connection, group: str, batch: Batch, letters: Sequence[SetAside]) -> None:
    """Write down `letters` of `batch`, which `group` has set aside, in the transaction that moves its offsets."""
    rows = []
    for letter in letters:
        record = letter.record
        topic_id = batch.spans[Partition(record.topic, record.partition)].place.topic_id
        place = (group, topic_id, record.partition, record.offset, record.topic)
        why = (letter.disposition, letter.error_class, _storable(letter.error_message), letter.attempts)
        rows.append((*place, event_id_of(record), _header(record, "ce_type"), *why, is_ours(record)))
    with connection.cursor() as cursor:
        cursor.executemany(_INDEX, rows)


def event_id_of(record: Record) -> UUID | None:
    """The event that the headers of `record` name; None: they name none."""
    try:
        return UUID(_header(record, "ce_id") or "")
    except ValueError:
        return None


def _header(record: Record, name: str) -> str | None:
    found = [value for key, value in record.headers if key == name and value is not None]
    return _storable(found[-1].decode("utf-8", "replace")) if found else None


def _storable(text: str) -> str:
    """`text` as PostgreSQL takes it, no longer than anything of ours."""
    return text[:_LONGEST].encode("utf-8", "backslashreplace").decode().replace("\x00", "")
