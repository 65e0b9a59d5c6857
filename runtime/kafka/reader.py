"""Reading a stretch of a topic once, outside of any consumer group: what an operator's tools need."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from kafka import KafkaConsumer as Client
from kafka import TopicPartition
from kafka.errors import KafkaTimeoutError

from runtime.connections import KafkaSettings
from runtime.kafka.connection import client_settings
from runtime.kafka.consumer import Partition, Record
from runtime.kafka.internals.batches import read_whatever_comes
from runtime.kafka.topics import Offsets

#: Seconds without any record, or any progress, after which the cluster counts as unreachable.
TIME_LIMIT_S = 10.0
_POLL_MS = 250


def read(
    settings: KafkaSettings,
    client_id: str,
    stretches: Mapping[Partition, Offsets],
    *,
    timeout: float = TIME_LIMIT_S,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Record]:
    """Every record of `stretches`, in order within each partition; ends where they end.

    What retention takes away meanwhile is passed over. Raises kafka.errors.KafkaTimeoutError when nothing has come
    for `timeout` seconds.
    """
    left = {
        TopicPartition(*partition): bounds.end for partition, bounds in stretches.items() if bounds.begin < bounds.end
    }
    if not left:
        return
    client: Any = Client(**reader_settings(settings, client_id))
    budget = read_whatever_comes(client)
    try:
        client.assign(list(left))
        for partition in left:
            client.seek(partition, stretches[Partition(*partition)].begin)
        positions = {partition: stretches[Partition(*partition)].begin for partition in left}
        deadline = clock() + timeout
        while left:
            budget.renew()
            polled = client.poll(timeout_ms=_POLL_MS)
            for partition, found in polled.items():
                for record in found:
                    if record.offset < left.get(partition, 0):
                        yield Record.of(record)
            # The position moves past what holds no record too: the marks of transactions, compacted offsets.
            now_at = {partition: client.position(partition) for partition in left}
            if now_at != positions:
                deadline = clock() + timeout
            elif clock() > deadline:
                topics = ", ".join(sorted({partition.topic for partition in left}))
                raise KafkaTimeoutError(f"nothing came for {timeout:g} s from {topics}")
            positions = now_at
            if done := [partition for partition, at in now_at.items() if at is not None and at >= left[partition]]:
                left = {partition: end for partition, end in left.items() if partition not in done}
                client.pause(*done)
    finally:
        client.close(autocommit=False)


def follow(settings: KafkaSettings, client_id: str, begin: Mapping[Partition, int]) -> Iterator[Record]:
    """Every record from the offsets `begin` on, as they come, for as long as the caller goes on."""
    client: Any = Client(**reader_settings(settings, client_id))
    budget = read_whatever_comes(client)
    try:
        client.assign([TopicPartition(*partition) for partition in begin])
        for partition, offset in begin.items():
            client.seek(TopicPartition(*partition), offset)
        while True:
            budget.renew()
            for found in client.poll(timeout_ms=_POLL_MS).values():
                yield from map(Record.of, found)
    finally:
        client.close(autocommit=False)


def reader_settings(settings: KafkaSettings, client_id: str) -> dict[str, Any]:
    """Every client setting that we rely on, made explicit."""
    return client_settings(settings, client_id) | {
        "group_id": None,
        "enable_auto_commit": False,
        "auto_offset_reset": "earliest",  # retention has taken what we were to read: go on with what is there
        "isolation_level": "read_committed",
        "allow_auto_create_topics": False,
        "max_poll_records": 500,
        "fetch_max_bytes": 8 * 1024 * 1024,
        "max_partition_fetch_bytes": 1024 * 1024,
        "fetch_max_wait_ms": 100,
        "check_crcs": True,
        "request_timeout_ms": 15_000,
        "metrics_enabled": False,
    }
