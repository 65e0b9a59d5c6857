"""What becomes of a webhook, and how that looks on the wire."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import NamedTuple
from uuid import UUID

from ingest.durable.durability import Durability

JSON = "application/json"


class WebhookOutcome(NamedTuple):
    """What became of a webhook."""

    status: int
    error: str | None = None  #: a machine code, also in logs and metrics; None: every event is durable
    event_id: UUID | None = None  #: of the first event
    durability: Durability | None = None
    events: int = 1


class HttpAnswer(NamedTuple):
    """What a provider is told."""

    status: int
    body: bytes
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()  #: beside those that every answer has


JSON_OK = HttpAnswer(HTTPStatus.OK, b'{"ok":true}')


def refusal(outcome: WebhookOutcome) -> HttpAnswer:
    """What anybody is told whose webhook was not taken."""
    return HttpAnswer(outcome.status, json.dumps({"ok": False, "error": outcome.error}).encode())
