"""What the event topics hold of a window: each record's event, number and time of receipt."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any, NamedTuple
from uuid import UUID

from fastavro import parse_schema, schemaless_reader

from ops.audit.window import AuditWindow, hour_of, minute_of
from runtime.kafka.consumer import Partition, Record
from schemas.ids import SchemaIds, UnknownSchema

_PREFIX = struct.Struct(">bI")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: Digits of the largest hl-seq: what is longer was written by somebody else.
_SEQ_DIGITS = 15
#: Characters of a node's or an epoch's name: whoever wrote a record chose the length.
_NAME_LENGTH = 200


class IngestWorker(NamedTuple):
    """One worker of ingest, from its start to its end: who numbers records."""

    node: str
    epoch: str


class CountedAt(NamedTuple):
    """What is counted together."""

    worker: IngestWorker
    minute: datetime
    topic: str


@dataclass(slots=True)
class TopicRecords:
    """What has been read. Records with one number are one: Kafka may have had what the spool brought again."""

    window: AuditWindow
    events: dict[UUID, tuple[Partition, int]] = field(default_factory=dict)  #: of the window, and where each stands
    numbers: dict[IngestWorker, set[int]] = field(default_factory=dict)  #: of every record that was read
    counted: Counter[CountedAt] = field(default_factory=Counter)  #: numbered records of the window
    counted_elsewhere: Counter[CountedAt] = field(default_factory=Counter)  #: numbered records outside of the window
    partitions: dict[tuple[str, int], Partition] = field(default_factory=dict)  #: one object for all events of each
    unnumbered: int = 0  #: events of the window that carry no number: ingest was older, or somebody else wrote them
    hours: Counter[datetime] = field(default_factory=Counter)  #: records of the window, by hour of receipt

    @property
    def total(self) -> int:
        """Records of the window, each number and each unnumbered event once."""
        return self.counted.total() + self.unnumbered

    def take(
        self, records: Iterable[Record], received_at: Callable[[Record], datetime], done: Callable[[int], None]
    ) -> None:
        """Add `records`; `done` is called with how many were read since."""
        for number, record in enumerate(records, 1):
            if number % 1000 == 0:
                done(1000)
            self._take(record, received_at)

    def _take(self, record: Record, received_at: Callable[[Record], datetime]) -> None:
        headers = dict(record.headers)
        event_id = _event_id(headers)
        if event_id is None:
            return  # nobody was answered 200 for it: ingest names every event
        worker, seq = _number(headers)
        if worker is not None:
            seen = self.numbers.setdefault(worker, set())
            if seq in seen:
                return
            seen.add(seq)
        received = received_at(record)
        if received not in self.window:
            if worker is not None:
                self.counted_elsewhere[CountedAt(worker, minute_of(received), record.topic)] += 1
            return
        known = event_id in self.events
        if not known:
            place = record.topic, record.partition
            self.events[event_id] = self.partitions.setdefault(place, Partition(*place)), record.offset
        if worker is not None:
            self.counted[CountedAt(worker, minute_of(received), record.topic)] += 1
        elif known:
            return
        else:
            self.unnumbered += 1
        self.hours[hour_of(received)] += 1


class ReceiptReader:
    """Reads the time of receipt from a record's value, and nothing else of it."""

    def __init__(self, ids: SchemaIds) -> None:
        self._ids = ids
        self._readers: dict[int, tuple[Any, Any] | None] = {}

    def __call__(self, record: Record) -> datetime:
        """When ingest took it; the record's own timestamp where its value cannot be read."""
        value = record.value
        if value is not None and len(value) >= _PREFIX.size:
            _, number = _PREFIX.unpack_from(value)
            if number not in self._readers:
                self._readers[number] = self._reader(number)
            schemas = self._readers[number]
            if schemas is not None:
                try:
                    found: Any = schemaless_reader(BytesIO(value[_PREFIX.size :]), *schemas)
                    return _EPOCH + timedelta(microseconds=int(found["received_at"]))
                except Exception:  # noqa: BLE001, S110 - fastavro raises whatever the bytes lead it to
                    pass
        return _EPOCH + timedelta(milliseconds=max(0, min(record.timestamp_ms, 253_402_300_799_000)))

    def _reader(self, number: int) -> tuple[Any, Any] | None:
        try:
            written = self._ids.by_id(number).schema
        except UnknownSchema:
            return None
        plain = _without_logical_types(written)
        fields = [field for field in plain["fields"] if field["name"] == "received_at"]
        if not fields:
            return None
        return parse_schema(plain), parse_schema(plain | {"fields": fields})


def _without_logical_types(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _without_logical_types(value) for key, value in node.items() if key != "logicalType"}
    return [_without_logical_types(item) for item in node] if isinstance(node, list) else node


def _event_id(headers: dict[str, bytes]) -> UUID | None:
    try:
        return UUID((headers.get("ce_id") or b"").decode("ascii"))
    except ValueError:
        return None


def _number(headers: dict[str, bytes]) -> tuple[IngestWorker | None, int]:
    node, epoch, seq = (headers.get(name) or b"" for name in ("hl-node", "hl-epoch", "hl-seq"))
    if not node or not epoch or not seq.isdigit() or len(seq) > _SEQ_DIGITS:
        return None, 0
    names = (part[:_NAME_LENGTH].decode("utf-8", "replace") for part in (node, epoch))
    return IngestWorker(*names), int(seq)
