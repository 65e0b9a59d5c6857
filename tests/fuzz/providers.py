"""Signing fuzzed bodies as each provider does: by its player, with nothing of ingest's code."""

from __future__ import annotations

import hashlib
import hmac
import json
import random
from pathlib import Path
from typing import Any, NamedTuple

from ingest.provider import provider_types
from ops.send.player import Webhook, players

#: Long, and unlike anything else: it is looked for in all that comes out on the other side.
SECRET = "fuzzing-secret-7f3a91d2c6"
#: Where providers call ingest, as they see it.
ADDRESS = "https://sms.example.com"

PAYLOADS = Path(__file__).parents[1] / "payloads"
_PLAYERS = players()
_TYPES = provider_types()


class Signed(NamedTuple):
    """Where to post, the headers that sign it, and the body."""

    path: str
    headers: dict[str, str]
    body: bytes


def samples(provider: str) -> list[tuple[str, dict[str, Any]]]:
    """Path and fields of every sample that is one JSON object."""
    found = []
    for file in sorted((PAYLOADS / provider).glob("*.json")):
        kind = file.stem.split("__")[0]
        segment = f"/{kind}" if kind in _TYPES[provider].url_kinds else ""
        fields = json.loads(file.read_bytes())
        found += [
            (f"/webhooks/{provider}{segment}", event) for event in (fields if isinstance(fields, list) else [fields])
        ]
    return found


SAMPLES = {name: samples(name) for name in sorted(_PLAYERS)}
PATHS = {
    name: [
        f"/webhooks/{name}{kind}{slash}"
        for kind in ("", *sorted(f"/{kind}" for kind in _TYPES[name].url_kinds))
        for slash in ("", "/")
    ]
    for name in _PLAYERS
}
#: Providers that post one JSON object and nothing else: whatever is none is refused.
OBJECTS_ONLY = ("textlink", "textus")


def settings(secret: str = SECRET) -> dict[str, str]:
    """The variables with which ingest takes webhooks of every provider, signed with `secret`."""
    found = {"HOOKLINE_INGEST__PROVIDERS": ",".join(_PLAYERS), "HOOKLINE_INGEST__PUBLIC_URL": ADDRESS}
    for kind in _TYPES.values():
        found[kind.settings_type.variable(str(kind.secrets_setting))] = kind.new_secret(secret)
    return found


def signature(body: bytes, secret: str = SECRET) -> str:
    """TextUs's: the hexadecimal HMAC-SHA256 of the raw body."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def authentic(chance: random.Random, fields: dict[str, Any], path: str | None = None) -> Signed:
    """`fields` as one of the providers would post them."""
    provider = path.split("/")[2] if path else chance.choice(list(PATHS))
    path = path or chance.choice(PATHS[provider])
    if provider == "textlink":
        signed = list({**fields, "secret": SECRET}.items())
        chance.shuffle(signed)
        return Signed(path, {}, dumped(chance, dict(signed)))
    if provider == "textus":
        return signed_as(provider, Webhook(path, dumped(chance, fields)))
    return signed_as(provider, _PLAYERS[provider].written(path, fields))


def signed_as(provider: str, webhook: Webhook, secret: str = SECRET) -> Signed:
    """`webhook` with its provider's signature."""
    signed = _PLAYERS[provider].signed(webhook, _TYPES[provider].new_secret(secret), ADDRESS)
    return Signed(signed.path, dict(signed.headers), signed.body)


def dumped(chance: random.Random, fields: Any) -> bytes:
    """JSON with or without escapes and spaces; lone surrogates can only be escaped."""
    separators = chance.choice([(",", ":"), (", ", ": "), (" ,\n", "\t: ")])
    try:
        return json.dumps(fields, ensure_ascii=chance.random() < 0.5, separators=separators).encode()
    except UnicodeEncodeError:
        return json.dumps(fields, separators=separators).encode()
