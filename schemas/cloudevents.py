"""CloudEvents 1.0 headers in the Kafka binding's binary mode (cloudevents.io, kafka-protocol-binding)."""

from __future__ import annotations

from datetime import UTC, datetime

from schemas.analytics_events import AnalyticsEvent
from schemas.events import Event

CONTENT_TYPE = b"application/avro"

#: The header of a record that waited in ingest's spool: since when, in microseconds since the epoch.
SPOOLED_AT = "hl-spooled-at"

#: What Kafka calls the headers of one record.
Headers = list[tuple[str, bytes]]

_SPECVERSION = ("ce_specversion", b"1.0")
_CONTENT_TYPE = ("content-type", CONTENT_TYPE)


def rfc3339(moment: datetime) -> str:
    """`moment` as RFC 3339 in UTC, with microseconds and a `Z`."""
    return moment.astimezone(UTC).isoformat("T", "microseconds")[: -len("+00:00")] + "Z"


def headers(event: Event | AnalyticsEvent) -> Headers:
    """The headers of `event`'s record."""
    return [
        _SPECVERSION,
        ("ce_id", str(event.event_id).encode()),
        ("ce_type", event.event_type.encode()),
        ("ce_source", f"/providers/{event.provider}/{event.account}".encode()),
        ("ce_time", rfc3339(event.occurred_at).encode()),
        _CONTENT_TYPE,
    ]
