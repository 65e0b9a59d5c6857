"""From a provider's reading to our event: what is the same whoever sent the webhook."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache, partial
from typing import Any
from uuid import UUID

from ingest.details import RECORD_OF, Details
from ingest.provider import Provider, Reading, to_json
from ingest.request import WebhookRequest
from ingest.sanitise import is_ordinary, sanitised, without_secrets
from runtime.phones import read_phone
from schemas.events import Event, EventType, Unrecognized


def events_of(provider: Provider, request: WebhookRequest) -> list[Event]:
    """The events in an authentic webhook, secret removed. What is odd is kept and flagged.

    Raises BadBody, BodyTooLarge where nobody can read it.
    """
    readings, receipt = provider.parse(request), request.received_at
    return [event_of(provider, reading, provider.event_id(reading), receipt, request.storable) for reading in readings]


def event_of(provider: Provider, reading: Reading, event_id: UUID, receipt: datetime, storable: bool) -> Event:
    """The event that `reading` is. `storable`: nothing in it has to be replaced."""
    was_sanitised = False
    if not storable:
        was_sanitised = sanitised(reading.fields)[1]
        if was_sanitised:
            reading = _cleaned(reading, lambda node: sanitised(node)[0])
    payload = to_json(reading.fields)
    secrets = provider.secrets
    for secret in secrets:
        if _as_json(secret) in payload:
            spared = {secret for secret in secrets if _may_be_meant(secret, reading)}
            reading = _cleaned(reading, partial(without_secrets, secrets=secrets, spared=spared))
            payload = to_json(reading.fields)
            break

    phone = read_phone(reading.phone, provider.settings.default_region)
    ours = reading.account_phone
    account_phone = None if ours is None else read_phone(ours, provider.settings.default_region)
    common: dict[str, Any] = {
        "event_id": event_id,
        "event_type": reading.event_type.value,
        "provider": provider.name,
        "account": reading.account or provider.settings.account,
        "contact_phone": phone.number if phone else None,
        "phone_valid": phone.valid if phone else False,
        "account_phone": account_phone.number if account_phone else None,
        "occurred_at": reading.moment.at,
        "time_valid": reading.moment.valid,
        "received_at": receipt,
        "is_test": reading.is_test,
        "sanitised": was_sanitised,
        "payload": payload,
    }
    if phone is None or reading.details is None:
        common["event_type"] = EventType.UNRECOGNIZED.value
        reason = "unknown_kind" if reading.details is None else "no_phone"
        return Unrecognized(**common, kind=reading.kind, reason=reason)
    return record_of(reading.details, common)


def record_of(details: Details, common: dict[str, Any]) -> Event:
    """The record of an event with these `details` and what all events have in `common`."""
    own = details._asdict()
    if own.get("message_key", "") is None:
        own["message_key"] = f"{common['provider']}:{common['event_id']}"
    return RECORD_OF[type(details)](**common, **own)


def _cleaned(reading: Reading, clean: Callable[[Any], Any]) -> Reading:
    details = reading.details
    return reading._replace(
        fields=clean(reading.fields),
        kind=clean(reading.kind),
        details=None
        if details is None
        else details._replace(**{name: clean(value) for name, value in details._asdict().items()}),
        phone=clean(reading.phone),
        account_phone=clean(reading.account_phone),
        account=clean(reading.account),
    )


def _may_be_meant(secret: str, reading: Reading) -> bool:
    """Whether a value that is a short `secret` and nothing more may be what a person wrote or what the event says.

    A stop must never be lost to a secret that is the word "stop".
    """
    details = None if reading.details is None else reading.details._asdict()
    said: tuple[Any, ...] = (reading.phone, reading.account_phone)
    if details is not None:
        said += tuple(details.values()) if is_ordinary(secret) else (details.get("text"),)
    elif is_ordinary(secret):
        return True  # of a kind that is not known: opt-out reads every text in it
    return secret in (*said, reading.kind, reading.account)


@lru_cache(maxsize=64)
def _as_json(secret: str) -> str:
    """How `secret` looks in a payload: quotes and backslashes are escaped there."""
    return to_json(secret)[1:-1]


def flags(event: Event) -> Sequence[str]:
    """What was odd about `event`: the labels of a metric."""
    is_phone_odd = event.contact_phone is not None and not event.phone_valid
    if event.time_valid and not (is_phone_odd or event.sanitised or event.is_test):
        return ()
    odd = (
        ("phone", is_phone_odd),
        ("time", not event.time_valid),
        ("sanitised", event.sanitised),
        ("test", event.is_test),
    )
    return [name for name, is_so in odd if is_so]
