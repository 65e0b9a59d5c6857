"""Junk for a topic: batches as somebody else may write them, each made from its own chance."""

from __future__ import annotations

import gzip
import random
import struct
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import cramjam
from kafka.errors import LeaderNotAvailableError, RequestTimedOutError, RetriableError
from kafka.record.default_records import DefaultRecordBatchBuilder
from kafka.record.util import calc_crc32c
from kafka.structs import TopicPartition

from runtime.connections import KafkaSettings
from runtime.kafka.internals.produce_client import ProduceClient, produce_settings
from schemas import cloudevents
from schemas.codec import Codec
from schemas.events import Event
from schemas.ids import SchemaIds
from tests.fuzz.values import KEYS, PHONES, TEXTS, text
from tests.twins.events import call, contact, message, opt_out, opt_out_state, unrecognized

Headers = list[tuple[str, bytes | None]]
#: Key, value, headers.
Written = tuple[bytes | None, bytes | None, Headers]

_CODEC = Codec(SchemaIds.checked_in())
_HEADER = DefaultRecordBatchBuilder.HEADER_STRUCT
#: Stands in a header's name until bytes that are not UTF-8 take its place.
_PLACEHOLDER = "PLACEHOLDER"
_NOT_UTF_8 = b"\xff\xfe\xc3(\x80\x1b]\x07\xed\xa0\x80"


def java_snappy(data: bytes) -> bytes:
    """As Java's producers write it, and brokers demand it: blocks of 32 KiB behind a header."""
    blocks = [bytes(cramjam.snappy.compress_raw(data[at : at + 32768])) for at in range(0, len(data), 32768)]
    framed = b"".join(struct.pack(">i", len(block)) + block for block in blocks)
    return b"\x82SNAPPY\x00" + struct.pack(">ii", 1, 1) + framed


def unlinked_lz4(data: bytes) -> bytes:
    """As brokers demand it: no block refers to the one before it."""
    compressor = cramjam.lz4.Compressor(block_linked=False)
    compressor.compress(data)
    return bytes(compressor.finish())


COMPRESSORS: dict[int, Callable[[bytes], bytes]] = {
    0: lambda data: data,
    1: lambda data: gzip.compress(data, mtime=0),
    2: java_snappy,
    3: unlinked_lz4,
    4: lambda data: bytes(cramjam.zstd.compress(data)),
}


def batch(
    records: Sequence[Written],
    *,
    codec: int = 0,
    timestamp: int | None = None,
    compressed: bytes | None = None,
) -> bytes:
    """`records` as one batch; `compressed` stands in place of what they compress to."""
    builder = DefaultRecordBatchBuilder(2, 0, False, -1, -1, -1, 2**31)
    moment = int(time.time() * 1000) if timestamp is None else timestamp
    for number, (key, value, headers) in enumerate(records):
        builder.append(number, moment, key, value, headers)
    plain = bytes(builder.build())
    body = plain[_HEADER.size :].replace(_PLACEHOLDER.encode(), _NOT_UTF_8)
    body = COMPRESSORS[codec](body) if compressed is None else compressed
    fields = list(_HEADER.unpack_from(plain))
    fields[1], fields[5] = _HEADER.size - 12 + len(body), codec
    made = bytearray(_HEADER.pack(*fields) + body)
    struct.pack_into(">I", made, _HEADER.size - 44, calc_crc32c(memoryview(made)[_HEADER.size - 40 :]))
    return bytes(made)


def junk_batch(chance: random.Random, *, events: bool = True) -> bytes:
    """One to five records of any kind, compressed in any way, of any time; without `events`, none is about anybody."""
    values = _VALUES if events else _VALUES[:_UNDECODABLE]
    count = chance.choice((1, 1, 1, 2, 5))
    records = [
        (_key(chance, phones=events), chance.choice(values)(chance), _headers(chance, ours=events))
        for _ in range(count)
    ]
    past = chance.choice((None, None, None, 0, 1, 946_684_800_000, -1))
    return batch(records, codec=chance.randrange(5), timestamp=past)


def junk_value(chance: random.Random) -> bytes | None:
    """A value of any kind."""
    return chance.choice(_VALUES)(chance)


def large_batches() -> list[bytes]:
    """What is larger than a letter's topic takes, or than anybody's memory."""
    zeros = b"\x00" * 60_000_000
    return [
        batch([(b"k", zeros[:10_000_000], [])], codec=1),
        batch([(b"k", zeros, [])], codec=4),
        batch([(None, zeros, []), (b"k", b"v", [])], codec=1),
        batch([(zeros[:3000], None, [])]),
        batch([(b"\xff" * 1_000_000, b"", [])]),
        batch([(b"k", b"v", [("a", b"\xff" * 2_000_000)])]),
        batch([(b"k", b"v", [(f"n{number}", b"") for number in range(20_000)])]),
        batch([(None, b"\x00\x00\x00\x00\x01" + b"\x7f" * 2_090_000, [])]),
    ]


