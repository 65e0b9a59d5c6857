"""Events as they come about and are stored: read from webhooks by ingest, folded into PostgreSQL by persist."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from ingest.event import events_of
from ingest.provider import provider_types
from ingest.request import WebhookRequest
from processors.engine.database import Database
from processors.persist import Persist, PersistSettings
from runtime.settings import Configuration
from schemas.events import Event
from tests.twins.opted_out import delivery


def webhook(provider: str, kind: str | None, receipt: datetime, *, region: str | None = "US", **fields: Any) -> Event:
    """The event that a webhook with these `fields` becomes; `timestamp`: the receipt's, unless it is given."""
    made = provider_types()[provider](provider_types()[provider].settings_type(default_region=region))
    reported = {"timestamp": int(receipt.timestamp() * 1000)} | fields
    [event] = events_of(made, WebhookRequest(kind, {}, json.dumps(reported).encode(), receipt))
    return event


def store(database: Database, events: Sequence[Event]) -> None:
    """Have persist take `events`, and nobody else."""
    persist = Persist(Configuration.of(PersistSettings()))
    for start in range(0, len(events), 2000):
        with database.transaction() as connection:
            persist.handle([delivery(event, n) for n, event in enumerate(events[start : start + 2000])], connection)
