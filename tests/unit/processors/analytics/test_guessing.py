"""Whoever tries every number of an area code finds none of them in what is published."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from uuid import UUID, uuid5

import pytest

from processors.analytics.anonymous import Anonymiser
from processors.analytics.features import FeatureReader
from processors.analytics.keys import Keys
from tests.twins.events import message

AREA = "+1303"
SECRET = "a-secret-of-a-test-that-is-long-enough"
#: Numbers of the area, far apart.
PHONES = [f"{AREA}{number:07}" for number in (2_000_000, 5_550_142, 5_550_143, 7_123_456, 9_999_999)]


def numbers(first: int = 2_000_000, last: int = 9_999_999) -> Iterator[str]:
    """Every number of the area code: a local number does not begin with 0 or 1."""
    return (f"{AREA}{number}" for number in range(first, last + 1))


def found_by_hash(published: set[str]) -> set[str]:
    """The attack: the hash that is made, without its secret, of every number, as published: 22 characters of Base64."""
    sha256, encode = hashlib.sha256, urlsafe_b64encode
    heads = {key[:8].encode() for key in published}  # 48 bits: enough to know a hit by
    return {number for number in numbers() if encode(sha256(f"phone:{number}".encode()).digest()[:6]) in heads}


@pytest.mark.slow
def test_no_number_of_an_area_code_is_found() -> None:
    """The same attack finds every number that was hashed without a secret."""
    anonymiser = Anonymiser(Keys(SECRET), FeatureReader())
    published = {str(anonymiser.anonymous(message(contact_phone=phone)).contact_key) for phone in PHONES}
    others = {f"{AREA}{number}" for number in (2_000_001, 5_550_140, 8_123_456, 9_999_998)}
    digests = (hashlib.sha256(f"phone:{phone}".encode()).digest()[:16] for phone in others)
    without_secret = {urlsafe_b64encode(digest).rstrip(b"=").decode() for digest in digests}

    assert len(published) == len(PHONES)
    assert {len(key) for key in published | without_secret} == {22}
    assert found_by_hash(published | without_secret) == others


@pytest.mark.parametrize("guess", ["", "secret", "hookline", SECRET[:-1], SECRET + " "])
def test_a_guessed_secret_makes_other_keys(guess: str) -> None:
    real, other = Keys(SECRET), Keys(guess)

    assert {real.phone(phone) for phone in PHONES}.isdisjoint(other.phone(phone) for phone in PHONES)


def test_an_id_that_is_a_hash_of_phone_text_and_time_cannot_be_guessed_either() -> None:
    """TextLink's event ids are such hashes: whoever knows text and time tries the phones."""
    space = UUID("6f6c6b6e-6f6f-4b4c-8949-4e4500000001")

    def own_id(phone: str) -> UUID:
        return uuid5(space, f"received:{phone}:STOP:1762000000000")

    event = message(contact_phone=PHONES[1], event_id=own_id(PHONES[1]), key=f"textlink:{own_id(PHONES[1])}")
    anonymous = Anonymiser(Keys(SECRET), FeatureReader()).anonymous(event)
    shown = str(anonymous)

    tried = {number: own_id(number) for number in numbers(5_550_000, 5_559_999)}
    assert event.event_id in tried.values(), "the attack finds the event's own id"
    assert [number for number, guess in tried.items() if str(guess) in shown or guess.hex in shown] == []
