"""One replay of the quarantine: what verifies now becomes durable, a group at a time, and is marked as replayed."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple
from uuid import UUID

from ingest.content_coding import BadBody, BodyTooLarge
from ingest.durable.publisher import Publisher
from ingest.provider import Provider, Unauthorized
from ingest.quarantine.replay import ReadAgain, check_again, events_again, read_again
from ingest.quarantine.store import QuarantinedWebhook, QuarantineStore
from schemas.events import Event

#: Webhooks that become durable together: one write to the spool.
GROUP = 200
#: What is said of a webhook that is fine.
GOOD = ("replayed", "authentic", "would replay")


class EnabledProviders(NamedTuple):
    """What webhooks are verified by now."""

    providers: dict[str, Provider]
    public_url: str  #: the address that providers call


class Replaying:
    """One run."""

    def __init__(
        self,
        store: QuarantineStore,
        enabled: EnabledProviders,
        publisher: Publisher | None,
        *,
        force: bool = False,
        body: bytes | None = None,
    ) -> None:
        """`publisher` None: only tell what would happen; `body`: what the webhooks mean, instead of their own."""
        self._store = store
        self._enabled = enabled
        self._publisher = publisher
        self._force = force
        self._body = body

    def replay_quarantined(self, webhooks: Sequence[QuarantinedWebhook]) -> list[tuple[QuarantinedWebhook, str]]:
        """Make those of `webhooks` durable that may be, together; each with what became of it. Raises Unavailable."""
        verdicts: list[tuple[QuarantinedWebhook, str]] = []
        events: dict[int, list[Event]] = {}
        new_ids: dict[int, UUID] = {}
        for webhook in webhooks:
            verdict, content = checked(webhook, self._enabled, self._store, force=self._force, body=self._body)
            if content is not None and self._publisher is not None:
                verdict = "replayed"
                events[webhook.id] = events_again(webhook, self._enabled.providers[webhook.provider], content)
                if not webhook.identified:
                    new_ids[webhook.id] = events[webhook.id][0].event_id
            verdicts.append((webhook, verdict))
        if events and self._publisher is not None:
            # First the ids: should this be repeated after a crash, each event has the one that it had before.
            self._store.identify(new_ids)
            self._publisher.publish_all(list(chain.from_iterable(events.values())))
            self._store.mark_replayed(*events)
        return verdicts


def checked(
    webhook: QuarantinedWebhook,
    enabled: EnabledProviders,
    store: QuarantineStore,
    *,
    force: bool = False,
    body: bytes | None = None,
) -> tuple[str, ReadAgain | None]:
    """What the secrets that are set now say of `webhook`; its content, if it may be brought back."""
    if webhook.replayed_at is not None:
        return "replayed", None
    provider = enabled.providers.get(webhook.provider)
    if provider is None:
        return "provider not enabled", None
    try:
        if force:
            return "would replay", read_again(webhook, provider, body)
        return "authentic", check_again(webhook, provider, store.digest, mended=body, public_url=enabled.public_url)
    except BodyTooLarge:
        return "body_too_large", None
    except (Unauthorized, BadBody) as refusal:
        return str(refusal), None
