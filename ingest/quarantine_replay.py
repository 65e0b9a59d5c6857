"""Bringing webhooks back from the quarantine: what each needs to be let in now, and the event that it becomes."""

from __future__ import annotations

from collections.abc import Callable

from ingest.event import event_of
from ingest.json_body import Body, read_body
from ingest.provider import Provider, Unauthorized
from ingest.quarantine_store import KeptWebhook
from ingest.times import occurred
from schemas.events import Event, is_derived


def check_again(
    webhook: KeptWebhook, provider: Provider, digest: Callable[[str], bytes], *, mended: bytes | None = None
) -> Body:
    """The content of `webhook`, if it is authentic by the secrets that are valid now.

    `mended`: what an operator says that its body means; the signature or secret that came still has to be right.
    Raises Unauthorized, BadBody, BodyTooLarge.
    """
    provider.verify_headers(webhook.headers, webhook.body)
    is_checked = provider.settings.auth == "open"
    if webhook.secret_digest is not None and not is_checked:
        if webhook.secret_digest not in map(digest, provider.secrets):
            raise Unauthorized("wrong_secret")
        is_checked = True
    content = read_again(webhook, mended)
    if not is_checked:
        provider.verify_body(webhook.kind, content.fields)
    return content


def read_again(webhook: KeptWebhook, mended: bytes | None = None) -> Body:
    """The content of `webhook`, whoever sent it. Raises BadBody, BodyTooLarge."""
    return read_body(webhook.headers, webhook.body) if mended is None else read_body({}, mended)


def event_again(webhook: KeptWebhook, provider: Provider, content: Body) -> Event:
    """The event that `webhook` would have been, with its time of receipt, had it been let in with this `content`.

    It is the same event however often it is brought back.
    """
    event_id = webhook.event_id
    if not webhook.identified:  # nobody could read it when it was kept: by now its content may identify it
        fields = provider.without_secret(content.fields)
        own_time = occurred(provider.time_in(fields), webhook.received_at).own
        found = provider.event_id(webhook.kind, fields, webhook.headers, own_time)
        event_id = found if is_derived(found) else event_id
    return event_of(provider, webhook.kind, content, webhook.headers, webhook.received_at, event_id=event_id)
