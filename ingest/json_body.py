"""Reading a webhook's body: strict about what JSON is, and about nothing else.

What a body costs is bounded before it is decoded: a decoder makes an object of every few bytes, so that 256 KiB of
brackets take a hundred times as long as a text of that size (measured: 25 ms to 0.25).
"""

from __future__ import annotations

import codecs
import json
import math
import re
import threading
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

from ingest.content_coding import GZIP_MAGIC, Headers, texts, unpacked
from ingest.content_coding import BadBody as BadBody  # noqa: PLC0414 - raised here, and imported from here
from runtime.request_bodies import LARGE

#: The deepest nesting that is taken; the outermost object is 1 deep.
MAX_DEPTH = 64
#: The most values, members of objects and lists included. Providers send less than 100.
MAX_NODES = 4_000
#: Bytes of a body that need no counting: it cannot hold many nodes.
_SMALL = 2_048
#: Bytes that are counted first: a body that has too many nodes mostly has them from its start.
_START = 32 * 1024
#: What a packed body begins with, and no JSON does: gzip, and the header of zlib for windows of 32 KiB.
_PACKED = (GZIP_MAGIC, b"x")
#: Refusals of bytes that no other reading of them can take back, unless each character has several.
_FINAL = ("too_many_nodes", "too_deep")

Json = dict[str, Any]


class HugeInteger(str):
    """An integer beyond 63 bits, as its digits: no system behind us could hold the number."""

    __slots__ = ()


class Body(NamedTuple):
    """What a webhook's body says."""

    content: Any  #: whatever JSON can be
    storable: bool  #: False: it may hold NUL, lone surrogates or huge integers (`sanitise.py` looks)

    @property
    def fields(self) -> Json:
        """The object that it is. Raises BadBody."""
        if not isinstance(self.content, dict):
            raise BadBody("not_an_object")
        return self.content

    @property
    def objects(self) -> list[Json]:
        """The objects of the list that it is, at least one; or the one object. Raises BadBody."""
        content = self.content if isinstance(self.content, list) else [self.content]
        if not content or not all(isinstance(item, dict) for item in content):
            raise BadBody("not_an_object")
        return content


#: Without one of these in its JSON, a body holds nothing that can't be stored: an escaped NUL or surrogate, or
#: nineteen digits in a row. Two patterns that begin with what the search can skip to cost a third of one (2.3 us
#: to 0.8, measured).
_UNSTORABLE_ESCAPE = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
_HUGE = re.compile(r"[0-9][0-9]{18}")

#: A large body waits for its turn to be read: one thread of a process runs at a time, and a small body shall have to
#: share it with one large body at most.
_turn = threading.Lock()
_no_wait = nullcontext()


def read_body(headers: Headers, body: bytes) -> Body:
    """The JSON in a request's body as it came. Raises BadBody, BodyTooLarge.

    Plain UTF-8 is read whatever the headers say, because senders state what is not so; they count where it is none.
    """
    coding = headers.get("Content-Encoding", "")
    with turn_of(coding, body):
        return _read(headers, coding, body)


def turn_of(coding: str, body: bytes) -> AbstractContextManager[object]:
    """The turn in which a `body` with this Content-Encoding is read; small plain ones wait for nobody."""
    return _turn if coding or len(body) >= LARGE else _no_wait


def _read(headers: Headers, coding: str, body: bytes) -> Body:
    refusal = BadBody("not_utf8")
    if not (coding and body.startswith(_PACKED)):
        try:
            return read_json(body)
        except BadBody as error:
            refusal = error
        if not coding and refusal.args[0] in _FINAL and not _is_wide(body):
            raise refusal
    if coding:
        try:
            body = unpacked(coding, body)
        except BadBody as error:
            # The header says so, but JSON came all the same: then what is wrong with that counts.
            raise (refusal if body.lstrip()[:1] in (b"{", b"[") else error) from None
    for text in texts(headers, body):
        try:
            return read_json(text.encode("utf-8", "surrogatepass"))
        except BadBody as error:
            refusal = error
    raise refusal


def read_json(body: bytes) -> Body:
    """The JSON in `body`, which is UTF-8. Raises BadBody."""
    if len(body) > _SMALL and (refusal := _refusal(body)):
        raise BadBody(refusal)
    try:
        text = body.decode().removeprefix("\ufeff")  # "utf-8-sig", which is Python's, not C's, costs 0.5 us more
    except UnicodeDecodeError:
        raise BadBody("not_utf8") from None
    try:
        found = _decode(text)
    except RecursionError:
        raise BadBody("too_deep") from None
    except ValueError:
        raise BadBody("not_json") from None
    if (
        text.count("{") + text.count("[") > MAX_DEPTH
        and isinstance(found, dict | list)
        and _deeper_than(found, MAX_DEPTH)
    ):
        raise BadBody("too_deep")
    return Body(found, storable=not (_UNSTORABLE_ESCAPE.search(text) or _HUGE.search(text)))


def _is_wide(body: bytes) -> bool:
    """Whether `body` may be UTF-16 or UTF-32, in which a byte that looks like a bracket may be part of a letter."""
    return b"\x00" in body[:4] or body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))


def _refusal(body: bytes) -> str | None:
    """Why `body` shall not be decoded: it would make more than MAX_NODES values, each behind a bracket or a comma.

    Exact where it matters: what stands in strings is a text's own business, and is left out before it is refused.
    """
    return _refusal_of(body[:_START]) or (_refusal_of(body) if len(body) > _START else None)


def _refusal_of(body: bytes) -> str | None:
    if _openings(body) + body.count(b",") <= MAX_NODES:
        return None
    parts = body.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"', 4 * MAX_NODES)
    if len(parts) > 4 * MAX_NODES:
        return "too_many_nodes"  # so many strings, each of which is a key or a value
    outside = b" ".join(parts[::2])
    opened = _openings(outside)
    if opened + outside.count(b",") <= MAX_NODES:
        return None
    return "too_deep" if opened - outside.count(b"]") - outside.count(b"}") > MAX_DEPTH else "too_many_nodes"


def _openings(body: bytes) -> int:
    return body.count(b"[") + body.count(b"{")


def _integer(digits: str) -> int | HugeInteger:
    # Up to 18 digits surely fit; beyond, int() would also refuse more than 4,300 of them.
    if len(digits) < 19:
        return int(digits)
    return int(digits) if len(digits) < 21 and -(2**63) <= int(digits) < 2**63 else HugeInteger(digits)


def _float(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise BadBody("not_finite")
    return number


def _constant(_name: str) -> float:
    raise BadBody("not_finite")


#: Built once: json.loads with arguments builds a decoder at each call.
_decode = json.JSONDecoder(parse_int=_integer, parse_float=_float, parse_constant=_constant).decode


def _deeper_than(node: Any, levels: int) -> bool:
    """Whether `node` nests deeper than `levels`; json.loads has bounded it to the recursion limit before."""
    layer = [node]
    for _ in range(levels):
        layer = [
            inner
            for outer in layer
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not layer:
            return False
    return True
