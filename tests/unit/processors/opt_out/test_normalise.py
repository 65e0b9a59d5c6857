"""The normalised message as docs/opt-outs.md defines it, character by character."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from processors.opt_out.normalise import normalise, plain

LETTERS = st.text(st.characters(categories=("Lu", "Ll", "Lt", "Nd", "Mn"), max_codepoint=0x24FF))


def by_the_book(text: str) -> str:
    """NFKC, casefold, accents off, over the whole text."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    return "".join(
        character for character in unicodedata.normalize("NFKD", folded) if unicodedata.category(character) != "Mn"
    )


@given(LETTERS)
@example("\u0345")  # a mark that casefold makes a letter of
@example("α\u0345")
def test_letters_are_as_by_the_book(text: str) -> None:
    strokes = str.maketrans(
        {"ø": "o", "đ": "d", "ł": "l", "ı": "i", "ħ": "h", "ŧ": "t", "æ": "ae", "œ": "oe", "ʼ": "'"}
    )
    assert plain(text) == by_the_book(text).translate(strokes)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("Don’t  TEXT\tme!", "dont text me"),  # apostrophe, case, blanks, outer punctuation
        ("Don`t / don´t", "dont dont"),  # what stands in for an apostrophe
        ("Opt-Out, please", "optout\nplease"),  # joined; a comma ends a clause
        ("adopt out", "adopt out"),  # another word
        ("stop-by", "stop by"),  # a dash within a word joins
        ("Stop - by the way", "stop\nby the way"),  # a dash beside a blank parts
        ("Stop—by", "stop by"),  # whatever dash it is
        ("ＳＴＯＰ　Ａｌｌ", "stop all"),  # full width
        ("ﬁne №5", "fine no5"),  # ligatures and signs as NFKC has them
        ("Straße ÉTÉ ı ø", "strasse ete i o"),  # casefold, accents, strokes
        ("S\u200bT\u00adO\u2060P", "stop"),  # nothing to see, nothing there
        ("a👍🏽b", "a b"),  # an emoji parts words
        ("1️⃣ ❤️‍🩹", ""),  # a keycap is an emoji, its digit too
        ("wrong # #4 #stop @home @ 5", "wrong # #4 stop home @ 5"),  # tags are words, signs stay
        ("“a” «b» 'c'", "a\nb\nc"),  # quotation marks part, apostrophes vanish
        ("a\x00b\ud800c", "a b c"),  # what is no character is a blank
        ("。、", ""),  # foreign punctuation
        ("", ""),
    ],
)
def test_a_message_is_normalised(text: str, normal: str) -> None:
    assert normalise(text) == normal


@given(st.text())
def test_nothing_but_words_is_left(text: str) -> None:
    normal = normalise(text)
    assert normal == "\n".join(" ".join(line.split(" ")) for line in normal.split("\n") if line)
    assert "  " not in normal
    assert not set(normal) & set(".,!?;:\"'`()[]{}|/\\*_~<>=+^&%\t\r\x00")
    assert normal == normal.strip()


@given(st.text(), st.text())
def test_a_text_is_normalised_once_for_all(text: str, other: str) -> None:
    """What was met before changes nothing, and a normalised message stays as it is."""
    first = normalise(text)
    normalise(other)
    assert normalise(text) == first
