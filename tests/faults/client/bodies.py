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

#: What a contact may say about being texted, and on which topic that comes to be.
SAYINGS = {
    "stop by textlink": "sms.messages.v1",
    "stop by textus": "sms.messages.v1",
    "start by textlink": "sms.messages.v1",
    "opted out at textus": "sms.opt-outs.v1",
    "opted in at textus": "sms.opt-outs.v1",
}
#: How wrong the clock of a contact's phone, or of a provider, may be: seconds.
CLOCK = (-3600, 600)

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
#: What a CRM has a note of.
NOTED = ("sms.messages.v1", "sms.calls.v1")
#: Whom TextLink's test messages are about.
TEST_PHONE = "+11234567890"


@dataclass(frozen=True, slots=True)
class Webhook:
    """A request to be made."""

    id: str
    contact: str
    topic: str
    stop: bool
    start: bool
    textus: bool
    said: int  #: microseconds since the epoch
    path: str
    headers: dict[str, str]
    body: bytes
    note: str  #: id of the first webhook of its message or call, of which a CRM has one note; empty: none


class Author:
    """Writes one client's webhooks."""

    def __init__(
        self,
        run: str,
        client: int,
        secret: str,
        rng: random.Random,
        *,
        stops: float,
        sayings: float = 0.0,
        failures: float = 0.0,
        tests: float = 0.0,
    ) -> None:
        """`run`: 8 hexadecimal digits; `stops`: the share of received texts that are a STOP.

        `sayings`: the share of webhooks that are one of SAYINGS, by a clock that may be wrong; `failures`: of the sent
        texts, those that a webhook says later to have failed; `tests`: of all, the provider's test messages.
        """
        self._run = run
        self._client = client
        self._secret = secret
        self._rng = rng
        self._stops = stops
        self._sayings = sayings
        self._failures = failures
        self._tests = tests
        self._failing: list[tuple[str, dict[str, object]]] = []  # sent: id and body
        self._count = 0
        self.contact = f"+1303{2_000_000 + (int(run, 16) * 97 + client) % 7_000_000}"

    def next(self) -> Webhook:
        """One more webhook about the client's contact."""
        self._count += 1
        id = f"fx{self._run}-{self._client:04d}-{self._count:06d}"
        if self._sayings and self._rng.random() < self._sayings:
            return self._saying(self._rng.choice(list(SAYINGS)), id)
        if self._tests and self._rng.random() < self._tests:
            return self._test(id)
        if self._failing and self._rng.random() < 0.5:
            return self._failed(id)
        kind = self._rng.choices(list(KINDS), list(KINDS.values()))[0]
        stop = kind == "received" and self._rng.random() < self._stops
        now = int(time.time() * 1000)
        fields = self._fields(kind, id, now, stop=stop)
        if kind == "sent" and self._failures and self._rng.random() < self._failures:
            # What tells the message is in both; the id, which differs, is not to stand in it.
            fields |= {"text": f"Is it done? {self._run}/{self._client}/{self._count}", "custom_id": id}
            self._failing.append((id, fields))
        path, headers, body = self._signed(kind, fields)
        textus = kind in ("textus", "call")
        note = id if TOPICS[kind] in NOTED else ""
        return Webhook(id, self.contact, TOPICS[kind], stop, False, textus, now * 1000, path, headers, body, note)

    def _failed(self, id: str) -> Webhook:
        first, fields = self._failing.pop(0)
        path, headers, body = self._signed("failed", fields | {"custom_id": id, "textlink_id": "17"})
        topic, said = TOPICS["sent"], int(str(fields["timestamp"])) * 1000
        return Webhook(id, self.contact, topic, False, False, False, said, path, headers, body, first)

    def _test(self, id: str) -> Webhook:
        now = int(time.time() * 1000)
        fields: dict[str, object] = {"phone_number": TEST_PHONE, "text": "Working!", "name": id, "timestamp": now}
        path, headers, body = self._signed("received", fields)
        return Webhook(id, TEST_PHONE, "tests", False, False, False, now * 1000, path, headers, body, "")

    def _saying(self, saying: str, id: str) -> Webhook:
        wrong = 0 if self._rng.random() < 0.5 else self._rng.randrange(*CLOCK)
        seconds = int(time.time()) + wrong
        if textus := saying.endswith("textus"):
            fields = self._fields("call", id, seconds * 1000, stop=False)
            del fields["phoneCall"]
            if saying.startswith("stop"):
                fields |= {"action": "message.received", "message": self._message(id, "STOP")}
            else:
                reported = "opt-in" if "opted in" in saying else "opt-out"
                fields |= {"action": f"contact.{reported.replace('opt-', 'opted_')}"}
                fields |= {"optOut": {"id": f"/acme/opt_outs/{id}", "phoneNumber": self.contact, "type": reported}}
            path, headers, body = self._signed("textus", fields)
        else:
            text = "START" if saying.startswith("start") else "STOP"
            texted = {"phone_number": self.contact, "text": text, "name": id, "timestamp": seconds * 1000}
            path, headers, body = self._signed("received", texted)
        start = saying.startswith("start") or "opted in" in saying
        topic = SAYINGS[saying]
        said, note = seconds * 1_000_000, id if topic in NOTED else ""
        return Webhook(id, self.contact, topic, not start, start, textus, said, path, headers, body, note)

    @staticmethod
    def _message(id: str, text: str) -> dict[str, object]:
        return {"id": f"/messages/{id}", "direction": "in", "body": text, "deliveryState": "received"}

    def _fields(self, kind: str, id: str, now: int, *, stop: bool) -> dict[str, object]:
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
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now // 1000)),
            "conversation": conversation,
        }
        if kind == "call":
            return fields | {"action": "phone_call.completed", "phoneCall": {"id": f"/calls/{id}", "direction": "in"}}
        return fields | {"action": "message.received", "message": self._message(id, text)}

    def _signed(self, kind: str, fields: dict[str, object]) -> tuple[str, dict[str, str], bytes]:
        if kind in ("textus", "call"):
            body = json.dumps(fields).encode()
            signature = hmac.new(self._secret.encode(), body, hashlib.sha256).hexdigest()
            return "/webhooks/textus", {"X-TextUs-Signature": signature}, body
        body = json.dumps(fields | {"secret": self._secret}).encode()
        return "/webhooks/textlink" if kind == "unknown" else f"/webhooks/textlink/{kind}", {}, body
