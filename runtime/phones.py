"""Phone numbers: what is a full number becomes E.164; anything else stays as it came, cut to what an index can hold.

A full number has a country code, written or from the region, and a national number of a length that the country has.
A number without its area code, a short code and a sender's name are none: nobody knows whose they are.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from html import unescape
from typing import Any, NamedTuple
from urllib.parse import unquote

import phonenumbers
from phonenumbers import CountryCodeSource, PhoneNumber, PhoneNumberFormat, ValidationResult

#: Characters of what stands where a phone should that are kept; the payload has them all. No number is longer, for
#: phonenumbers neither; PostgreSQL refuses to index a text of some thousands, and a row with it.
LONGEST = 250

_ESCAPED = re.compile(r"%[0-9A-Fa-f]{2}|&(?:#[0-9]+|#[xX][0-9A-Fa-f]+|[A-Za-z]+);")
_SCHEME = re.compile(r"\s*(?:tel|sms):", re.IGNORECASE)
#: What may stand behind a number of the scheme `tel:` (RFC 3966), beside its extension.
_PARAMETER = re.compile(r";(?!ext=)([a-z][a-z0-9-]*)=([^;]*)", re.IGNORECASE)
#: As people write it after a number; it is left out, because a text reaches the number and not the extension. Seven
#: digits without a word for it are another number, written without its area code.
_EXTENSION = re.compile(
    r"(?:(?:;ext=|[\s,;.]*(?:extension|extensi[oó]n|extn?|e?xt|x|int|anexo|доб)[\s.:]*)\d{1,7}|[,#~]+\s*\d{1,6})\s*#?\s*$",
    re.IGNORECASE,
)
#: Digits of a text that may be a number without its extension.
_BEFORE_EXTENSION = 7
#: Marks that are drawn on the character before, such as a keycap's frame, and characters that nobody sees.
_UNSEEN = ("Cf", "Mn", "Me")
_MEXICO, _MEXICAN_DIGITS = 52, 10


class Phone(NamedTuple):
    """A phone number as we keep it."""

    number: str  #: E.164, or as it came, up to LONGEST characters
    valid: bool  #: whether it is a full number, and so E.164


def read_phone(value: Any, region: str | None) -> Phone | None:
    """The phone in a provider's field; None where there is none.

    `region` (ISO 3166-1 alpha-2) is what a number without a country code is taken for; None: for no number.
    """
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = str(value).strip()[:LONGEST]
    return _phone(text, region) if text else None


def full_number(text: str, region: str | None) -> PhoneNumber | None:
    """The full number that `text` is in `region`; None: it is none.

    Escapes of URLs and HTML and every kind of digits are read; an extension is left out; other letters make it none.
    Digits that a region takes for a carrier's code make it none too: they may be those of another region's number.
    """
    number = dialled_number(text, region)
    return None if number is None or number.preferred_domestic_carrier_code else number


def dialled_number(text: str, region: str | None) -> PhoneNumber | None:
    """As `full_number`, with or without a carrier's code in front."""
    body = number_body(text)
    if body is None:
        return None
    try:
        # How it was written costs 3 us, and is known of what begins with a plus sign.
        number = phonenumbers.parse(body, region, keep_raw_input=not body.startswith("+"))
    except phonenumbers.NumberParseException:
        return None
    if len(number.extension or "") >= _BEFORE_EXTENSION:
        return None  # phonenumbers takes a second number behind a semicolon for an extension
    if number.country_code == _MEXICO:  # +52 1 was how mobile phones were written until 2019, and still is by some
        national = str(number.national_number)
        if len(national) == _MEXICAN_DIGITS + 1 and national.startswith("1"):
            number.national_number = int(national[1:])
    if phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        return None
    if len(phonenumbers.national_significant_number(number)) > sum(map(str.isdecimal, body)):
        return None  # some islands of the Caribbean complete seven digits by their own area code
    return number


def number_body(text: str) -> str | None:
    """`text` without escapes, scheme, parameters, extension and invisible characters; None where letters are left."""
    if is_plain(text):
        return text
    text = _without_parameters(plain_text(text))
    body = _EXTENSION.sub("", text)
    if sum(map(str.isdecimal, body)) < _BEFORE_EXTENSION:
        body = text
    return None if any(map(str.isalpha, body)) else body.replace(",", " ")


def is_plain(text: str) -> bool:
    """Whether `text` is ASCII digits and nothing else, but for a plus sign in front."""
    return text.isascii() and text.removeprefix("+").isdigit()


def plain_text(text: str) -> str:
    """`text` without escapes and scheme, with ASCII in place of what looks like it."""
    for _ in range(2):  # an escape may have been escaped once more on its way
        if _ESCAPED.search(text) is None:
            break
        text = unquote(unescape(text))
    if not text.isascii():
        text = "".join(map(_plain_character, text))
    return _SCHEME.sub("", text, count=1)


@lru_cache(maxsize=4096)
def _plain_character(character: str) -> str:
    """ASCII in place of a digit of any script, raised or in a circle, of full width, or a dash or space of any kind."""
    digit, category = unicodedata.digit(character, None), unicodedata.category(character)
    if digit is not None:
        return str(digit)
    if category in _UNSEEN:
        return ""
    if category == "Pd" or character == "\u2212":  # dashes, and the minus sign
        return "-"
    plain = unicodedata.normalize("NFKC", character)
    # Signs such as the one for "No." stay: they are no letters, and a number with a letter is none.
    is_same_kind = character.isalpha() or not any(map(str.isalnum, plain))
    return plain if plain.isascii() and is_same_kind else character


def _without_parameters(text: str) -> str:
    """`text` without what follows semicolons, but for an extension; a local number begins with its `phone-context`."""
    if ";" not in text:
        return text
    context = {name.lower(): value for name, value in _PARAMETER.findall(text)}.get("phone-context", "")
    number = _PARAMETER.sub("", text)
    return context + number if context.startswith("+") and "+" not in number else number


def has_plus(number: PhoneNumber) -> bool:
    """Whether `number` was written with a plus sign, so that no region has a say in it."""
    return number.country_code_source in (CountryCodeSource.UNSPECIFIED, CountryCodeSource.FROM_NUMBER_WITH_PLUS_SIGN)


def e164(number: PhoneNumber) -> str:
    """`number` in E.164."""
    return str(phonenumbers.format_number(number, PhoneNumberFormat.E164))


def is_assignable(number: str) -> bool:
    """Whether `number`, in E.164, is of a range that its country gives out."""
    return phonenumbers.is_valid_number(phonenumbers.parse(number))


@lru_cache(maxsize=50_000)  # a contact writes more than once; parsing costs 23 us, remembering 0.1
def _phone(text: str, region: str | None) -> Phone:
    number = full_number(text, region)
    return Phone(text, False) if number is None else Phone(e164(number), True)
