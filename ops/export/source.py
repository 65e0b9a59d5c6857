"""Where the rows of an export come from: Kafka, read and decoded in this process or in several beside it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from typing import NamedTuple, Protocol

import pyarrow as pa

from ops.export.rows import RowDecoder
from runtime.kafka.consumer import Partition, Record
from runtime.kafka.topics import Offsets
from schemas.ids import SchemaIds
from schemas.topics import Topic

#: Rows of a row group, and records that are in memory at once; fewer where their values are long.
_ROWS = 20_000
_BYTES = 32 * 1024 * 1024

#: Reads stretches of a topic: `runtime.kafka.reader.read` with its settings.
ReadStretches = Callable[[Mapping[Partition, Offsets]], Iterable[Record]]


class RowBatch(NamedTuple):
    """Some records as columns."""

    rows: pa.RecordBatch
    read: int  #: records; more than there are rows where some cannot be read


class Source(Protocol):
    """Reads topics."""

    def batches(self, topic: Topic, stretches: Mapping[Partition, Offsets]) -> Generator[RowBatch, None, None]:
        """Every record of `stretches`, in order within each partition. Close it: others may work for it."""


class LocalSource:
    """The Source of this process alone."""

    def __init__(self, ids: SchemaIds, read: ReadStretches, *, leaves_out_unknown: bool = False) -> None:
        """`leaves_out_unknown`: see RowDecoder."""
        self._ids = ids
        self._read = read
        self._leaves_out_unknown = leaves_out_unknown

    def batches(self, topic: Topic, stretches: Mapping[Partition, Offsets]) -> Generator[RowBatch, None, None]:
        decoder = RowDecoder(topic, self._ids, leaves_out_unknown=self._leaves_out_unknown)
        for values in _groups(self._read(stretches)):
            yield RowBatch(decoder.batch(values), len(values))


def _groups(records: Iterable[Record]) -> Iterator[list[bytes | None]]:
    """The records' values; None: it was deleted, or cannot be read."""
    group: list[bytes | None] = []
    size = 0
    for record in records:
        group.append(record.value if record.unreadable is None else None)
        size += len(record.value or b"")
        if len(group) == _ROWS or size >= _BYTES:
            yield group
            group, size = [], 0
    if group:
        yield group
