"""Phone numbers: a possible one becomes E.164, anything else stays as it came, but for what no index can hold."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import phonenumbers

#: Characters of what stands where a phone should that are kept; the payload has them all. No number is longer, for
#: phonenumbers neither; PostgreSQL refuses to index a text of some thousands, and a row with it.
LONGEST = 250


class Phone(NamedTuple):
    """A phone number as we keep it."""

    number: str  #: E.164, or as it came, up to LONGEST characters
    valid: bool  #: whether it is a possible number


def read_phone(value: Any, region: str | None) -> Phone | None:
    """The phone in a provider's field; None where there is none.

    `region` (ISO 3166-1 alpha-2) is what a number without a country code is taken for; None: for no number.
    """
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = str(value).strip()[:LONGEST]
    return _phone(text, region) if text else None


@lru_cache(maxsize=50_000)  # a contact writes more than once; parsing costs 23 us, remembering 0.1
def _phone(text: str, region: str | None) -> Phone:
    try:
        parsed = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return Phone(text, False)
    if not phonenumbers.is_possible_number(parsed):
        return Phone(text, False)
    return Phone(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164), True)
