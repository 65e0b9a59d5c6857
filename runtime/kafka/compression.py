"""Decompressing Kafka's batches, no further than memory allows.

Our own producer does not compress, but whoever else may write to a topic chooses a codec, and a batch of 2 MiB may
stand for gigabytes of zeros. Format: kafka.apache.org/documentation/#recordbatch (attributes, bits 0 to 2).
"""

from __future__ import annotations

import gzip
from io import BytesIO
from typing import Any

import cramjam

#: The most bytes that one batch may decompress to: eight times the largest record that our topics take.
MAX_DECOMPRESSED_BYTES = 16 * 1024 * 1024

#: Java's producers put snappy's blocks behind this header and two version numbers (github.com/xerial/snappy-java).
_XERIAL_MAGIC = b"\x82SNAPPY\x00"
_XERIAL_HEADER_BYTES = 16


class NotDecompressed(ValueError):
    """Set the batch aside whole: its codec is unknown, its data is damaged, or it would take too much memory."""


def decompressed(codec: int, data: bytes, limit: int = MAX_DECOMPRESSED_BYTES) -> bytearray:
    """`data` as it was before `codec` (Kafka's number: 1 gzip, 2 snappy, 3 lz4, 4 zstd). Raises NotDecompressed."""
    try:
        if codec == 1:
            return _gunzipped(data, limit)
        if codec == 2:
            return _snappy(data, limit)
        if codec == 3:
            return _into(cramjam.lz4.decompress_into, data, limit)
        if codec == 4:
            return _into(cramjam.zstd.decompress_into, data, limit)
    except (cramjam.DecompressionError, OSError, EOFError, ValueError) as error:
        # cramjam has no error of its own for a buffer that is too small.
        raise NotDecompressed(f"codec {codec}, {len(data)} bytes: damaged, or more than {limit} bytes") from error
    raise NotDecompressed(f"no codec has the number {codec}")


def _gunzipped(data: bytes, limit: int) -> bytearray:
    with gzip.GzipFile(fileobj=BytesIO(data)) as file:
        found = bytearray(file.read(limit + 1))
    if len(found) > limit:
        raise ValueError("too large")
    return found


def _snappy(data: bytes, limit: int) -> bytearray:
    if not data.startswith(_XERIAL_MAGIC):
        return _into(cramjam.snappy.decompress_raw_into, data, limit)
    found = bytearray()
    at = _XERIAL_HEADER_BYTES
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        at += 4
        found += _into(cramjam.snappy.decompress_raw_into, data[at : at + size], limit - len(found))
        at += size
    return found


def _into(decompress_into: Any, data: bytes, limit: int) -> bytearray:
    output = bytearray(limit)  # not touched, so not in memory, before it is written to
    written = decompress_into(data, output)
    del output[written:]
    return output
