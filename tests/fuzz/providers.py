"""Signing fuzzed bodies as each provider does, with nothing of ingest's code."""

from __future__ import annotations

import hashlib
import hmac
import json
import random
from pathlib import Path
from typing import Any, NamedTuple

#: Long, and unlike anything else: it is looked for in all that comes out on the other side.
SECRET = "fuzzing-secret-7f3a91d2c6"

PAYLOADS = Path(__file__).parents[1] / "payloads"


class Signed(NamedTuple):
    """Where to post, the headers that sign it, and the body."""

    path: str
    headers: dict[str, str]
    body: bytes


def samples(provider: str) -> list[tuple[str, dict[str, Any]]]:
    """Path and fields of every sample payload."""
    found = []
    for file in sorted((PAYLOADS / provider).glob("*.json")):
        kind = f"/{file.stem.split('__')[0]}" if provider == "textlink" else ""
        found.append((f"/webhooks/{provider}{kind}", json.loads(file.read_bytes())))
    return found


SAMPLES = {provider: samples(provider) for provider in ("textlink", "textus")}
PATHS = {
    "textlink": [f"/webhooks/textlink{kind}" for kind in ("", "/", "/received", "/sent/", "/failed", "/tag")],
    "textus": ["/webhooks/textus", "/webhooks/textus/"],
}


def signature(body: bytes, secret: str = SECRET) -> str:
    """TextUs's: the hexadecimal HMAC-SHA256 of the raw body."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def authentic(chance: random.Random, fields: dict[str, Any], path: str | None = None) -> Signed:
    """`fields` as one of the providers would post them: TextLink's secret in the body, TextUs's in a header."""
    provider = path.split("/")[2] if path else chance.choice(list(PATHS))
    path = path or chance.choice(PATHS[provider])
    if provider == "textlink":
        signed = list({**fields, "secret": SECRET}.items())
        chance.shuffle(signed)
        return Signed(path, {}, dumped(chance, dict(signed)))
    body = dumped(chance, fields)
    return Signed(path, {"X-TextUs-Signature": signature(body)}, body)


def dumped(chance: random.Random, fields: Any) -> bytes:
    """JSON with or without escapes and spaces; lone surrogates can only be escaped."""
    separators = chance.choice([(",", ":"), (", ", ": "), (" ,\n", "\t: ")])
    try:
        return json.dumps(fields, ensure_ascii=chance.random() < 0.5, separators=separators).encode()
    except UnicodeEncodeError:
        return json.dumps(fields, separators=separators).encode()
