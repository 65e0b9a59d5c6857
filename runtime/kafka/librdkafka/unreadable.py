"""Reading on where librdkafka cannot: by kafka-python, which makes a record of every batch (internals/batches.py).

librdkafka answers a batch whose checksum, codec or magic is wrong with an error, and confluent_kafka fails at a header
whose name is not UTF-8. Both are rare, so the connection is made for the occasion.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from kafka import KafkaConsumer as Client
from kafka import TopicPartition
from kafka.errors import KafkaError

from runtime import logs
from runtime.connections import KafkaSettings
from runtime.kafka.consumer import Partition, Record
from runtime.kafka.internals.batches import read_whatever_comes
from runtime.kafka.reader import reader_settings

log = logs.logger("runtime.kafka.librdkafka.unreadable")

#: Seconds that one reading may take: the group's members hear from us meanwhile.
TIME_LIMIT = 5.0
#: The most records that one reading returns.
MAX_RECORDS = 500


def read_from(
    settings: KafkaSettings,
    client_id: str,
    partition: Partition,
    offset: int,
    *,
    clock: Callable[[], float] = time.monotonic,
) -> tuple[list[Record], int]:
    """The next records of `partition` from `offset` on, and the offset behind them and behind what was passed over.

    None, and `offset` itself, where Kafka did not answer in time.
    """
    place, deadline = TopicPartition(*partition), clock() + TIME_LIMIT
    made = reader_settings(settings, client_id) | {"auto_offset_reset": "none", "max_poll_records": MAX_RECORDS}
    client: Any = Client(**made)
    try:
        read_whatever_comes(client)
        client.assign([place])
        client.seek(place, offset)
        while clock() < deadline:
            found = [Record.of(received) for received in client.poll(timeout_ms=250).get(place, [])]
            position = client.position(place)
            if position is not None and position > offset:
                return found, int(position)
    except KafkaError as error:
        log.info("not_read", topic=partition.topic, partition=partition.number, error=type(error).__name__)
    finally:
        client.close(autocommit=False)
    return [], offset
