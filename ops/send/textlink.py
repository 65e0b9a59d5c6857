"""TextLink's webhooks (docs.textlinksms.com/webhooks): four flat objects, the secret in the body."""

from __future__ import annotations

import json
from typing import ClassVar

from ingest.providers.textlink import TextLinkSettings
from ingest.settings import ProviderSettings
from ops.send.player import Chance, Signed, Webhook


class TextLinkPlayer:
    """Plays TextLink."""

    name: ClassVar[str] = "textlink"
    kinds: ClassVar[tuple[str, ...]] = ("received", "sent", "failed", "tag")

    def webhook(self, kind: str, chance: Chance) -> Webhook:
        phone: dict[str, object] = {"phone_number": chance.phone}
        sent = phone | {
            "text": chance.text,
            "portal": True,
            "timestamp": chance.milliseconds,
            "sim_card_id": 123,
        }
        body = {
            "received": phone
            | {"text": chance.text, "tag": chance.tag, "name": chance.name, "timestamp": chance.milliseconds},
            "sent": sent,
            "failed": sent | {"textlink_id": int(chance.token[:7], 16), "custom_id": chance.token},
            "tag": {"name": chance.name} | phone | {"tag": chance.tag, "subuser_id": 6},
        }[kind]
        return Webhook(f"/webhooks/textlink/{kind}", body)

    def signed(self, webhook: Webhook, secret: str | None) -> Signed:
        body = dict(webhook.body) if secret is None else {"secret": secret} | dict(webhook.body)
        return Signed(webhook.path, {"Content-Type": "application/json"}, json.dumps(body).encode())

    def secret(self, settings: ProviderSettings) -> str | None:
        secrets = settings.secrets if isinstance(settings, TextLinkSettings) else ()
        return secrets[0].get_secret_value() if secrets else None


PLAYER = TextLinkPlayer()
