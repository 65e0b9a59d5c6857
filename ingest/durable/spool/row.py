"""One record as the spool keeps it: a single block of bytes that carries its own checksum.

SQLite's pages have none, so a row is checked whenever it is read; and because a row can be recognised by itself,
`salvage.py` finds it even where the file around it is damaged.
"""

from __future__ import annotations

import struct
import zlib
from typing import NamedTuple

from runtime.kafka.producer import OutgoingRecord
from schemas.cloudevents import SPOOLED_AT

MAGIC = b"HKL1"
_PREFIX = struct.Struct("<4sI")  # magic, CRC-32 of all that follows
_FIXED = struct.Struct("<QiIHH")  # time of spooling, lengths of key (-1: none) and value, headers, length of topic
_HEADER = struct.Struct("<HI")  # lengths of name and value


#: Where SQL finds things in a row, counting from 1 as it does.
AT_PLACE, AT_SIZE = _PREFIX.size + 1, 8
TOPIC_PLACE = _PREFIX.size + _FIXED.size - 2 + 1


def topic_mark(topic: str) -> bytes:
    """What stands at TOPIC_PLACE in every row for `topic`, and in no other."""
    encoded = topic.encode()
    return struct.pack("<H", len(encoded)) + encoded


class DamagedRow(ValueError):
    """Have the spool rescued: these are not the bytes that were written."""


class SpooledRow(NamedTuple):
    """A record in the spool."""

    id: int  #: its place in the queue
    at: int  #: when it was spooled, microseconds since the epoch
    record: OutgoingRecord  #: what Kafka shall get, with a header about the spool: see `sent`
    size: int  #: bytes

    @property
    def contact_queue(self) -> tuple[str, bytes | None]:
        """What order is kept within: a contact's records on one topic."""
        return self.record.topic, self.record.key

    @property
    def sent(self) -> OutgoingRecord:
        """The record that Kafka gets: it says since when it waited."""
        return self.record._replace(headers=[*self.record.headers, (SPOOLED_AT, b"%d" % self.at)])


def packed(record: OutgoingRecord, at: int) -> bytes:
    """`record`, spooled at `at` microseconds since the epoch, as bytes."""
    topic = record.topic.encode()
    key_size = -1 if record.key is None else len(record.key)
    parts = [
        _FIXED.pack(at, key_size, len(record.value), len(record.headers), len(topic)),
        topic,
        record.key or b"",
        record.value,
    ]
    for name, value in record.headers:
        encoded = name.encode()
        parts += [_HEADER.pack(len(encoded), len(value)), encoded, value]
    content = b"".join(parts)
    return _PREFIX.pack(MAGIC, zlib.crc32(content)) + content


def is_whole(body: bytes) -> bool:
    """Whether `body` is a row, byte for byte as it was written."""
    if len(body) < _PREFIX.size + _FIXED.size:
        return False
    magic, checksum = _PREFIX.unpack_from(body)
    return bool(magic == MAGIC and zlib.crc32(memoryview(body)[_PREFIX.size :]) == checksum)


def unpacked(number: int, body: bytes) -> SpooledRow:
    """The row in `body`. Raises DamagedRow."""
    if not is_whole(body):
        raise DamagedRow(f"row {number} is not as it was written")
    at, key_size, value_size, headers, topic_size = _FIXED.unpack_from(body, _PREFIX.size)
    place = _PREFIX.size + _FIXED.size

    def take(size: int) -> bytes:
        nonlocal place
        place += size
        return body[place - size : place]

    topic = take(topic_size).decode()
    key = None if key_size < 0 else take(key_size)
    value = take(value_size)
    pairs = []
    for _ in range(headers):
        name_size, header_size = _HEADER.unpack(take(_HEADER.size))
        pairs.append((take(name_size).decode(), take(header_size)))
    return SpooledRow(number, at, OutgoingRecord(topic, key, value, pairs), len(body))