def put_batches(
    settings: KafkaSettings, batches: Sequence[tuple[TopicPartition, bytes]], *, patience: float
) -> tuple[int, int]:
    """Write `batches` as they are; how many Kafka took, and how many it refused. `patience` in seconds."""
    client = ProduceClient(produce_settings(settings, "hookline-tests-junk"))
    taken, waiting, deadline = 0, list(batches), time.monotonic() + patience
    renewed = time.monotonic()
    error: Any = None
    try:
        while waiting:
            assert time.monotonic() < deadline, f"{len(waiting)} batches are not written: {error!r}"
            place, data = waiting[0]
            error = LeaderNotAvailableError()
            if not client.partitions(place.topic) and time.monotonic() > renewed + 3:
                # As the producer does: a client may wait for ever for what it asked of a connection that was closed.
                client.close()
                client, renewed = ProduceClient(produce_settings(settings, "hookline-tests-junk")), time.monotonic()
            if client.partitions(place.topic):
                error = client.produce({place: data}, time.monotonic() + 10).get(place)
            # Whether a batch that takes the broker too long is there is not known, and not of interest.
            if isinstance(error, RetriableError) and not isinstance(error, RequestTimedOutError):
                client.wait(time.monotonic() + 0.1)
                continue
            del waiting[0]
            taken += error is None
    finally:
        client.close()
    return taken, len(batches) - taken


def _key(chance: random.Random, *, phones: bool) -> bytes | None:
    if not phones:
        return chance.choice((None, b"", b"\x00", b"\xff" * 300, b"%s%n", chance.randbytes(3)))
    return chance.choice(
        (
            None,
            b"",
            b"\x00",
            chance.randbytes(chance.randrange(40)),
            b"+1" + b"3" * chance.choice((3, 300, 3000)),
            chance.choice(PHONES).encode(),
            chance.choice(TEXTS).encode("utf-8", "surrogatepass"),
        )
    )


def _changed(chance: random.Random) -> bytes:
    """An event with some bytes changed."""
    encoded = bytearray(_CODEC.encode(_event(chance)))
    for _ in range(chance.choice((1, 3, 10))):
        encoded[chance.randrange(len(encoded))] = chance.randrange(256)
    return bytes(encoded)


def _cut_off(chance: random.Random) -> bytes:
    encoded = _CODEC.encode(_event(chance))
    return encoded[: chance.randrange(len(encoded))]


_VALUES: tuple[Callable[[random.Random], bytes | None], ...] = (
    lambda _: None,
    lambda chance: chance.choice((b"", b"\x00", b"\x00\x00\x00\x00", b"null", b"{}", b"\xff" * 5)),
    lambda chance: chance.randbytes(chance.randrange(200)),
    # Our wire format, with a schema of ours or none.
    lambda chance: struct.pack(">bI", 0, chance.choice((*range(8), 2**31, 2**32 - 1))) + chance.randbytes(30),
    lambda chance: text(chance).encode("utf-8", "replace") * chance.choice((1, 1, 500)),
    _cut_off,
    # What may be an event of somebody's.
    _changed,
    lambda chance: _CODEC.encode(_event(chance)),
)


#: How many of those are never events.
_UNDECODABLE = len(_VALUES) - 2


def _event(chance: random.Random) -> Event:
    """An event that ingest would not write."""
    odd: dict[str, Any] = {
        "payload": chance.choice(("", "x", "[" * 20_000, '"\\u0000"', "{}", "null", '{"a": ' + "9" * 5000 + "}")),
        "account": chance.choice(("", "a\x00b", "x" * 5000, "acme")),
        "contact_phone": chance.choice(("", "\x00", "+1" * 2000, "\u202e", "+13035550199")),
    }
    chosen: dict[str, Any] = {"event_id": UUID(int=chance.getrandbits(128))}
    if chance.random() < 0.2:
        chosen |= {"occurred_at": _moment(chance), "received_at": _moment(chance)}
    chosen |= {name: odd[name] for name in chance.sample(list(odd), chance.randrange(1, len(odd) + 1))}
    make: Callable[..., Event] = chance.choice(
        (message, contact, call, unrecognized, lambda **given: opt_out(True, **given))
    )
    if chance.random() < 0.1:
        return opt_out_state(chance.choice(("out", "in", "x", "")), chance.choice((-1, 0, 2**62)), **chosen)
    return make(**chosen)


def _moment(chance: random.Random) -> datetime:
    """A time of any year that there is, often one of the first or the last."""
    ends = (datetime.min, datetime.max, datetime(1, 1, 1, 4), datetime(9999, 12, 31), datetime(1970, 1, 1))  # noqa: DTZ001, DTZ901
    anywhere = datetime.min + chance.random() * (datetime.max - datetime.min)  # noqa: DTZ901
    return chance.choice((*ends, anywhere)).replace(tzinfo=UTC)


def _headers(chance: random.Random, *, ours: bool) -> Headers:
    """`ours`: some with headers of ingest's, by which an unreadable record's key counts as a phone."""
    names = ("", "ce_id", "ce_type", "dlq-redrive-count", "dlq-original-offset", "dlq-error-class", _PLACEHOLDER, "é")
    headers: Headers = []
    for _ in range(chance.choice((0, 0, 1, 3, 40))):
        name = chance.choice((*names, chance.choice(KEYS)))
        headers.append((name, chance.choice((None, b"", b"\x00\xff", b"9" * 5000, chance.randbytes(20)))))
    if ours and chance.random() < 0.2:  # some of ours, but not all
        headers += chance.sample(list(cloudevents.headers(message(event_id=UUID(int=chance.getrandbits(128))))), 3)
    return headers
