"""The Publisher of a command beside a running service: an event goes to the end of the service's spool."""

from __future__ import annotations

from collections.abc import Sequence

from ingest.durable.durability import Durability
from ingest.durable.publisher import Unavailable, outgoing
from ingest.durable.record_numbers import RecordNumbers
from ingest.durable.spool.database import SpoolUnavailable
from ingest.durable.spool.store import Spool
from schemas.codec import Codec
from schemas.events import Event


class SpoolPublisher:
    """The service's replayer brings to Kafka what is published here, at once or when there is one."""

    def __init__(self, spool: Spool, codec: Codec, numbers: RecordNumbers) -> None:
        self._spool = spool
        self._codec = codec
        self._numbers = numbers

    def publish_all(self, events: Sequence[Event]) -> Durability:
        """Return once all `events` are durable. Raises Unavailable: then none is."""
        records = [outgoing(event, self._codec, self._numbers) for event in events]
        try:
            self._spool.append(records)
        except SpoolUnavailable as failure:
            raise Unavailable(str(failure)) from failure
        for record, event in zip(records, events, strict=True):
            self._numbers.count_event(record, event.received_at, spooled=True)
        return Durability.SPOOL
