"""What happens to a webhook. Read this file first.

1. The provider verifies the request: a signature over its bytes, or the secret in a header or in the body.
2. The provider parses it: any number of readings, one an event.
3. `events_of` makes the events: identity, phone, times, flags; the secret is gone from here on.
4. The publisher makes all of them durable and only then returns; then, and only then, the answer is 200.

What does not verify is answered 401, what cannot be read 400; both are quarantined, because the mistake may be ours.
Whatever is authentic is kept: an odd phone, time or number is flagged, an unknown kind becomes `unrecognized`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from ingest.answers import WebhookOutcome
from ingest.durable.durability import Durability
from ingest.durable.publisher import Publisher, Unavailable
from ingest.event import events_of, flags
from ingest.json_body import BadBody
from ingest.provider import Provider, Unauthorized
from ingest.quarantine.keeping import NoQuarantine, Quarantine
from ingest.request import WebhookRequest
from runtime import metrics
from runtime.counted_log import CountedLog
from runtime.logs import logger

log = logger("ingest.webhooks")
refusals = CountedLog(log)

#: Seconds after which a provider may try again, where it tries again at all.
RETRY_AFTER = 5
NO_QUARANTINE = NoQuarantine()


def receive(
    provider: Provider, request: WebhookRequest, publisher: Publisher, quarantine: Quarantine = NO_QUARANTINE
) -> WebhookOutcome:
    """Take one webhook of `provider`. Raises BodyTooLarge."""
    try:
        provider.verify(request)
        events = events_of(provider, request)
        durability = publisher.publish_all(events)
    except Unauthorized as refusal:
        quarantine.keep(provider, request, str(refusal))
        return _refused(provider, request, 401, str(refusal))
    except BadBody as refusal:
        quarantine.keep(provider, request, str(refusal))
        return _refused(provider, request, 400, str(refusal))
    except Unavailable as failure:
        log.error("webhook_not_durable", provider=provider.name, kind=request.kind, reason=str(failure))
        return _refused(provider, request, 503, str(failure))
    for event in events:
        _counter(provider.name, event.event_type, durability)()
        for flag in flags(event):
            metrics.FLAGGED.labels(provider.name, flag).inc()
    return WebhookOutcome(200, event_id=events[0].event_id, durability=durability, events=len(events))


@cache  # labels() costs 1 us at each call, measured
def _counter(provider: str, event_type: str, durability: Durability) -> Callable[[], None]:
    return metrics.EVENTS.labels(provider, event_type, durability.value).inc


def _refused(provider: Provider, request: WebhookRequest, status: int, reason: str) -> WebhookOutcome:
    metrics.REFUSED.labels(provider.name, reason).inc()
    refusals.warning("webhook_refused", provider=provider.name, kind=request.kind, status=status, reason=reason)
    return WebhookOutcome(status, error=reason)
