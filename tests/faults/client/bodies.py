"""Webhooks as the providers post them, each with an id of its own in its body. Knows nothing of the service's code."""

from __future__ import annotations

import hashlib
import hmac
import json
import random
import re
import time
from dataclasses import dataclass

#: What every id looks like, wherever it turns up.
ID = re.compile(r"fx[0-9a-f]{8}-[0-9]{4}-[0-9]{6}")

#: kind -> weight
KINDS = {"received": 50, "textus": 20, "sent": 12, "tag": 10, "unknown": 4, "call": 4}
TOPICS = {
    "received": "sms.messages.v1",
    "textus": "sms.messages.v1",
    "sent": "sms.messages.v1",
    "tag": "sms.contacts.v1",
    "unknown": "sms.unrecognized.v1",
    "call": "sms.calls.v1",
}


@dataclass(frozen=True, slots=True)
class Webhook:
    """A request to be made."""

    id: str
    contact: str
    topic: str
    stop: bool
    path: str
    headers: dict[str, str]
    body: bytes


class Author:
    """Writes one client's webhooks."""

    def __init__(self, run: str, client: int, secret: str, rng: random.Random, *, stops: float) -> None:
        """`run`: 8 hexadecimal digits; `stops`: the share of received texts that are a STOP."""
        self._run = run
        self._client = client
        self._secret = secret
        self._rng = rng
        self._stops = stops
        self._count = 0
        self.contact = f"+1303{2_000_000 + (int(run, 16) * 97 + client) % 7_000_000}"

    def next(self) -> Webhook:
        """One more webhook about the client's contact."""
        self._count += 1
        id = f"fx{self._run}-{self._client:04d}-{self._count:06d}"
        kind = self._rng.choices(list(KINDS), list(KINDS.values()))[0]
        stop = kind == "received" and self._rng.random() < self._stops
        fields = self._fields(kind, id, stop=stop)
        path, headers, body = self._signed(kind, fields)
        return Webhook(id, self.contact, TOPICS[kind], stop, path, headers, body)

    def _fields(self, kind: str, id: str, *, stop: bool) -> dict[str, object]:
        now = int(time.time() * 1000)
        text = f"Is the job still open? {id} {'x' * self._rng.randrange(60)}"
        if kind not in ("textus", "call"):
            own: dict[str, dict[str, object]] = {
                "received": {"text": text, "name": "Dana Reyes", "timestamp": now},
                "sent": {"text": text, "portal": True, "timestamp": now, "sim_card_id": 7},
                "tag": {"name": id, "tag": "Warm", "subuser_id": 6},
                "unknown": {"mystery": id},
            }
            said_stop: dict[str, object] = {"text": "STOP", "name": id, "timestamp": now}
            return {"phone_number": self.contact} | (said_stop if stop else own[kind])
        conversation = {"account": "/accounts/acme", "phoneNumber": self.contact, "accountPhoneNumber": "+13035550000"}
        fields: dict[str, object] = {
            "id": f"/integrations/a/deliveries/{id}",
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "conversation": conversation,
        }
        if kind == "call":
            return fields | {"action": "phone_call.completed", "phoneCall": {"id": f"/calls/{id}", "direction": "in"}}
        message = {"id": f"/messages/{id}", "direction": "in", "body": text, "deliveryState": "received"}
        return fields | {"action": "message.received", "message": message}

    def _signed(self, kind: str, fields: dict[str, object]) -> tuple[str, dict[str, str], bytes]:
        if kind in ("textus", "call"):
            body = json.dumps(fields).encode()
            signature = hmac.new(self._secret.encode(), body, hashlib.sha256).hexdigest()
            return "/webhooks/textus", {"X-TextUs-Signature": signature}, body
        body = json.dumps(fields | {"secret": self._secret}).encode()
        return "/webhooks/textlink" if kind == "unknown" else f"/webhooks/textlink/{kind}", {}, body
