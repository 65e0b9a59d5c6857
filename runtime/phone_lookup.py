"""Whether a number that somebody asks about may be one that is stored, however each was written and by which region.

A region says what a number without a country code means, and the setting may have been another one when a number was
stored. So a stored number is compared by its national digits too: what was read by the wrong region is found, and what
cannot be told apart from a number that is out counts as that number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumber

from runtime.phones import (
    LONGEST,
    Phone,
    dialled_number,
    e164,
    full_number,
    has_plus,
    is_plain,
    number_body,
    plain_text,
)

#: Digits at a number's end that are the same however it is written: a prefix is all that differs, but for
#: Argentina's 15, which stands before the last six at the earliest.
KEY_DIGITS = 6
#: Digits that a number without its area code has at least; what is shorter is a short code, and nobody's number.
LOCAL_DIGITS = 7
#: International prefixes as they are dialled from somewhere, also without their first 0, which some regions take for
#: the one before an area code.
_DIALLED = ("", "00", "011", "0011", "010", "810", "8810", "001", "009", "119", "0", "11", "10")
#: What stands before an area code, depending on the country.
_TRUNK = ("", "0", "1", "8", "06", "80")
#: Digits that are left at least where a region took the first ones for a prefix of its own, such as a carrier's.
_REST_DIGITS = 7
#: Digits from which on a text with letters may be a number with a word to it.
_WHOLE_DIGITS = 9
_LETTERS = re.compile(r"[^\W\d_]+")
#: What does not stand within a number, and where another number begins.
_BETWEEN_NUMBERS = re.compile(r"[^0-9 ()+.-]+|(?=\+)")
_ARGENTINA, _MEXICO = 54, 52
#: What stood before a Mexican number until 2019, between itself and +52 or alone.
_MEXICAN_PREFIXES = ("1", "01", "044", "045")


class Match(IntEnum):
    """How sure it is that two numbers are one."""

    NONE = 0
    POSSIBLE = 1  #: they cannot be told apart
    SAME = 2


@dataclass(frozen=True, slots=True)
class NumberQuery:
    """A number that somebody asks about."""

    phone: Phone  #: as it is read now
    keys: tuple[str, ...]  #: of every stored number that may be it: `phone_lookup_keys` in schemas/sql
    written: Written  #: what its digits may stand for
    _region: str | None

    def match(self, phone: str) -> Match:
        """How sure it is that `phone`, as it is stored, is this one."""
        if phone == self.phone.number:
            return Match.SAME
        found = self._match(phone)
        if found is Match.NONE and any(self._match(part) is not Match.NONE for part in numbers_within(phone)):
            return Match.POSSIBLE
        return found

    def _match(self, phone: str) -> Match:
        stored = stored_number(phone)
        if not self.written.digits or not stored.digits:
            return Match.NONE
        if self.written.number is not None:
            as_read_now = stored.number or _full(phone, self._region)
            if as_read_now is not None and identity(as_read_now) == identity(self.written.number):
                return Match.SAME
        return Match.POSSIBLE if _may_be_one(self.written, stored) else Match.NONE


@lru_cache(maxsize=50_000)
def number_query(text: str, region: str | None) -> NumberQuery:
    """The number that `text` asks about, where the setting is `region`. Any text will do."""
    storable = text.replace("\x00", "").encode("utf-8", "replace").decode().strip()[:LONGEST]
    written = _written(storable, region)
    phone = Phone(storable, False) if written.number is None else Phone(e164(written.number), True)
    # A number of fewer digits ends differently with its country code and without.
    ends = {written.digits, written.national, phone.number[1:] if phone.valid else ""} - {""}
    return NumberQuery(phone, tuple(sorted({end[-KEY_DIGITS:] for end in ends})), written, region)


@dataclass(frozen=True, slots=True)
class Written:
    """What the digits of a number may stand for."""

    digits: str  #: all of them, in ASCII, without an extension; empty where letters are among them
    national: str  #: without country code and the prefix before an area code, as far as they are known
    number: PhoneNumber | None  #: the full number as which it is read
    has_plus: bool = False  #: its country code was written, whatever the region
    international: tuple[PhoneNumber, ...] = ()  #: what else it may be: its digits begin with a country code after all


def _written(text: str, region: str | None) -> Written:
    digits = _digits(text)
    number = full_number(text, region) if digits else None
    if number is None:
        return Written(digits, digits, None)
    national = phonenumbers.national_significant_number(number)
    if has_plus(number):
        return Written(digits, national, number, has_plus=True)
    return Written(digits, national, number, international=_international(digits, national))


@lru_cache(maxsize=50_000)
def stored_number(text: str) -> Written:
    """A number as it is stored. That it is in E.164 does not say that its country code was written."""
    digits = _digits(text) or _digits_among_letters(text)
    number = _full(text, None) if digits and text.startswith("+") else None
    national = digits if number is None else phonenumbers.national_significant_number(number)
    return Written(digits, national, number, international=_international(national))


def _international(*written: str) -> tuple[PhoneNumber, ...]:
    """Every full number that one of `written` is with a plus sign in place of what is dialled for one."""
    dialled = {text[len(prefix) :] for text in written for prefix in _DIALLED if text.startswith(prefix)}
    return tuple(number for text in sorted(dialled) if (number := _full(f"+{text}", None)) is not None)


def _digits(text: str) -> str:
    body = number_body(text)
    return "" if body is None else _digits_of(body)


def _digits_of(plain: str) -> str:
    return "".join(character for character in plain if character.isdecimal())


@lru_cache(maxsize=50_000)
def numbers_within(text: str) -> tuple[str, ...]:
    """The parts of a stored text that may each be a number: somebody wrote two of them, or one and something else."""
    if is_plain(text):
        return ()
    plain = plain_text(text)
    fewest = _WHOLE_DIGITS if _LETTERS.search(plain) else LOCAL_DIGITS
    digits = {part: _digits_of(part) for part in parts_between_words(plain)}
    whole = _digits_of(plain)
    return tuple(part for part in digits if fewest <= len(digits[part]) < len(whole))


def parts_between_words(plain: str) -> list[str]:
    """The parts of `plain` (`phones.plain_text`) with nothing in them that does not stand within a number."""
    return [part.lstrip(" )").rstrip(" (") for part in _BETWEEN_NUMBERS.split(plain)]


def _digits_among_letters(text: str) -> str:
    """The digits of a number that somebody wrote a word to, such as (mobile); empty where that is a name with digits.

    It stays as it came, but whoever is asked about the number cannot be sure that it is another.
    """
    parts = (_digits(part) for part in _LETTERS.split(text))
    found = max(parts, key=len)
    return found if len(found) >= _WHOLE_DIGITS else ""


@lru_cache(maxsize=50_000)
def _full(text: str, region: str | None) -> PhoneNumber | None:
    return dialled_number(text, region)


def _may_be_one(query: Written, stored: Written) -> bool:
    """Whether somebody may have written the same digits for both."""
    if query.number is None:
        if stored.number is not None:
            return _stands_for(query.digits, stored.number) or _is_local_part(query.digits, stored.national)
        return significant(query.digits) == significant(stored.digits)
    if _stands_for(stored.national, query.number):
        return True
    cut = _is_local_part(stored.digits, query.national) if stored.number is None else _is_rest(stored, query)
    return cut or (not query.has_plus and _read_by_another_region(query, stored))


def _read_by_another_region(query: Written, stored: Written) -> bool:
    """Whether both may be one where the region is wrong about `query`, which has no plus sign.

    That it is wrong about both, in two ways, is left out: so many numbers would be taken for others that few could
    be texted any more.
    """
    meant = {query.national, query.digits}
    return (
        any(_is_prefixed(digits, stored.national) or _is_prefixed(stored.national, digits) for digits in meant)
        or (stored.number is not None and (_stands_for(query.national, stored.number) or _is_rest(query, stored)))
        or any(_stands_for(digits, number) for digits in meant for number in stored.international)
        or any(_stands_for(stored.national, number) for number in query.international)
    )


def _is_prefixed(digits: str, national: str) -> bool:
    """Whether `digits` are `national` with what stands before an area code somewhere, if anything."""
    return digits.endswith(national) and digits[: -len(national)] in _TRUNK


def _stands_for(digits: str, number: PhoneNumber) -> bool:
    """Whether `digits` are `number` as it is written in its own country, or internationally without its plus sign."""
    national = phonenumbers.national_significant_number(number)
    if digits[-KEY_DIGITS:] != national[-KEY_DIGITS:] and len(national) >= KEY_DIGITS:
        return False
    if significant(digits) == significant(national):
        return True
    code = str(number.country_code)
    if digits.endswith(national):
        before = digits[: -len(national)]
        ways = ("", *_MEXICAN_PREFIXES) if number.country_code == _MEXICO else ("",)
        if any(before == prefix + code + way for prefix in _DIALLED for way in ways) or before in ways:
            return True
    regions = phonenumbers.region_codes_for_country_code(int(code))
    region = regions[0] if regions else None
    # Another region may have taken the first 0 for its own prefix.
    return any(
        read is not None and identity(read) == identity(number)
        for read in (_full(digits, region), _full(f"0{digits}", region))
    )


def _is_rest(cut: Written, whole: Written) -> bool:
    """Whether `cut` is what a region left of `whole`, having taken its first digits for a prefix of its own."""
    rests = (cut.national, e164(cut.number)[1:]) if cut.number is not None else ()
    full = e164(whole.number)[1:] if whole.number is not None else ""
    return any(len(rest) >= _REST_DIGITS and full.endswith(rest) for rest in rests)


def significant(digits: str) -> str:
    """`digits` without the zeros in front, which in some countries are a prefix and in others part of the number."""
    return digits.lstrip("0")


def _is_local_part(digits: str, national: str) -> bool:
    return len(digits) >= LOCAL_DIGITS and national.endswith(digits)


def identity(number: PhoneNumber) -> str:
    """What numbers that reach one phone have in common. Argentina's mobile phones have a 9 that callers leave out."""
    written = e164(number)
    national = phonenumbers.national_significant_number(number)
    if number.country_code == _ARGENTINA and len(national) == 11 and national.startswith("9"):
        return f"+{_ARGENTINA}{national[1:]}"
    return written
