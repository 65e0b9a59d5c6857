"""TextLink's webhooks (docs.textlinksms.com/webhooks): four flat objects, the secret in the body."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

from ops.send.player import Particulars, Player, Signed, Webhook
from schemas.events import EventType


class TextLinkPlayer(Player):
    """Plays TextLink."""

    name = "textlink"
    kinds: ClassVar[Mapping[str, EventType]] = MappingProxyType(
        {
            "received": EventType.MESSAGE_RECEIVED,
            "sent": EventType.MESSAGE_SENT,
            "failed": EventType.MESSAGE_FAILED,
            "tag": EventType.CONTACT_TAG_CHANGED,
        }
    )
    received = "received"
    time_field = "timestamp"

    def path(self, kind: str) -> str:
        return f"/webhooks/textlink/{kind}"

    def fields(self, kind: str, about: Particulars) -> dict[str, Any]:
        phone = {"phone_number": about.phone}
        sent = phone | {"text": about.text, "portal": True, "timestamp": about.milliseconds, "sim_card_id": about.sim}
        return {
            "received": phone
            | {"text": about.text, "tag": about.tag, "name": about.name, "timestamp": about.milliseconds},
            "sent": sent,
            "failed": sent | {"textlink_id": int(about.token[:7], 16), "custom_id": about.token},
            "tag": {"name": about.name} | phone | {"tag": about.tag, "subuser_id": 6},
        }[kind]

    def signed(self, webhook: Webhook, secret: str | None, address: str) -> Signed:
        del address
        body = webhook.body
        if secret is not None:
            fields = json.loads(body)
            body = json.dumps({"secret": secret} | {name: fields[name] for name in fields if name != "secret"}).encode()
        return Signed(webhook.path, {"Content-Type": webhook.content_type}, body)
