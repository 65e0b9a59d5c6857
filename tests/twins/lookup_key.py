"""`phone_lookup_key` and `phone_lookup_keys` of schemas/sql in Python, for tests without a database.

tests/integration/test_phone_lookup.py holds each of the two to the other.
"""

from __future__ import annotations

import re
import unicodedata

_TOKEN = re.compile(r"%(?:25)*[0-9A-Fa-f]{2}|&(?:amp;)*(?:#[0-9]+|#[xX][0-9A-Fa-f]+|[A-Za-z]+);|.", re.DOTALL)
#: The last group is the digit, of the second kind its code.
_ESCAPED_DIGIT = re.compile(r"%(?:25)*3([0-9])|&(?:amp;)*#[xX]0*3([0-9]);")
_DECIMAL_ESCAPE = re.compile(r"&(?:amp;)*#0*(4[89]|5[0-7]);")
_UNSEEN = re.compile("[\u00ad\u0300-\u036f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u20d0-\u20f0\ufe00-\ufe0f\ufeff]")
_BETWEEN = re.compile(
    "[^0-9 ().\u00a0\u2000-\u200a\u202f\u3000\u2010-\u2015\u2212\ufe58\ufe63\uff08\uff09\uff0d\uff0e-]+"
)
_UP_TO_AN_EXTENSION = re.compile("(?:[^0-9]*[0-9]){7}[^A-Za-z\u0400-\u04ff\uff21-\uff3a\uff41-\uff5a,;#~]*")


def lookup_key(phone: str) -> str | None:
    """The last six digits of `phone`, up to an extension; None: it has no digit."""
    text = re.sub("%[0-9A-Fa-f]{2}", " ", phone)
    text = "".join(str(unicodedata.decimal(character)) if character.isdecimal() else character for character in text)
    number = _UP_TO_AN_EXTENSION.match(text)
    return _digits(number[0] if number else text)[-6:] or None


def lookup_keys(phone: str) -> set[str]:
    """The last six digits of every number that `phone` may hold."""
    text = _UNSEEN.sub("", "".join(map(_plain, _TOKEN.findall(phone))))
    number = _UP_TO_AN_EXTENSION.match(text)
    found = {_digits(text), _digits(number[0] if number else "")}
    found |= {digits for part in _BETWEEN.split(text) if len(digits := _digits(part)) >= 7}
    return {digits[-6:] for digits in found - {""}}


def _plain(token: str) -> str:
    if escaped := _ESCAPED_DIGIT.fullmatch(token):
        return escaped[1] or escaped[2]
    if escaped := _DECIMAL_ESCAPE.fullmatch(token):
        return chr(int(escaped[1]))
    if len(token) > 1:
        return " "
    digit = unicodedata.digit(token, None)
    return token if digit is None else str(digit)


def _digits(text: str) -> str:
    return re.sub("[^0-9]", "", text)
