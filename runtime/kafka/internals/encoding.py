"""Records as Kafka's bytes, and the partition of a key: what kafka-python's producer has no function for."""

from __future__ import annotations

import time
from collections.abc import Iterable
from functools import lru_cache
from typing import Protocol

from kafka.partitioner.default import murmur2
from kafka.record.default_records import DefaultRecordBatchBuilder

from schemas.cloudevents import Headers


class Encodable(Protocol):
    """What a record is made of."""

    @property
    def key(self) -> bytes | None:
        """None: it has none."""

    @property
    def value(self) -> bytes | None:
        """None: it has none."""

    @property
    def headers(self) -> Headers:
        """In their order."""


def encoded_batch(records: Iterable[Encodable]) -> bytes:
    """`records` as one batch: not compressed, so that what ends in a log is what was sent, byte for byte."""
    builder = DefaultRecordBatchBuilder(
        magic=2,
        compression_type=0,
        is_transactional=False,
        producer_id=-1,
        producer_epoch=-1,
        base_sequence=-1,
        batch_size=2**31,
    )
    now = time.time_ns() // 1_000_000
    for offset, record in enumerate(records):
        builder.append(offset, now, record.key, record.value, record.headers)
    return bytes(builder.build())


@lru_cache(maxsize=50_000)
def hash_of_key(key: bytes) -> int:
    """As Java's default partitioner has it, not negative."""
    return int(murmur2(key)) & 0x7FFFFFFF  # 10 us in Python; remembered it is 0.1
