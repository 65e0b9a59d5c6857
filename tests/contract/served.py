"""Ingest's application with players' providers, and the events that it published."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from flask.testing import FlaskClient

from ingest.app import create_app
from ingest.durable.publisher import Durability
from ingest.endpoint import WebhookEndpoint
from runtime.admin import Readiness
from schemas.events import Event
from tests.contract.players import ADDRESS, NEW_SECRET, PLAYERS


class PublishedEvents:
    """A publisher that keeps events, or fails where it is given a failure."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.failure: Exception | None = None
        self.durability = Durability.KAFKA

    def publish_all(self, events: Sequence[Event]) -> Durability:
        if self.failure:
            raise self.failure
        self.events += events
        return self.durability


def served_client(
    published: PublishedEvents, *names: str, ready: Readiness = Readiness(True), **settings: Any
) -> FlaskClient:
    """A client of ingest that has the providers `names` (default: every one), each with NEW_SECRET and `settings`."""
    providers = [PLAYERS[name].provider(NEW_SECRET, **settings) for name in names or sorted(PLAYERS)]
    endpoint = WebhookEndpoint(providers, published, lambda: datetime.now(UTC), public_url=ADDRESS)
    return create_app(endpoint, lambda: ready).test_client()
