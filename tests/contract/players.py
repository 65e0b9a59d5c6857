"""Playing each provider in tests: `ops/send` writes and signs what its side would post; nothing here names one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ingest.provider import Provider, provider_types
from ingest.request import WebhookRequest
from ops.send.player import Webhook, Wishes, by_chance, players
from schemas.events import EventType

PAYLOADS = Path(__file__).parents[1] / "payloads"

#: Long enough to be looked for wherever it must not be.
OLD_SECRET, NEW_SECRET = "old-secret-0123456789", "new-secret-9876543210"
#: Where providers call us: a signature over the URL is over this one.
ADDRESS = "https://sms.example.com"
PHONE, TEXT = "+13035550142", "hello"
_START = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)


@dataclass(frozen=True)
class Posted:
    """A request as it is posted."""

    path: str
    headers: dict[str, str]
    body: bytes
    kind: str | None

    def request(self, received_at: datetime, **headers: str) -> WebhookRequest:
        """What a provider's file sees of it when it comes at this time."""
        parts = urlsplit(self.path)
        return WebhookRequest(
            self.kind, self.headers | headers, self.body, received_at, "POST", parts.path, parts.query, ADDRESS
        )


class PlayedProvider:
    """A provider and its player."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.player = players()[name]
        self.type = provider_types()[name]

    def provider(self, *secrets: str, **settings: Any) -> Provider:
        """The provider with these secrets, each in the form that its setting has."""
        field = _secrets_setting(self.type)
        return self.type(self.type.settings_type(**{field: tuple(map(self.type.new_secret, secrets))}, **settings))

    @property
    def message(self) -> dict[str, Any]:
        """A text from PHONE, as one event's JSON."""
        return self.fields(self.player.received)

    def fields(self, kind: str, *, phone: Any = PHONE, text: Any = TEXT, seed: int = 1) -> dict[str, Any]:
        """An event of `kind` as its JSON."""
        return self.player.fields(kind, by_chance(seed, 0, _START, Wishes(text=text, phone=phone)))

    def posted(self, fields: Mapping[str, Any], secret: str | None, kind: str | None = None) -> Posted:
        """`fields` in a webhook; `kind` where the URL names it."""
        return self.posted_as(self.player.written(self.path(kind), fields), secret, kind)

    def raw(self, body: bytes, secret: str | None, kind: str | None = None, **headers: str) -> Posted:
        """`body` as it stands, signed where the provider signs bytes, with these headers beside."""
        posted = self.posted_as(Webhook(self.path(kind), body), secret if self.is_signed else None, kind)
        given = None if secret is None else self.type.new_secret(secret)
        in_header = self.player.signed(Webhook(self.path(kind), b"{}"), given, ADDRESS).headers
        return Posted(posted.path, {**in_header, **posted.headers, **headers}, body, kind)

    def posted_as(self, webhook: Webhook, secret: str | None, kind: str | None = None) -> Posted:
        """`webhook` as it is posted."""
        signed = self.player.signed(webhook, None if secret is None else self.type.new_secret(secret), ADDRESS)
        return Posted(signed.path, dict(signed.headers), signed.body, kind)

    def path(self, kind: str | None) -> str:
        """Where webhooks go."""
        return f"/webhooks/{self.name}" + (f"/{kind}" if kind else "")

    @property
    def is_signed(self) -> bool:
        """Whether its signature is over the bytes of the body."""
        return self.type.is_signed

    def kind_of(self, sample: Path) -> str | None:
        """The URL's kind of a sample."""
        kind = sample.name.partition("__")[0].removesuffix(sample.suffix)
        return kind if kind in self.type.url_kinds else None

    def expected(self, sample: Path) -> EventType:
        """What a sample becomes: its name begins with its kind, or with `unrecognized`."""
        kind = sample.name.partition("__")[0].removesuffix(sample.suffix)
        return EventType.UNRECOGNIZED if kind == EventType.UNRECOGNIZED else self.player.kinds[kind]


def _secrets_setting(kind: type[Provider]) -> str:
    field = kind.secrets_setting
    assert isinstance(field, str)
    return field


PLAYERS: dict[str, PlayedProvider] = {name: PlayedProvider(name) for name in sorted(players())}


def samples(provider: str) -> list[Path]:
    """The sample webhooks of `provider`: bodies as it posts them, each named by its kind."""
    return sorted(path for path in (PAYLOADS / provider).iterdir() if path.suffix in (".json", ".form"))
