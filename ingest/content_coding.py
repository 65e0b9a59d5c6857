"""From the bytes on the wire to the text that they mean: Content-Encoding, charset and byte order mark.

Providers send plain UTF-8, and that is tried first and alone; whatever is here costs only a body that is not.
"""

from __future__ import annotations

import codecs
import zlib
from collections.abc import Iterator
from email.message import Message
from typing import Protocol

#: The most bytes of a body, on the wire and again when it is unpacked.
MAX_BODY = 256 * 1024
#: Codings that may be applied one after the other, and gzip members in one body: each costs memory and time.
MAX_CODINGS, MAX_MEMBERS = 2, 8
#: Characters of a Content-Encoding that are looked at: of commas alone 300 KB took 0.1 s.
_LONGEST_CODING = 200

GZIP_MAGIC = b"\x1f\x8b"
_GZIP = 16 + zlib.MAX_WBITS
#: How the names of charsets begin whose decoding is safe and takes time in proportion: Python has codecs that are no
#: charset (hex, zlib, rot13, unicode_escape), some that are slow (idna, punycode), and some whose bytes are ASCII and
#: mean something else in UTF-8, which comes first (utf-7, hz).
_CHARSETS = (
    *("utf-8", "utf-16", "utf-32", "ascii", "iso8859-", "iso2022_", "cp", "mac-", "koi8-", "gb", "big5", "shift_jis"),
    *("euc_", "johab", "tis-620", "hp-roman8", "kz1048", "ptcp154"),
)
#: Longest first: the mark of UTF-32-LE begins with the one of UTF-16-LE.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8-sig"),
)


class Headers(Protocol):
    """A request's headers, found whatever their case."""

    def get(self, key: str, default: str) -> str:
        """The value of the header `key`, or `default`."""


class BadBody(Exception):
    """Answer 400: it cannot be read. The argument is a machine code, used as answer and metric label."""


class BodyTooLarge(Exception):
    """Answer 413: more than MAX_BODY bytes, on the wire or unpacked."""


def unpacked(coding: str, body: bytes) -> bytes:
    """`body` without its Content-Encoding `coding`. Raises BadBody, BodyTooLarge."""
    if len(coding) > _LONGEST_CODING:
        raise BadBody("content_encoding_unknown")
    names = [name.strip().lower() for name in coding.split(",") if name.strip().lower() not in ("", "identity")]
    if len(names) > MAX_CODINGS:
        raise BadBody("content_encoding_unknown")
    for name in reversed(names):  # the last one was applied last
        if name in ("gzip", "x-gzip"):
            body = _inflated(body, _GZIP)
        elif name == "deflate":
            body = _inflated(body, zlib.MAX_WBITS if _has_zlib_header(body) else -zlib.MAX_WBITS)
        else:
            raise BadBody("content_encoding_unknown")
    return body


def readable_part(body: bytes) -> bytes | None:
    """What `body` unpacks to before it breaks, by whichever coding gives most; None: nothing."""
    return max((_inflated_part(body, window) for window in (_GZIP, zlib.MAX_WBITS, -zlib.MAX_WBITS)), key=len) or None


def texts(headers: Headers, body: bytes) -> Iterator[str]:
    """What the unpacked `body` may say, the likeliest first: its byte order mark, UTF-8, and the charset stated."""
    mark = next((name for start, name in _MARKS if body.startswith(start)), None)
    for name in (mark, "utf-8", _stated_charset(headers, body)):
        if name is not None:
            try:
                text = body.decode(name)
            except UnicodeDecodeError:
                continue
            yield text.removeprefix("\ufeff")


def _stated_charset(headers: Headers, body: bytes) -> str | None:
    """The charset of the Content-Type, as Python calls it; None: there is none that we decode."""
    message = Message()
    message["Content-Type"] = headers.get("Content-Type", "")[:200].replace("\r", " ").replace("\n", " ")
    stated = message.get_content_charset()
    try:
        name = codecs.lookup(stated).name if stated else ""
    except (LookupError, ValueError):  # ValueError: a NUL in its name
        return None
    if not name.startswith(_CHARSETS):
        return None
    if name in ("utf-16", "utf-32") and body[:1] == b"\x00":
        return f"{name}-be"  # without a mark: an object begins with "{", so a zero in front says which end comes first
    return name


def _inflated(body: bytes, window: int) -> bytes:
    """All that `body` unpacks to. Raises BadBody, BodyTooLarge."""
    found, rest = b"", body
    for _ in range(MAX_MEMBERS):
        unpacking = zlib.decompressobj(window)
        try:
            found += unpacking.decompress(rest, MAX_BODY + 1 - len(found))
        except zlib.error:
            raise BadBody("content_encoding_broken") from None
        if len(found) > MAX_BODY:
            raise BodyTooLarge
        if not unpacking.eof:
            break  # it was cut short
        rest = unpacking.unused_data
        if not rest:
            return found
    raise BadBody("content_encoding_broken")


def _inflated_part(body: bytes, window: int) -> bytes:
    """What `body` unpacks to before it breaks, at most MAX_BODY bytes."""
    unpacking, found = zlib.decompressobj(window), bytearray()
    for start in range(0, len(body), 64):  # zlib gives nothing of the piece that it stumbles over
        try:
            found += unpacking.decompress(body[start : start + 64], MAX_BODY - len(found))
        except zlib.error:
            break
        if len(found) >= MAX_BODY or unpacking.eof:
            break
    return bytes(found)


def _has_zlib_header(body: bytes) -> bool:
    """Whether `body` begins as RFC 1950 has it. "deflate" means that; some senders leave the header out."""
    return len(body) > 1 and body[0] & 0x0F == zlib.DEFLATED and int.from_bytes(body[:2], "big") % 31 == 0
