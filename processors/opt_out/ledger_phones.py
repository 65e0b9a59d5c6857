"""Under which texts the ledger has a number that somebody asks about."""

from __future__ import annotations

from processors.opt_out.phone_digests import PhonePeppers
from runtime.phone_forms import forms_asked
from runtime.phone_lookup import Match, NumberQuery
from runtime.postgres import Connection

#: Whether a row of `opt_outs` may be a number: %s is its phones, then its keys, twice.
IS_ALIKE = """(phone = ANY (%s) OR lookup_key = ANY (%s)
    OR (phone !~ '^[+][0-9]+$' AND phone_lookup_keys(phone) && %s::text[]))"""
_PHONES = f"SELECT phone FROM opt_outs WHERE {IS_ALIKE} ORDER BY phone"  # noqa: S608 - texts of ours
NO_PEPPERS = PhonePeppers()
_ERASED = "SELECT digest, phone FROM erased_numbers WHERE digest = ANY (%s) ORDER BY phone"


def ledger_phones(
    connection: Connection, number: NumberQuery, peppers: PhonePeppers = NO_PEPPERS
) -> tuple[list[str], list[str]]:
    """The phones of the ledger that are `number`, its present form first; and those that it cannot be told from.

    With `peppers`, erased ones too.
    """
    keys = list(number.keys)
    rows = connection.execute(_PHONES, ([number.phone.number], keys, keys))
    matches = {phone: number.match(phone) for (phone,) in rows}
    digests = erased_matches(number, peppers)
    for digest, phone in connection.execute(_ERASED, (list(digests),)) if digests else ():
        matches[phone] = max(digests[digest], matches.get(phone, Match.NONE))
    same = [phone for phone, match in matches.items() if match is Match.SAME]
    same.sort(key=lambda phone: phone != number.phone.number)
    return same, [phone for phone, match in matches.items() if match is Match.POSSIBLE]


def erased_matches(number: NumberQuery, peppers: PhonePeppers) -> dict[str, Match]:
    """By digest, how sure it is that an erased phone that is found by it is `number`."""
    return {digest.digest: match for form, match in forms_asked(number).items() for digest in peppers.digests(form)}
