"""Playing each provider: what its side does to a body before it posts it. A new provider adds one class here."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

from ingest.provider import Provider
from ingest.providers.textlink import TextLink, TextLinkSettings
from ingest.providers.textus import TextUs, TextUsSettings

PAYLOADS = Path(__file__).parents[1] / "payloads"

#: Long enough to be looked for wherever it must not be.
OLD_SECRET, NEW_SECRET = "old-secret-0123456789", "new-secret-9876543210"

Request = tuple[str | None, dict[str, str], bytes]  # kind, headers, body


class TextLinkPlayer:
    """The secret stands in the body, the kind in the URL."""

    wrong = "wrong_secret"
    missing = "missing_secret"
    unknown_kind: dict[str, Any] = {"phone_number": "+13035550142", "mystery": 1}
    message: dict[str, Any] = {"phone_number": "+13035550142", "text": "hello", "timestamp": 1748455363370}

    def provider(self, *secrets: str, **settings: Any) -> Provider:
        return TextLink(TextLinkSettings(secrets=secrets, **settings))

    def request(self, fields: dict[str, Any], secret: str | None, kind: str | None = None) -> Request:
        signed = {key: value for key, value in fields.items() if key != "secret"}
        return kind, {}, json.dumps(signed if secret is None else signed | {"secret": secret}).encode()

    def kind_of(self, sample: Path) -> str | None:
        return sample.stem.split("__")[0]


class TextUsPlayer:
    """The signature stands in a header, the action in the body."""

    wrong = "wrong_signature"
    missing = "missing_signature"
    unknown_kind: dict[str, Any] = {
        "id": "/integrations/a/deliveries/1",
        "timestamp": "2026-01-02T03:04:05.678Z",
        "action": "message.exploded",
        "conversation": {"account": "/accounts/acme", "phoneNumber": "+13035550142"},
    }
    message: dict[str, Any] = {
        "id": "/integrations/a/deliveries/2",
        "timestamp": "2026-01-02T03:04:05.678Z",
        "action": "message.received",
        "conversation": {"account": "/accounts/acme", "phoneNumber": "+13035550142"},
        "message": {"id": "/messages/abc", "direction": "in", "body": "hello"},
    }

    def provider(self, *secrets: str, **settings: Any) -> Provider:
        return TextUs(TextUsSettings(signing_secrets=secrets, **settings))

    def request(self, fields: dict[str, Any], secret: str | None, kind: str | None = None) -> Request:
        body = json.dumps(fields).encode()
        if secret is None:
            return kind, {}, body
        return kind, {"X-TextUs-Signature": hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}, body

    def kind_of(self, sample: Path) -> str | None:
        return None


PLAYERS: dict[str, TextLinkPlayer | TextUsPlayer] = {"textlink": TextLinkPlayer(), "textus": TextUsPlayer()}


def samples(provider: str) -> list[Path]:
    """The sample webhooks of `provider`."""
    return sorted((PAYLOADS / provider).glob("*.json"))
