"""An event again, as its record was, from what the table `events` keeps: read by its provider's own code."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from ingest.event import record_of
from ingest.json_body import BadBody, read_json
from ingest.provider import Provider, provider_types
from ingest.request import WebhookRequest

if TYPE_CHECKING:
    from ingest.details import Details
    from processors.crm_sync.backfill import StoredEvent
    from schemas.events import Event


def event_again(stored: StoredEvent) -> Event | None:
    """The record that `stored` was; None where no provider of ours reads such an event (any more)."""
    provider = _providers().get(stored.provider)
    details = None if provider is None else _details(provider, stored)
    # What ingest found out when it came is kept: a setting may have changed since, such as the default region.
    return None if details is None else record_of(details, stored._asdict())


def _details(provider: Provider, stored: StoredEvent) -> Details | None:
    try:
        fields = read_json(stored.payload.encode()).fields
    except BadBody:
        return None
    for kind in (None, *sorted(provider.url_kinds)):  # the URL is not kept; its kind is whichever leads to the type
        for reading in provider.read(fields, WebhookRequest(kind, {}, b"", stored.received_at)):
            if reading.event_type.value == stored.event_type:
                return reading.details
    return None


@lru_cache(maxsize=1)
def _providers() -> dict[str, Provider]:
    return {name: kind(kind.settings_type()) for name, kind in provider_types().items()}
