"""JSON encoders that are built once.

json.JSONEncoder.encode builds the encoder that is written in C anew for each value: 0.7 us of 1.9, measured, and a
webhook needs three. CPython has had that class, with these arguments, since 3.6; it is not documented, so where it is
missing or has others the public way is taken.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from json import encoder
from typing import Any


def json_text(*, ensure_ascii: bool, sort_keys: bool, separators: tuple[str, str]) -> Callable[[Any], str]:
    """What gives a value's JSON, as json.dumps with these arguments does. For values that json.loads has made."""
    public = json.JSONEncoder(
        ensure_ascii=ensure_ascii, check_circular=False, sort_keys=sort_keys, separators=separators
    )
    of_text = encoder.encode_basestring_ascii if ensure_ascii else encoder.encode_basestring
    comma, colon = separators
    try:
        parts_of = encoder.c_make_encoder(  # type: ignore[attr-defined] # typeshed leaves it out
            None, public.default, of_text, None, colon, comma, sort_keys, False, True
        )
    except TypeError:  # there is none in C (it is None then), or it takes other arguments
        return public.encode

    def text_of(value: Any) -> str:
        return "".join(parts_of(value, 0))

    return text_of
