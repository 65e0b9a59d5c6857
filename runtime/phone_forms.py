"""The forms in which a number may be asked about, as texts that are equal: for numbers of which only digests are kept.

`runtime/phone_lookup.py` compares two numbers that it can read. An erased one it cannot: a digest of each of its forms
is kept instead. Whatever that file finds between two full numbers has a form in common here; the other way round it may
be more, which is on the safe side.
"""

from __future__ import annotations

from collections.abc import Iterator

import phonenumbers
from phonenumbers import PhoneNumber

from runtime.phone_lookup import (
    KEY_DIGITS,
    Match,
    NumberQuery,
    identity,
    number_query,
    numbers_within,
    significant,
    stored_number,
)
from runtime.phones import e164

#: Their mobile numbers are written with digits in between that are no prefix: only the last digits are the same.
_REWRITTEN = (52, 54)


def stored_forms(phone: str, region: str | None) -> frozenset[str]:
    """The forms of `phone`, as it is stored, by which it is found when only their digests are left."""
    forms = _forms_of(phone, region)
    return forms.union(*(_forms_of(part, region) for part in numbers_within(phone)))


def _forms_of(phone: str, region: str | None) -> frozenset[str]:
    read = number_query(phone, region).written.number
    stored = stored_number(phone)
    forms = {phone} if read is None else {phone, identity(read)}
    number = stored.number or read
    if number is None or number.country_code in _REWRITTEN or len(stored.national) < KEY_DIGITS:
        forms |= {f"end:{stored.digits[-KEY_DIGITS:]}"} if stored.digits else set()
    if number is not None:
        national, digits = _national(number), e164(number)[1:]
        forms |= {f"whole:{significant(national)}", f"whole:{digits}"}
        forms |= {f"part:{end}" for end in _ends(digits, national)}
    return frozenset(forms)


def forms_asked(number: NumberQuery) -> dict[str, Match]:
    """The forms to look for, each with how sure it is that what is found is `number`.

    Of what is no full number only itself: it may not be texted anyhow.
    """
    full = number.written.number
    if full is None:
        return {number.phone.number: Match.SAME}
    forms: dict[str, Match] = {}
    for meant in (full, *number.written.international):
        national, digits = _national(meant), e164(meant)[1:]
        forms |= {f"part:{significant(text)}": Match.POSSIBLE for text in (national, digits)}
        forms |= {f"whole:{end}": Match.POSSIBLE for end in _ends(digits, national, number.written.digits)}
    forms |= {f"part:{significant(number.written.digits)}": Match.POSSIBLE}
    forms |= {f"end:{key}": Match.POSSIBLE for key in number.keys}
    return forms | {number.phone.number: Match.SAME, identity(full): Match.SAME}


def _national(number: PhoneNumber) -> str:
    return phonenumbers.national_significant_number(number)


def _ends(*written: str) -> Iterator[str]:
    """Every end of these digits that may be a number, with and without zeros in front."""
    for digits in written:
        for start in range(len(digits) - KEY_DIGITS + 1):
            yield significant(digits[start:])
