"""Kafka's batches, read so that nothing in one keeps a consumer from the next.

Whoever may write to a topic chooses the bytes of a batch, and a broker checks few of them. kafka-python 3.0.12 raises
at the same offset for ever where a header's name is not UTF-8 or where a codec's library is missing, and decompresses
without a bound (seen in its source: record/default_records.py, codec.py). Here such a name keeps its bytes, and a
batch that cannot be read becomes one record that says so, whose value is the batch as it came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import Any

from kafka.consumer.fetcher import Fetcher
from kafka.errors import CorruptRecordError
from kafka.record.default_records import DefaultRecord, DefaultRecordBatch
from kafka.record.util import decode_varint

from runtime.kafka.compression import decompressed

#: The most bytes of keys, values and headers that one poll returns, but for the record that goes beyond it. What was
#: fetched is decompressed batch by batch, as it is returned.
POLL_BYTES = 32 * 1024 * 1024


class HeaderName(str):
    """The name of a header that is not UTF-8: reads as escaped text, and `encode` gives its bytes back."""

    raw: bytes

    def __new__(cls, raw: bytes) -> HeaderName:
        made = super().__new__(cls, raw.decode("utf-8", "backslashreplace"))
        made.raw = raw
        return made

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        """Its bytes, whatever the encoding: what the producer writes is what the consumer read."""
        del encoding, errors
        return self.raw


class UnreadableBatch(bytes):
    """A whole batch as it came, as the value of the one record that stands for it."""

    reason: str  #: why it could not be read, without any of its data

    def __new__(cls, batch: bytes, reason: str) -> UnreadableBatch:
        made = super().__new__(cls, batch)
        made.reason = reason
        return made


class ReadableBatch(DefaultRecordBatch):  # type: ignore[misc] # the client has no types
    """The client's batch, whose iterator never raises."""

    _buffer: bytearray
    _pos: int

    def __init__(self, received: bytearray) -> None:
        super().__init__(received)
        self._received: bytearray = self._buffer  # which decompressing replaces

    def __iter__(self) -> Iterator[DefaultRecord]:
        try:
            self._decompress()
            while self._next_record_index < self._num_records:
                record = self._next_record()
                self._next_record_index += 1
                yield record
        except (CorruptRecordError, ValueError, IndexError) as error:
            yield self._as_one_record(f"{type(error).__name__}: {error}")

    def _decompress(self) -> None:
        if self.compression_type != self.CODEC_NONE:
            self._buffer = decompressed(self.compression_type, bytes(self._received[self._pos :]))
            self._pos = 0
        self._decompressed = True

    def _next_record(self) -> DefaultRecord:
        try:
            return self._read_msg()
        except UnicodeDecodeError:
            return self._read_with_any_names()

    def _read_with_any_names(self) -> DefaultRecord:
        """The record at the position, as `_read_msg` has it, with names of headers that are not UTF-8."""
        length, begin = decode_varint(self._buffer, self._pos)
        self._pos = begin + 1  # behind the attributes, which have no meaning yet
        timestamp = self.first_timestamp + self._read_number()
        if self.timestamp_type == self.LOG_APPEND_TIME:
            timestamp = self.max_timestamp
        offset = self.base_offset + self._read_number()
        key, value = self._read_bytes(), self._read_bytes()
        headers = [(_name(self._read_bytes() or b""), self._read_bytes()) for _ in range(self._read_number())]
        return DefaultRecord(length, offset, timestamp, self.timestamp_type, key, value, headers)

    def _read_number(self) -> int:
        number, self._pos = decode_varint(self._buffer, self._pos)
        return int(number)

    def _read_bytes(self) -> bytes | None:
        size = self._read_number()
        if size < 0:
            return None
        begin, self._pos = self._pos, self._pos + size
        return bytes(self._buffer[begin : self._pos])

    def _as_one_record(self, reason: str) -> DefaultRecord:
        """At the batch's last offset, so that whoever has handled it goes on behind the batch."""
        whole = UnreadableBatch(bytes(self._received), reason)
        return DefaultRecord(len(whole), self.last_offset, self.max_timestamp, self.timestamp_type, None, whole, [])


class PollBudget:
    """The bytes of keys, values and headers that the poll under way may still return."""

    def __init__(self) -> None:
        self._left = POLL_BYTES

    def renew(self) -> None:
        """A new poll begins."""
        self._left = POLL_BYTES

    def spend(self, size: int) -> None:
        """A record of `size` bytes is returned."""
        self._left -= size

    @property
    def is_spent(self) -> bool:
        """Whether what was fetched has to wait for the next poll."""
        return self._left <= 0


class _Batches:
    """The client's MemoryRecords, whose batches are ReadableBatch."""

    def __init__(self, records: Any) -> None:
        self._records = records

    def next_batch(self) -> Any:
        batch = self._records.next_batch()
        return ReadableBatch(batch._buffer) if isinstance(batch, DefaultRecordBatch) else batch


class _PartitionRecords(Fetcher.PartitionRecords):  # type: ignore[misc] # the client has no types
    """What was fetched of a partition, returned within a budget."""

    def __init__(self, budget: PollBudget, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._budget = budget

    def take(self, n: int | None = None) -> list[Any]:
        """Up to `n` records, as the client has it, or fewer where the budget is spent."""
        self._maybe_raise_next_inline_exception()
        found = []
        try:
            for record in islice(self.record_iterator, n):
                found.append(record)
                sizes = record.serialized_key_size, record.serialized_value_size, record.serialized_header_size
                self._budget.spend(sum(sizes))
                if self._budget.is_spent:
                    break
        except Exception as error:  # as the client does: what was read comes first, the error with the next call
            if not found:
                raise
            self._next_inline_exception = error
        return found

    def _unpack_records(self, tp: Any, records: Any, *deserializers: Any) -> Any:
        return super()._unpack_records(tp, _Batches(records), *deserializers)


def read_whatever_comes(client: Any) -> PollBudget:
    """Have `client`, a kafka-python consumer, read every batch; renew what is returned before each poll."""
    fetcher, budget = client._fetcher, PollBudget()
    append: Callable[..., int] = fetcher._append

    def append_within(drained: Any, records: Any, limit: int, update_offsets: bool) -> int:
        taken = append(drained, records, limit, update_offsets)
        return limit if budget.is_spent else taken  # `limit` ends the client's loop

    fetcher._append = append_within
    fetcher.PartitionRecords = partial(_PartitionRecords, budget)
    return budget


def _name(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return HeaderName(raw)
