"""The Publisher of a command on a node where no service runs: an event is on Kafka, or nothing has become of it."""

from __future__ import annotations

from collections.abc import Sequence

from ingest.durable.durability import Durability
from ingest.durable.publisher import Unavailable, outgoing
from ingest.durable.record_numbers import RecordNumbers
from runtime.kafka.producer import BulkProducer
from schemas.codec import Codec
from schemas.events import Event

#: Seconds that Kafka has to confirm what is published together.
TIMEOUT = 10.0


class KafkaPublisher:
    """Past the spool: nobody would drain it, and a gate that relies on the node's last word would not know of it."""

    def __init__(self, producer: BulkProducer, codec: Codec, numbers: RecordNumbers) -> None:
        self._producer = producer
        self._codec = codec
        self._numbers = numbers

    def publish_all(self, events: Sequence[Event]) -> Durability:
        """Return once Kafka has confirmed all `events`. Raises Unavailable: then some may be on Kafka all the same."""
        records = [outgoing(event, self._codec, self._numbers) for event in events]
        outcomes = self._producer.publish_all(records, timeout=TIMEOUT)
        if failures := [type(outcome).__name__ for outcome in outcomes if outcome is not None]:
            raise Unavailable(f"{len(failures)} of {len(records)} records: {failures[0]}")
        for record, event in zip(records, events, strict=True):
            self._numbers.count_event(record, event.received_at, spooled=False)
        return Durability.KAFKA
