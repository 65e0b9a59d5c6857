"""Bandwidth's webhooks (dev.bandwidth.com/docs/messaging/webhooks): a JSON list of events, HTTP Basic."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar

from ops.send.player import Particulars, Player, Signed, Webhook
from schemas.events import EventType

ACCOUNT_PHONE = "+13035550100"
APPLICATION = "93de2206-9669-4e07-948d-329f4b722ee2"
DESCRIPTIONS = {
    "message-received": "Incoming message received",
    "message-sending": "Message is sending to carrier",
    "message-delivered": "Message delivered to carrier.",
    "message-failed": "forbidden to country",
}


class BandwidthPlayer(Player):
    """Plays Bandwidth."""

    name = "bandwidth"
    kinds: ClassVar[Mapping[str, EventType]] = MappingProxyType(
        {
            "message-received": EventType.MESSAGE_RECEIVED,
            "message-sending": EventType.MESSAGE_SENT,
            "message-delivered": EventType.MESSAGE_DELIVERED,
            "message-failed": EventType.MESSAGE_FAILED,
        }
    )
    received = "message-received"
    time_field = "time"

    def fields(self, kind: str, about: Particulars) -> dict[str, Any]:
        is_inbound = kind == self.received
        sender, to = (about.phone, ACCOUNT_PHONE) if is_inbound else (ACCOUNT_PHONE, about.phone)
        message = {
            "id": about.token[::-1] if is_inbound else about.token,
            "time": about.timestamp,
            "to": [to],
            "from": sender,
            "text": about.text if is_inbound else "",
            "applicationId": APPLICATION,
            "owner": ACCOUNT_PHONE,
            "direction": "in" if is_inbound else "out",
            "segmentCount": 1,
        }
        event = {"type": kind, "time": about.timestamp, "description": DESCRIPTIONS[kind], "to": to}
        return event | {"message": message} | ({"errorCode": 4432} if kind == "message-failed" else {})

    def written(self, path: str, fields: Mapping[str, Any]) -> Webhook:
        """A list of one."""
        return Webhook(path, json.dumps([fields]).encode())

    def together(self, path: str, events: Sequence[Mapping[str, Any]]) -> Webhook | None:
        return Webhook(path, json.dumps(list(events)).encode())

    def signed(self, webhook: Webhook, secret: str | None, address: str) -> Signed:
        del address
        headers = {"Content-Type": webhook.content_type}
        if secret is not None:
            headers["Authorization"] = f"Basic {base64.b64encode(secret.encode()).decode()}"
        return Signed(webhook.path, headers, webhook.body)
