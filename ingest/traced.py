"""A webhook within its trace: what the request's `traceparent` says, or a trace of its own."""

from __future__ import annotations

from collections.abc import Sequence

from ingest.answers import WebhookOutcome
from ingest.durable.durability import Durability
from ingest.durable.publisher import Publisher
from ingest.provider import Provider
from ingest.quarantine.keeping import Quarantine
from ingest.request import WebhookRequest
from ingest.webhooks import receive
from runtime.tracing import TraceContext, span
from schemas.events import Event

_SERVER_ERROR = 500


class TracedPublisher:
    """A publisher whose work is a span; the records carry it, so that what follows hangs on it."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher

    def publish_all(self, events: Sequence[Event]) -> Durability:
        """Return once all `events` are safe. Raises Unavailable."""
        with span("make durable", events=len(events), event_id=str(events[0].event_id)) as running:
            durability = self._publisher.publish_all(events)
            running.say(durability=durability.value, event_type=events[0].event_type)
        return durability


def receive_traced(
    provider: Provider,
    request: WebhookRequest,
    publisher: Publisher,
    quarantine: Quarantine,
    parent: TraceContext | None,
) -> WebhookOutcome:
    """As `receive`. `parent`: of the request; None: it has none that is valid. Raises BodyTooLarge."""
    with span("receive webhook", parent, provider=provider.name, kind=request.kind) as running:
        outcome = receive(provider, request, TracedPublisher(publisher), quarantine)
        running.say(status=outcome.status)
        running.failed = outcome.status >= _SERVER_ERROR
    return outcome
