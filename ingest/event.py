"""From a provider's reading to our event: what is the same whoever sent the webhook."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from ingest.json_body import Body
from ingest.provider import Headers, Provider, to_json
from ingest.sanitise import sanitised, without_secrets
from ingest.times import occurred
from runtime.phones import read_phone
from schemas.events import Event, EventType, Unrecognized


def event_of(
    provider: Provider,
    kind: str | None,
    body: Body,
    headers: Headers,
    receipt: datetime,
    *,
    event_id: UUID | None = None,
) -> Event:
    """The event in an authentic webhook, secret removed. Never refuses: what is odd is kept and flagged.

    `event_id`: the id that it was given when it came; None: it comes now.
    """
    fields = provider.without_secret(body.fields)
    moment = occurred(provider.time_in(fields), receipt)
    event_id = event_id or provider.event_id(kind, fields, headers, moment.own)
    was_sanitised = False
    if not body.storable:
        fields, was_sanitised = sanitised(fields)
    payload = to_json(fields)
    if any(_as_json(secret) in payload for secret in provider.secrets):
        fields = without_secrets(fields, provider.secrets)
        payload = to_json(fields)

    reading = provider.read(kind, fields, event_id, moment.own)
    phone = read_phone(reading.phone, provider.settings.default_region)
    account_phone = read_phone(reading.account_phone, provider.settings.default_region)
    common: dict[str, Any] = {
        "event_id": event_id,
        "event_type": reading.event_type.value,
        "provider": provider.name,
        "account": reading.account or provider.settings.account,
        "contact_phone": phone.number if phone else None,
        "phone_valid": phone.valid if phone else False,
        "account_phone": account_phone.number if account_phone else None,
        "occurred_at": moment.at,
        "time_valid": moment.valid,
        "received_at": receipt,
        "is_test": reading.is_test,
        "sanitised": was_sanitised,
        "payload": payload,
    }
    if phone is None or reading.event_type is EventType.UNRECOGNIZED:
        common["event_type"] = EventType.UNRECOGNIZED.value
        reason = "unknown_kind" if reading.event_type is EventType.UNRECOGNIZED else "no_phone"
        return Unrecognized(**common, kind=reading.kind, reason=reason)
    return reading.record(**common, **reading.details)


@lru_cache(maxsize=64)
def _as_json(secret: str) -> str:
    """How `secret` looks in a payload: quotes and backslashes are escaped there."""
    return to_json(secret)[1:-1]


def flags(event: Event) -> list[str]:
    """What was odd about `event`: the labels of a metric."""
    odd = (
        ("phone", event.contact_phone is not None and not event.phone_valid),
        ("time", not event.time_valid),
        ("sanitised", event.sanitised),
        ("test", event.is_test),
    )
    return [name for name, is_so in odd if is_so]
