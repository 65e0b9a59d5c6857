"""Where an event's record stood in Kafka, and when it came there: what `hookline trace` shows."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from runtime.kafka.consumer import Record
from schemas.cloudevents import SPOOLED_AT
from schemas.times import EPOCH, LATEST_MICROSECOND, MICROSECOND

_MILLISECOND = timedelta(milliseconds=1)
_LATEST_MS = LATEST_MICROSECOND // 1000
_LATEST_DIGITS = len(str(LATEST_MICROSECOND))


class Origin(NamedTuple):
    """The columns of `events` about the record."""

    topic: str
    partition: int
    offset: int
    kafka_at: datetime | None  #: its timestamp; None: none that can be believed
    spooled_at: datetime | None  #: when ingest spooled it; None: it did not


def origin_of(record: Record) -> Origin:
    """The origin of `record`, whoever wrote it."""
    written = record.timestamp_ms
    kafka_at = EPOCH + written * _MILLISECOND if 0 < written < _LATEST_MS else None
    return Origin(record.topic, record.partition, record.offset, kafka_at, _spooled_at(record))


def _spooled_at(record: Record) -> datetime | None:
    for name, value in record.headers:
        if name == SPOOLED_AT and value is not None and len(value) <= _LATEST_DIGITS and value.isdigit():
            spooled = int(value)
            return EPOCH + spooled * MICROSECOND if spooled < LATEST_MICROSECOND else None
    return None
