"""What is a full number, and what stays as it came."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.phone_lookup import number_query
from runtime.phones import LONGEST, Phone, read_phone


@pytest.mark.parametrize(
    ("given_text", "region", "number"),
    [
        ("+13035550142", None, "+13035550142"),
        ("(303) 555-0142", "US", "+13035550142"),
        (3035550142, "US", "+13035550142"),
        ("1 303 555 0142", "US", "+13035550142"),
        ("011 44 20 7946 0958", "US", "+442079460958"),
        ("00 44 20 7946 0958", "DE", "+442079460958"),
        ("+44 (0)20 7946 0958", "US", "+442079460958"),
        ("020 7946 0958", "GB", "+442079460958"),
        # An extension is left out, however it is written
        ("303-555-0142 ext. 12", "US", "+13035550142"),
        ("303-555-0142x12", "US", "+13035550142"),
        ("303-555-0142 #12", "US", "+13035550142"),
        ("303-555-0142 \u0434\u043e\u0431. 12", "US", "+13035550142"),
        ("tel:+1-303-555-0142;ext=12", None, "+13035550142"),
        # Escaped once, and once more
        ("%2B13035550142", None, "+13035550142"),
        ("%252B1%20303%20555%200142", None, "+13035550142"),
        # Other digits, and marks that nobody sees
        ("\uff0b\uff11\uff13\uff10\uff13\uff15\uff15\uff15\uff10\uff11\uff14\uff12", None, "+13035550142"),
        ("\u202a+1 303\u2060 555 0142\u202c", None, "+13035550142"),
        # Digits that are raised, in circles, or on keys
        ("\u00b3\u2070\u00b3\u2075\u2075\u2075\u2070\u00b9\u2074\u00b2", "US", "+13035550142"),
        ("\u2462\u24ea\u2462\u2464\u2464\u2464\u24ea\u2460\u2463\u2461", "US", "+13035550142"),
        ("\u207a1303555014\u2461", None, "+13035550142"),
        ("3\ufe0f\u20e3035550142", "US", "+13035550142"),
        ("\u2116 3035550142", "US", "+13035550142"),  # the sign for "No."
        # Escaped for HTML
        ("&#43;13035550142", None, "+13035550142"),
        ("&plus;1&nbsp;303&nbsp;5550142", None, "+13035550142"),
        ("%26%2343%3B13035550142", None, "+13035550142"),
        # The country and area of a local number (RFC 3966)
        ("tel:5550142;phone-context=+1303", None, "+13035550142"),
        ("tel:555-0142;isub=7;phone-context=+1-303;ext=9", "US", "+13035550142"),
        ("tel:+1-303-555-0142;phone-context=+44", None, "+13035550142"),
        # Commas are separators
        ("303,555,0142", "US", "+13035550142"),
        # Mexico's mobile phones before 2019
        ("+521 55 1234 5678", "US", "+525512345678"),
    ],
)
def test_a_full_number_becomes_e164(given_text: str | int, region: str | None, number: str) -> None:
    assert read_phone(given_text, region) == Phone(number, True)


@pytest.mark.parametrize(
    ("came", "region"),
    [
        ("60777", "GB"),  # a short code
        ("TESCO 12345", "GB"),  # names of senders
        ("DHL4567890", "US"),
        ("4567890123DHL", "US"),
        ("5550142", "US"),  # without its area code
        ("+15550142", "US"),
        ("5550142", "AG"),  # nor is it completed by the island's own
        ("1-800-FLOWERS", "US"),
        ("+1800FLOWERS", None),
        ("3035550142", None),  # without a region
        ("00442079460958", "US"),  # 00 is no prefix there
        ("0812 34 56 78 90", "KR"),  # begins with a carrier's code
        ("anonymous", "US"),
        ("12", "US"),
        ("+", "US"),
        ("..", "US"),
        ("tel:5550142;phone-context=example.com", "US"),
        ("+13035550142/3035550143", "US"),  # nobody knows which of two is meant
        ("+1 303 555 0142 / +1 303 555 0143", "US"),
        ("3035550142/12", "US"),
    ],
)
def test_anything_else_stays_as_it_came(came: str, region: str | None) -> None:
    assert read_phone(came, region) == Phone(came, False)


@pytest.mark.parametrize("value", [None, "", "  ", True, 3.5, [], {}])
def test_what_is_no_text_is_no_phone(value: object) -> None:
    assert read_phone(value, "US") is None


@given(st.text(), st.sampled_from([None, "US", "GB", "KR", "MX"]))
def test_reading_never_fails_and_is_bounded(text: str, region: str | None) -> None:
    found = read_phone(text, region)
    assert found is None or len(found.number) <= LONGEST
    query = number_query(text, region)
    assert len(query.phone.number) <= LONGEST
    query.phone.number.encode()  # so that a database takes it


@given(st.text(), st.sampled_from([None, "US", "GB", "KR", "MX"]))
def test_what_was_read_is_read_as_itself(text: str, region: str | None) -> None:
    found = read_phone(text, region)
    if found is not None and found.valid:
        assert read_phone(found.number, None) == found
