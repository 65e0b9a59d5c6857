"""An erased number is found by digests of its forms, wherever the number itself would have been found."""

from __future__ import annotations

from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from runtime.phone_forms import forms_asked, stored_forms
from runtime.phone_lookup import Match, number_query
from runtime.phones import read_phone
from tests.twins.numbers import CARRIERS_DIALLED, EXAMPLES, settings_of_a_region, spellings, written


def found(stored: str, region: str | None, query: str, asked_region: str | None) -> Match:
    """How sure it is by the forms alone that `query` is the erased number `stored`."""
    forms = forms_asked(number_query(query, asked_region))
    return max((forms[form] for form in stored_forms(stored, region) & forms.keys()), default=Match.NONE)


@given(written(), settings_of_a_region)
@settings(max_examples=600, deadline=None)
def test_whatever_was_found_before_is_found_after(way: tuple[str, str, str, str | None], then: str | None) -> None:
    home, came, query, _ = way
    for region in (home, then):
        assume(region not in CARRIERS_DIALLED)
        phone = read_phone(came, region)
        assume(phone is not None)
        assert phone is not None
        number = number_query(query, home)
        if number.phone.valid:  # what is no full number is out anyhow
            assert bool(found(phone.number, region, query, home)) >= bool(number.match(phone.number))


@given(st.sampled_from(EXAMPLES), settings_of_a_region)
@settings(max_examples=200, deadline=None)
def test_a_number_in_full_is_surely_itself(example: tuple[str, Any], region: str | None) -> None:
    plain = spellings(example[1])[0]
    assert found(plain, region, plain, region) is Match.SAME


@given(st.integers(0, 9_999_999), st.integers(0, 9_999_999), st.sampled_from(["404", "303"]))
@settings(max_examples=200, deadline=None)
def test_other_numbers_of_the_country_are_not_taken_for_it(first: int, other: int, area: str) -> None:
    assume((first, "404") != (other, area))
    assert found(f"+1404{first:07d}", "US", f"({area}) {other:07d}", "US") is Match.NONE


def test_spellings_of_a_number_are_surely_it() -> None:
    for query in ("+13035550142", "(303) 555-0142", "1 303 555 0142", "303.555.0142", "011 1 303 555 0142"):
        assert found("+13035550142", "US", query, "US") is Match.SAME
    assert found("+5491123456789", "AR", "+541123456789", "US") is Match.SAME
    assert found("(303) 555-0142", "US", "+13035550142", "US") is Match.SAME
