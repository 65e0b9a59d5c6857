"""Which records are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from runtime.kafka.consumer import Record
from runtime.phone_lookup import Match, NumberQuery


@dataclass(slots=True)
class RecordSelection:
    """What records have to be, to be taken; None: that does not matter."""

    since: datetime | None = None  #: received from then on
    until: datetime | None = None  #: received before
    event_type: str | None = None
    phone: NumberQuery | None = None
    _taken: set[bytes] = field(default_factory=set)

    def select(self, records: Iterable[Record], received_at: Callable[[Record], datetime]) -> Iterator[Record]:
        """Those of `records` that are asked for, each event once."""
        for record in records:
            event_id = dict(record.headers).get("ce_id")
            if record.value is None or event_id is None or not self.matches(record) or event_id in self._taken:
                continue
            received = received_at(record)
            if (self.since is None or received >= self.since) and (self.until is None or received < self.until):
                self._taken.add(event_id)
                yield record

    def matches(self, record: Record) -> bool:
        """Whether the type and the phone of `record` are those that are asked for."""
        if self.event_type is not None and dict(record.headers).get("ce_type") != self.event_type.encode():
            return False
        if self.phone is None:
            return True
        key = (record.key or b"").decode("utf-8", "replace")
        return bool(key) and self.phone.match(key) is Match.SAME
