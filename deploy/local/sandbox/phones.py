"""Phone numbers as TextUs takes them: with or without the country code of the United States."""

from __future__ import annotations

import phonenumbers

from deploy.local.sandbox.refusals import unprocessable


def parsed(text: str, field: str) -> phonenumbers.PhoneNumber:
    """`text` ("+13035551234", "5558765559", "1-303-123-4567 x2921") as a number; else 422 naming `field`.

    A number that begins with a space was sent with a bare `+` in a query string, where `+` means a space.
    """
    if text.startswith(" "):
        raise unprocessable(field, "begins with a space: write the + of a number as %2B in a query")
    try:
        number = phonenumbers.parse(text, "US")
    except phonenumbers.NumberParseException as error:
        raise unprocessable(field, f"is not a phone number: {error}") from None
    if not phonenumbers.is_possible_number(number):
        raise unprocessable(field, "is not a possible phone number")
    return number


def e164(number: phonenumbers.PhoneNumber) -> str:
    """+13035551234"""
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def national(number: phonenumbers.PhoneNumber) -> str:
    """(303) 555-1234"""
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL))
