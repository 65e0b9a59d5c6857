"""Taking secrets out of bodies before the quarantine stores them, however broken those bodies are."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any
from urllib.parse import quote, quote_plus

from ingest.content_coding import GZIP_MAGIC, BadBody, BodyTooLarge, Headers, readable_part, texts, unpacked
from ingest.form import unescaped
from ingest.quarantine.secret_pairs import no_rest, secret_values
from ingest.sanitise import REDACTED

#: Characters from which on a configured secret is masked wherever it stands.
MIN_MASKED = 6
#: Characters up to which a secret is looked for percent-encoded, too: Python takes 0.1 us to encode each.
LONGEST_SECRET = 4_096


def legible(headers: Headers, body: bytes) -> str | None:
    """`body` as a text, undecodable bytes as lone surrogates; None: it is packed in a way that we cannot undo.

    Such a body may hold a secret that nobody can see, and so cannot be masked.
    """
    found = _unpacked_part(headers.get("Content-Encoding", ""), body)
    if found is None or (found is not body and found[:2] == GZIP_MAGIC):  # packed once more than it says
        return None
    if b"\x00" in found[:4]:  # UTF-16 or UTF-32: no JSON in UTF-8 begins so
        return found.decode(json.detect_encoding(found), "replace").removeprefix("\ufeff")
    text = next(texts(headers, found), None)
    return found.decode("utf-8", "surrogateescape") if text is None else text


def _unpacked_part(coding: str, body: bytes) -> bytes | None:
    """As much of `body` as can be unpacked; None: nothing can."""
    if not coding and body[:2] != GZIP_MAGIC:
        return body
    try:
        return unpacked(coding or "gzip", body)
    except (BadBody, BodyTooLarge):
        with suppress(UnicodeDecodeError):
            body.decode()
            return body  # it is plain, whatever its header says
    return readable_part(body)


def given_secret(text: str, rest: Callable[[], None] = no_rest) -> str | None:
    """The first secret in `text`; None: there is none, or it is empty. `rest` is called as in `without_pairs`."""
    found = next(secret_values(text, rest), None)
    if found is None:
        return None
    start, end, kind = found
    value = text[start:end]
    if kind == "escaped":
        with suppress(BadBody):
            return unescaped(value)
        return value
    try:
        return str(json.loads(f'"{value}"'))
    except ValueError:
        return value


def without_pairs(text: str, rest: Callable[[], None] = no_rest) -> str:
    """`text` without whatever follows a key `secret`. `rest` is called now and then, where that takes long."""
    parts, done = [], 0
    for start, end, _ in secret_values(text, rest):
        parts += [text[done:start], REDACTED]
        done = end
    return "".join([*parts, text[done:]]) if done else text


def without_values(text: str, secrets: Iterable[str], rest: Callable[[], None] = no_rest) -> str:
    """`text` without `secrets`, spelled as they are, as JSON escapes them or as a form does.

    One that is longer than any secret is, which only its sender can have made up, is looked for as it is written alone.
    """
    for secret in secrets:
        if len(secret) >= MIN_MASKED:
            for spelling in _spellings(secret):
                text = text.replace(spelling, REDACTED)
                rest()
    return text


def _spellings(secret: str) -> set[str]:
    escaped = (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1])
    if len(secret) > LONGEST_SECRET:
        return {secret, *escaped}
    octets = secret.encode("utf-8", "surrogatepass")  # anybody may send half of a pair
    return {secret, *escaped, quote(octets, safe=""), quote_plus(octets)}


def without_secret_keys(node: Any) -> Any:
    """`node` with the value of every key `secret` replaced, however deep it stands."""
    if isinstance(node, dict):
        return {
            key: REDACTED if key.casefold() == "secret" and value is not None else without_secret_keys(value)
            for key, value in node.items()
        }
    return [without_secret_keys(item) for item in node] if isinstance(node, list) else node
