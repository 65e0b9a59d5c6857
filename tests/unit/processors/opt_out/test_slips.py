"""Slips of a keyword: exactly what the tier table calls one, and no word that a person may mean."""

from __future__ import annotations

import pytest

from processors.opt_out.classifier import classify
from processors.opt_out.typos import collapsed, slips_of, typos
from processors.opt_out.words.keywords import OWN_WORDS

SIX = ("stop", "stopall", "unsubscribe", "cancel", "optout", "revoke")
OWN = frozenset(word for words in OWN_WORDS.values() for word in words)


def test_every_slip_of_a_word() -> None:
    made = set(typos("stop"))

    assert {"top", "sop", "stp", "sto"} <= made  # dropped
    assert {"sstop", "sttop", "stoop", "stopp"} <= made  # doubled
    assert {"tsop", "sotp", "stpo", "spot"} <= made  # swapped
    assert {"stip", "xtop", "st0p", "5top", "$top"} <= made  # replaced
    assert not {"stop", "stops", "stomp", "strop", "astop", "st", "stopppp"} & made


@pytest.mark.parametrize("word", SIX)
def test_each_slip_is_held_unless_it_is_a_word(word: str) -> None:
    for typo in typos(word):
        if typo in OWN:
            assert classify(typo).tier == "D", typo
        elif typo == "stopp":
            assert classify(typo).tier == "A", "a German keyword"
        else:
            assert classify(f"{typo.title()}!").tier == "C", typo


# The examples of the tier table.
@pytest.mark.parametrize("typo", ["stpo", "stip", "unsubcribe", "cancle"])
def test_a_slip_of_the_table(typo: str) -> None:
    assert classify(typo).tier == "C"


@pytest.mark.parametrize("word", ["step", "shop", "top", "stoop"])
def test_a_word_of_the_table(word: str) -> None:
    assert classify(word).tier == "D"


def test_every_word_that_is_spared_is_a_slip_of_something() -> None:
    made = {typo for word in SIX for typo in typos(word)}
    assert made >= OWN


@pytest.mark.parametrize("text", ["stip by at 5", "cancle my shift"])
def test_a_slip_within_a_longer_text_is_nothing(text: str) -> None:
    assert classify(text).tier == "D"


def test_a_slip_belongs_to_one_word() -> None:
    made = slips_of(("stop", "stopp"), frozenset({"top"}))
    assert made["stpp"] == "stop"
    assert "top" not in made
    assert "stopp" not in made


# A letter that stands twice is a slip; only three and more are drawn out.
@pytest.mark.parametrize(("token", "drawn"), [("stooop", "stop"), ("SSSTOP", "STOP"), ("stoop", None), ("stop", None)])
def test_what_is_drawn_out_is_drawn_in(token: str, drawn: str | None) -> None:
    assert collapsed(token) == drawn
