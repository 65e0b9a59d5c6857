"""Batches that strangers write: each is read, or becomes one record that says why it was not."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Sequence

import cramjam
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka.record.default_records import DefaultRecordBatchBuilder
from kafka.record.util import calc_crc32c

from runtime.kafka.compression import NotDecompressed, decompressed
from runtime.kafka.internals.batches import HeaderName, PollBudget, ReadableBatch, UnreadableBatch
from tests.fuzz.junk import java_snappy, unlinked_lz4

_HEADER = DefaultRecordBatchBuilder.HEADER_STRUCT
_ATTRIBUTES = struct.Struct(">h")

Written = tuple[bytes | None, bytes | None, list[tuple[str, bytes | None]]]


def batch(records: Sequence[Written], *, codec: int = 0, compressed: bytes | None = None, offset: int = 0) -> bytes:
    """A batch as a broker has it, with `compressed` in place of its records."""
    builder = DefaultRecordBatchBuilder(2, 0, False, -1, -1, -1, 2**31)
    for number, (key, value, headers) in enumerate(records):
        builder.append(number, 1_700_000_000_000 + number, key, value, headers)
    plain = bytes(builder.build())
    body = plain[_HEADER.size :] if compressed is None else compressed
    fields = list(_HEADER.unpack_from(plain))
    fields[0], fields[1], fields[5] = offset, _HEADER.size - 12 + len(body), codec
    made = bytearray(_HEADER.pack(*fields) + body)
    struct.pack_into(">I", made, _HEADER.size - 44, calc_crc32c(memoryview(made)[_HEADER.size - 40 :]))
    return bytes(made)


def body_of(records: Sequence[Written]) -> bytes:
    return batch(records)[_HEADER.size :]


def found(received: bytes) -> list[Written]:
    made = ReadableBatch(bytearray(received))
    assert made.validate_crc()
    return [(record.key, record.value, record.headers) for record in made]


RECORDS: list[Written] = [
    (b"+13035550142", b"\x00\x00\x00\x00\x01abc", [("ce_id", b"1")]),
    (None, None, []),
    (b"", b"", [("", b""), ("null", None)]),
    (b"\xff\xfe", b"x" * 70_000, [("ä", b"\x00"), ("a" * 300, b"b" * 5_000)]),
]


COMPRESSED = [
    (1, gzip.compress),
    (2, lambda data: bytes(cramjam.snappy.compress_raw(data))),
    (2, java_snappy),
    (3, unlinked_lz4),
    (4, lambda data: bytes(cramjam.zstd.compress(data))),
]


def test_an_ordinary_batch_is_read_as_the_client_reads_it() -> None:
    assert found(batch(RECORDS)) == RECORDS


@pytest.mark.parametrize(("codec", "compress"), COMPRESSED, ids=["gzip", "snappy", "snappy-java", "lz4", "zstd"])
def test_every_codec_is_read(codec: int, compress: object) -> None:
    data = compress(body_of(RECORDS))  # type: ignore[operator]
    assert found(batch(RECORDS, codec=codec, compressed=data)) == RECORDS


@pytest.mark.parametrize(("codec", "compress"), COMPRESSED, ids=["gzip", "snappy", "snappy-java", "lz4", "zstd"])
def test_a_batch_that_would_fill_the_memory_is_one_record(codec: int, compress: object) -> None:
    # Given 20 MB in a few kilobytes, between nothing
    bomb = compress(body_of([(None, b"\x00" * 20_000_000, [])]))  # type: ignore[operator]
    received = batch([(None, b"", [])] * 3, codec=codec, compressed=bomb, offset=40)
    # Then one record stands for it, at its last offset, with the batch as it came
    [record] = ReadableBatch(bytearray(received))
    assert isinstance(record.value, UnreadableBatch)
    assert (record.offset, record.key, bytes(record.value), record.headers) == (42, None, received, [])
    assert record.value.reason.startswith("NotDecompressed")


@pytest.mark.parametrize("codec", range(1, 8))
def test_damaged_data_and_unknown_codecs_are_one_record(codec: int) -> None:
    received = batch(RECORDS, codec=codec, compressed=b"\x00\x01 not compressed at all")
    [record] = ReadableBatch(bytearray(received))
    assert isinstance(record.value, UnreadableBatch)
    assert record.offset == len(RECORDS) - 1


def test_a_header_name_that_is_not_utf_8_keeps_its_bytes() -> None:
    # Given a name of four bytes, which are replaced by four that are not UTF-8, between records that are ordinary
    name = b"\xff\x00\xc3\x28"
    middle: Written = (b"k", b"v", [("NAME", b"1"), ("b", None)])
    written = [RECORDS[0], middle, RECORDS[3]]
    received = batch(written, compressed=body_of(written).replace(b"NAME", name))
    # When it is read
    first, odd, last = found(received)
    # Then nothing else is different, and what is written again is what was read
    assert (first, last) == (RECORDS[0], RECORDS[3])
    assert odd[:2] == (b"k", b"v")
    [(read_name, value), other] = odd[2]
    assert isinstance(read_name, HeaderName)
    assert (read_name, read_name.encode(), value, other) == ("\\xff\x00\\xc3(", name, b"1", ("b", None))
    assert batch([first, odd, last]) == batch(written, compressed=body_of(written).replace(b"NAME", name))


@given(st.binary(max_size=300), st.integers(0, 7), st.integers(1, 5))
def test_whatever_the_bytes_are_nothing_is_raised_and_the_batch_ends(body: bytes, codec: int, count: int) -> None:
    made = ReadableBatch(bytearray(batch([(None, b"", [])] * count, codec=codec, compressed=body, offset=7)))
    records = list(made)
    assert len(records) <= count + 1
    assert all(isinstance(record.value, UnreadableBatch) for record in records[count:])


def test_decompressing_stops_at_the_limit() -> None:
    assert decompressed(1, gzip.compress(b"a" * 100), 100) == b"a" * 100
    for codec, compress in COMPRESSED:
        with pytest.raises(NotDecompressed):
            decompressed(codec, compress(b"a" * 101), 100)


def test_a_budget_is_renewed_with_every_poll() -> None:
    budget = PollBudget()
    budget.spend(64 * 1024 * 1024)
    assert budget.is_spent
    budget.renew()
    assert not budget.is_spent
