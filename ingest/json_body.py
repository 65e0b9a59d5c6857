"""Reading a webhook's body: strict about what JSON is, and about nothing else."""

from __future__ import annotations

import json
import math
import re
from typing import Any, NamedTuple

#: The deepest nesting that is taken; the outermost object is 1 deep.
MAX_DEPTH = 64

Json = dict[str, Any]


class BadBody(Exception):
    """Answer 400: nobody could read this. The argument is a machine code, used as answer and metric label."""


class HugeInteger(str):
    """An integer beyond 63 bits, as its digits: no system behind us could hold the number."""

    __slots__ = ()


class Body(NamedTuple):
    """What a webhook's body says."""

    fields: Json
    storable: bool  #: False: it may hold NUL, lone surrogates or huge integers (`sanitise.py` looks)


#: Without one of these in its JSON, a body holds nothing that can't be stored: an escaped NUL or surrogate, or
#: nineteen digits in a row. Two patterns that begin with what the search can skip to cost a third of one (2.3 us
#: to 0.8, measured).
_UNSTORABLE_ESCAPE = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
_HUGE = re.compile(r"[0-9][0-9]{18}")


def read_object(body: bytes) -> Body:
    """The JSON object in `body`. Raises BadBody."""
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
    if not isinstance(found, dict):
        raise BadBody("not_an_object")
    if text.count("{") + text.count("[") > MAX_DEPTH and _deeper_than(found, MAX_DEPTH):
        raise BadBody("too_deep")
    return Body(found, storable=not (_UNSTORABLE_ESCAPE.search(text) or _HUGE.search(text)))


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
