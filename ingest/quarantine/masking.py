"""Taking secrets out of bodies before the quarantine stores them, however broken those bodies are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import quote, quote_plus, unquote_plus

from ingest.content_coding import GZIP_MAGIC, BadBody, BodyTooLarge, Headers, readable_part, texts, unpacked
from ingest.sanitise import REDACTED

#: Characters from which on a configured secret is masked wherever it stands.
MIN_MASKED = 6

#: A key `secret` and what follows it: in JSON, in JSON within a string, in a form, percent-encoded, quoted or not,
#: with or without the end that it should have. Every repetition is bounded or ends at what it excludes, so that the
#: time grows with the length alone.
_PAIR = re.compile(
    r"""(secret[\w-]{0,40}(?:\\{0,8}["']|%22|%27)?[\s+]{0,40}(?:=>|[:=]|%3a|%3d)[\s+]{0,40}[\[{(]?\s{0,40})"""
    r"""(?:"(?P<double>(?:\\.|[^"\\\r\n])+)"""
    r"""|'(?P<single>(?:\\.|[^'\\\r\n])+)"""
    r"""|(?:\\{1,8}["']|%22|%27)(?P<escaped>(?:(?!\\{1,8}["']|%22|%27)[^\r\n])+)"""
    r"""|(?P<bare>[^\s,;&}\]"'\\%]+))""",
    re.IGNORECASE,
)


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


def given_secret(text: str) -> str | None:
    """The first secret in `text`; None: there is none, or it is empty."""
    found = next(_pairs(text), None)
    if found is None:
        return None
    if (escaped := found["escaped"]) is not None:
        return unquote_plus(escaped)
    value = found["double"] or found["single"] or found["bare"]
    try:
        return str(json.loads(f'"{value}"'))
    except ValueError:
        return value


def without_pairs(text: str) -> str:
    """`text` without whatever follows a key `secret`."""
    parts, done = [], 0
    for found in _pairs(text):
        start, end = found.span(found.lastgroup or 0)
        parts += [text[done:start], REDACTED]
        done = end
    return "".join([*parts, text[done:]]) if done else text


def _pairs(text: str) -> Iterator[re.Match[str]]:
    """Every key `secret` with what follows it, in their order.

    Without regard to case the pattern itself looks at each letter: 256 KiB without such a key take 5 ms, in which no
    other thread runs (measured). In ASCII a search for the word finds the same places in a tenth of that.
    """
    if not text.isascii():
        yield from _PAIR.finditer(text)
        return
    lowered, at = text.lower(), 0
    while (at := lowered.find("secret", at)) >= 0:
        found = _PAIR.match(text, at)
        if found is not None:
            yield found
        at = at + 1 if found is None else found.end()


def without_values(text: str, secrets: Iterable[str]) -> str:
    """`text` without `secrets`, spelled as they are, as JSON escapes them or as a form does."""
    for secret in secrets:
        if len(secret) >= MIN_MASKED:
            escaped = (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1])
            octets = secret.encode("utf-8", "surrogatepass")  # anybody may send half of a pair
            for spelling in {secret, *escaped, quote(octets, safe=""), quote_plus(octets)}:
                text = text.replace(spelling, REDACTED)
    return text


def without_secret_keys(node: Any) -> Any:
    """`node` with the value of every key `secret` replaced, however deep it stands."""
    if isinstance(node, dict):
        return {
            key: REDACTED if key.casefold() == "secret" and value is not None else without_secret_keys(value)
            for key, value in node.items()
        }
    return [without_secret_keys(item) for item in node] if isinstance(node, list) else node
