"""`phone_lookup_key` of schemas/sql in Python, for tests without a database; one with it holds the two together."""

from __future__ import annotations

import re
import unicodedata


def lookup_key(phone: str) -> str | None:
    """The last six digits of `phone`, up to an extension; None: it has no digit."""
    text = re.sub("%[0-9A-Fa-f]{2}", " ", phone)
    text = "".join(str(unicodedata.decimal(character)) if character.isdecimal() else character for character in text)
    number = re.match("(?:[^0-9]*[0-9]){7}[^A-Za-z\u0400-\u04ff\uff21-\uff3a\uff41-\uff5a,;#~]*", text)
    digits = re.sub("[^0-9]", "", number[0] if number else text)
    return digits[-6:] or None
