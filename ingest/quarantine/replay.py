"""Bringing webhooks back from the quarantine: what each needs to be let in now, and the events that it becomes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid5

from ingest.event import event_of
from ingest.provider import EVENT_NAMESPACE, Provider, Reading, Unauthorized
from ingest.quarantine.store import QuarantinedWebhook
from ingest.request import WebhookRequest
from schemas.events import Event


@dataclass(frozen=True, slots=True)
class ReadAgain:
    """What a webhook says, read by the code of today."""

    readings: Sequence[Reading]
    storable: bool  #: nothing in it has to be replaced


def check_again(
    webhook: QuarantinedWebhook,
    provider: Provider,
    digest: Callable[[str], bytes],
    *,
    mended: bytes | None = None,
    public_url: str = "",
) -> ReadAgain:
    """What `webhook` says, if it is authentic by the secrets that are valid now.

    `mended`: what an operator says that its body means; the signature or secret that came still has to be right.
    `public_url`: the address that providers call. Raises Unauthorized, BadBody, BodyTooLarge.
    """
    if provider.settings.auth != "open":
        if webhook.secret_digest is None:
            provider.verify(_request(webhook, public_url, None if provider.is_signed else mended))
        elif webhook.secret_digest not in map(digest, provider.accepted_secrets):
            raise Unauthorized("wrong_secret")
    return read_again(webhook, provider, mended)


def read_again(webhook: QuarantinedWebhook, provider: Provider, mended: bytes | None = None) -> ReadAgain:
    """What `webhook` says, whoever sent it. Raises BadBody, BodyTooLarge."""
    request = _request(webhook, "", mended)
    readings = provider.parse(request)
    return ReadAgain(readings, request.storable)


def events_again(webhook: QuarantinedWebhook, provider: Provider, content: ReadAgain) -> list[Event]:
    """The events that `webhook` would have been, with its time of receipt, had it been let in with this `content`.

    They are the same events however often it is brought back.
    """
    return [
        event_of(
            provider, reading, _event_id(webhook, provider, reading, number), webhook.received_at, content.storable
        )
        for number, reading in enumerate(content.readings)
    ]


def _event_id(webhook: QuarantinedWebhook, provider: Provider, reading: Reading, number: int) -> UUID:
    """The id of the event with this `number` in its webhook.

    The first has the one that it was given when it came, unless nobody could read it then.
    """
    if number == 0 and webhook.identified:
        return webhook.event_id
    derived = provider.derived_id(reading)
    if derived is not None:
        return derived
    if number == 0:
        return webhook.event_id
    # Nothing identifies it: a UUIDv7 by its version, which says so, but the same at each replay of this webhook.
    unlike = uuid5(EVENT_NAMESPACE, f"{webhook.event_id}\n{webhook.received_at.isoformat()}\n{number}")
    return UUID(int=unlike.int & ~(0xF << 76) | 0x7 << 76)


def _request(webhook: QuarantinedWebhook, public_url: str, mended: bytes | None) -> WebhookRequest:
    path, _, query = webhook.target.partition("?")
    return WebhookRequest(
        webhook.kind,
        webhook.headers if mended is None else {},
        webhook.body if mended is None else mended,
        webhook.received_at,
        path=path,
        query=query,
        public_url=public_url,
    )
