"""An event again, as its record was, from what the table `events` keeps: read by its provider's own code."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from ingest.json_body import BadBody, read_object
from ingest.provider import Provider, Reading, provider_types
from ingest.times import occurred

if TYPE_CHECKING:
    from processors.crm_sync.backfill import Stored
    from schemas.events import Event


def event_again(stored: Stored) -> Event | None:
    """The record that `stored` was; None where no provider of ours reads such an event (any more)."""
    provider = _providers().get(stored.provider)
    reading = None if provider is None else _reading(provider, stored)
    if reading is None:
        return None
    # What ingest found out when it came is kept: a setting may have changed since, such as the default region.
    return reading.record(**stored._asdict(), **reading.details)


def _reading(provider: Provider, stored: Stored) -> Reading | None:
    try:
        fields = read_object(stored.payload.encode()).fields
    except BadBody:
        return None
    own_time = occurred(provider.time_in(fields), stored.received_at).own
    for kind in (None, *sorted(provider.url_kinds)):  # the URL is not kept; its kind is whichever leads to the type
        reading = provider.read(kind, fields, stored.event_id, own_time)
        if reading.event_type.value == stored.event_type:
            return reading
    return None


@lru_cache(maxsize=1)
def _providers() -> dict[str, Provider]:
    return {name: kind(kind.settings_type()) for name, kind in provider_types().items()}
