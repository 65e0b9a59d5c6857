"""One record as `hookline tail` shows it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from ops.trace.masking import Masking
from runtime.kafka.consumer import Record
from schemas.codec import Codec, Undecodable
from schemas.events import Event, Message

#: What is shown of an event; those that hold personal data are masked (schemas/personal_data.py).
_SHOWN = (
    "event_id",
    "event_type",
    "provider",
    "account",
    "contact_phone",
    "occurred_at",
    "received_at",
    "is_test",
)
_SHOWN_OF_MESSAGES = ("direction", "state", "text")


def described(record: Record, codec: Codec, masking: Masking) -> dict[str, Any]:
    """What is shown of `record`; one that cannot be read is shown by its place, and why."""
    place = {"topic": record.topic, "partition": record.partition, "offset": record.offset}
    if record.unreadable is not None:
        return place | {"undecodable": record.unreadable}
    try:
        event = codec.decode(record.value)
    except Undecodable as error:
        return place | {"undecodable": str(error)}
    return _event(event, masking) | place


def _event(event: Event, masking: Masking) -> dict[str, Any]:
    names = (*_SHOWN, *(_SHOWN_OF_MESSAGES if isinstance(event, Message) else ()))
    shown = {name: masking.field(event, name) for name in names}
    return shown | ({"event": asdict(event)} if masking.reveal else {})


def line(shown: dict[str, Any]) -> str:
    """As people read it."""
    place = f"{shown['topic']}/{shown['partition']}/{shown['offset']}"
    if "undecodable" in shown:
        return f"{place}  cannot be read: {shown['undecodable']}"
    at: datetime = shown["received_at"]
    parts = [
        at.astimezone(UTC).isoformat(timespec="milliseconds"),
        shown["event_type"],
        f"{shown['provider']}/{shown['account']}",
        shown["contact_phone"] or "-",
        str(shown["event_id"]),
        place,
        shown.get("text") or "",
    ]
    return "  ".join(parts).rstrip()
