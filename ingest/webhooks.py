"""What happens to a webhook. Read this file first.

1. The provider verifies the request: a signature over the raw body, before anything reads it.
2. `read_body` reads the body: strictly JSON, an object, not too deep and not too much.
3. The provider verifies the secret where it stands in the body.
4. `event_of` makes the event: identity, phone, times, flags; the secret is gone from here on.
5. The publisher makes it durable and only then returns; then, and only then, the answer is 200.

What does not verify is answered 401, what cannot be read 400; both are quarantined, because the mistake may be ours.
Whatever is authentic is kept: an odd phone, time or number is flagged, an unknown kind becomes `unrecognized`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import NamedTuple
from uuid import UUID

from ingest.event import event_of, flags
from ingest.json_body import BadBody, read_body
from ingest.provider import Headers, Provider, Unauthorized
from ingest.publisher import Durability, Publisher, Unavailable
from ingest.quarantine import NoQuarantine, Quarantine
from runtime import metrics
from runtime.counted_log import CountedLog
from runtime.logs import logger

log = logger("ingest.webhooks")
refusals = CountedLog(log)

#: Seconds after which a provider may try again, where it tries again at all.
RETRY_AFTER = 5
NO_QUARANTINE = NoQuarantine()


class Answer(NamedTuple):
    """What ingest tells the provider."""

    status: int
    error: str | None = None  #: a machine code, also in logs and metrics
    event_id: UUID | None = None
    durability: Durability | None = None


def receive(
    provider: Provider,
    kind: str | None,
    headers: Headers,
    body: bytes,
    *,
    publisher: Publisher,
    now: Callable[[], datetime],
    quarantine: Quarantine = NO_QUARANTINE,
) -> Answer:
    """Take one webhook of `provider`; `kind` is the URL's last segment where it has one. Raises BodyTooLarge."""
    try:
        provider.verify_headers(headers, body)
        content = read_body(headers, body)
        provider.verify_body(kind, content.fields)
        event = event_of(provider, kind, content, headers, now())
        durability = publisher.publish(event)
    except Unauthorized as refusal:
        quarantine.keep(provider, kind, headers, body, str(refusal), now())
        return _refused(provider, kind, 401, str(refusal))
    except BadBody as refusal:
        quarantine.keep(provider, kind, headers, body, str(refusal), now())
        return _refused(provider, kind, 400, str(refusal))
    except Unavailable as failure:
        log.error("webhook_not_durable", provider=provider.name, kind=kind, reason=str(failure))
        return _refused(provider, kind, 503, str(failure))
    _counter(provider.name, event.event_type, durability)()
    for flag in flags(event):
        metrics.FLAGGED.labels(provider.name, flag).inc()
    return Answer(200, event_id=event.event_id, durability=durability)


@cache  # labels() costs 1 us at each call, measured
def _counter(provider: str, event_type: str, durability: Durability) -> Callable[[], None]:
    return metrics.EVENTS.labels(provider, event_type, durability.value).inc


def _refused(provider: Provider, kind: str | None, status: int, reason: str) -> Answer:
    metrics.REFUSED.labels(provider.name, reason).inc()
    refusals.warning("webhook_refused", provider=provider.name, kind=kind, status=status, reason=reason)
    return Answer(status, error=reason)
