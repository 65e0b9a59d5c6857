"""An erased phone says whose digest it is, and nothing else."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from processors.opt_out.phone_digests import PhoneDigest, PhonePeppers, erased_digest, pepper_name

OLD, NEW = "the-pepper-of-the-first-years", "the-pepper-after-a-rotation"
PHONE = "+13035550142"


def test_the_digest_of_an_erased_phone_is_that_of_the_phone() -> None:
    digest = PhonePeppers([OLD]).digest(PHONE)
    assert digest.digest == hmac.new(OLD.encode(), PHONE.encode(), hashlib.sha256).hexdigest()
    assert digest.erased_phone == f"erased:{pepper_name(OLD)}:{digest.digest}"
    assert erased_digest(digest.erased_phone) == digest
    # Whatever keys there are now, and without any
    for peppers in (PhonePeppers([NEW, OLD]), PhonePeppers([NEW]), PhonePeppers()):
        assert peppers.digest(digest.erased_phone) == digest


@pytest.mark.parametrize("text", [PHONE, "", "erased:", "erased:x:y", "erased:" + "a" * 16 + ":" + "b" * 63])
def test_other_texts_are_none_that_were_erased(text: str) -> None:
    assert erased_digest(text) is None


def test_what_stands_in_the_place_of_another_phone_is_seen() -> None:
    peppers = PhonePeppers([OLD])
    mine, others = peppers.digest(PHONE), peppers.digest("+13035550143")
    assert peppers.is_of(mine.erased_phone, mine) is None
    assert peppers.is_of(others.erased_phone, mine) is False
    # By another key nobody can tell
    assert peppers.is_of(PhonePeppers([NEW]).digest(PHONE).erased_phone, mine) is None


def test_each_key_makes_a_digest_of_its_own() -> None:
    assert PhonePeppers([NEW, OLD]).digests(PHONE) == [
        PhoneDigest(pepper_name(key), hmac.new(key.encode(), PHONE.encode(), hashlib.sha256).hexdigest())
        for key in (NEW, OLD)
    ]
