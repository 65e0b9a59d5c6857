"""Secrets are found in any text, as the plain pattern of before found them, and no text costs more than its length."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.content_coding import MAX_BODY
from ingest.quarantine import secret_pairs
from ingest.quarantine.masking import LONGEST_SECRET, given_secret, without_pairs, without_values
from ingest.quarantine.secret_pairs import first_value, secret_values
from ingest.sanitise import REDACTED

#: What a key `secret` and its value are: this pattern says it shortly, and tries every way to divide a row of blanks.
PLAIN = re.compile(
    r"""(secret[\w-]{0,40}(?:\\{0,8}["']|%22|%27)?[\s+]{0,40}(?:=>|[:=]|%3a|%3d)[\s+]{0,40}[\[{(]?\s{0,40})"""
    r"""(?:"(?P<double>(?:\\.|[^"\\\r\n])+)"""
    r"""|'(?P<single>(?:\\.|[^'\\\r\n])+)"""
    r"""|(?:\\{1,8}["']|%22|%27)(?P<escaped>(?:(?!\\{1,8}["']|%22|%27)[^\r\n])+)"""
    r"""|(?P<bare>[^\s,;&}\]"'\\%]+))""",
    re.IGNORECASE,
)
PIECES = (
    *("secret", "SECRET", "Secret", "\u017fecret", "ecret", "=", ":", "=>", "%3a", "%3D", '"', "'", "\\", '\\"'),
    *("\\\\\\\\", "%22", "%27", "%", "%41", " ", "+", "\n", "\r", "\t", "\xa0", "\x1c", "[", "{", "(", "]", "}"),
    *(",", ";", "&", "a", "_key", "-", "x" * 41, " " * 39, " " * 41, "+" * 39, "+" * 40, "\u00e9", "\ud800", "\\n"),
)
PIECEMEAL = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)
#: Few pieces each, so that they follow each other in every way.
REPEATED = st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).flatmap(
    lambda pieces: st.lists(st.sampled_from(["secret", "=", *pieces]), max_size=60).map("".join)
)


def plainly(text: str) -> list[tuple[int, int]]:
    return [found.span(found.lastgroup or 0) for found in PLAIN.finditer(text)]


@given(PIECEMEAL | REPEATED | st.text(max_size=60), st.sampled_from([300, 4_096]))
def test_it_finds_what_the_plain_pattern_finds(text: str, step: int) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(secret_pairs, "STEP", step)
        assert [(start, end) for start, end, _ in secret_values(text)] == plainly(text)


@given(st.text(" ", max_size=700), st.sampled_from(["", "é"]), st.sampled_from(PIECES), st.integers(0, 3))
def test_it_finds_it_wherever_a_step_ends(before: str, letter: str, unit: str, quote: int) -> None:
    opening = ("", '"', "'", '\\"')[quote]
    text = before + letter + '{"secret": ' + opening + unit * 300 + opening + ', "secret": "b"}'
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(secret_pairs, "STEP", 300)
        assert [(start, end) for start, end, _ in secret_values(text)] == plainly(text)


def test_every_character_is_as_the_plain_pattern_takes_it() -> None:
    """Without regard to case one more letter is an s, and what is a blank or part of a word is the same for all."""
    for first in range(0, 0x110000, 64):
        for unit in ("{}ecret=a ", "secret{}=a ", "secret={}a "):
            text = "".join(unit.format(chr(code)) for code in range(first, first + 64))
            if text.isascii() or "\u017f" in text or first < 0x3100 or first % 4096 == 0:
                assert [(start, end) for start, end, _ in secret_values(text)] == plainly(text)


def filled(unit: str, start: str = "") -> str:
    """A text as long as a body may be."""
    return (start + unit * (MAX_BODY // len(unit) + 1))[:MAX_BODY]


BOMBS = {
    "keys without an end": filled("secret"),
    "long words": filled("secret" + "a" * 40),
    "blanks behind": filled("secret=" + " " * 80 + ","),
    "fewer blanks": filled("secret=" + " " * 40 + ","),
    "an arrow": filled("secret=> " + " " * 80 + ","),
    "plus signs": filled("secret=" + "+ " * 20 + ","),
    "no value": filled("secret=,"),
    "short values": filled("secret=x,"),
    "a value of backslashes": filled("\\", "secret=%22"),
    "a value of percent signs": filled("%%41", 'secret=\\"'),
    "a value of escapes": filled("\\x", 'secret="'),
}
ORDINARY = filled("the secret: of all that I told you, not a word. ")


def seconds(work: Callable[[str], Any], text: str) -> float:
    """The least that `work` took of the processor."""
    found = []
    for _ in range(5):
        begun = time.process_time()
        work(text)
        found.append(time.process_time() - begun)
    return min(found)


@pytest.mark.parametrize("letter", ["", "é"])
@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_costs_as_much_as_an_ordinary_text_that_has_the_word(bomb: str, letter: str) -> None:
    """By the plain pattern keys without an end and blanks took a hundred times as long; the margin is wide."""
    ordinary = seconds(without_pairs, letter + ORDINARY)
    assert seconds(without_pairs, letter + BOMBS[bomb]) < 12 * ordinary
    assert seconds(given_secret, letter + BOMBS[bomb]) < 12 * ordinary


@pytest.mark.parametrize("letter", ["", "é"])
@pytest.mark.parametrize("bomb", BOMBS)
def test_no_step_of_it_is_long(bomb: str, letter: str) -> None:
    text = letter + BOMBS[bomb]
    rests: list[int] = []
    without_pairs(text, lambda: rests.append(1))
    assert len(rests) >= len(text) // secret_pairs.STEP - 1


@pytest.mark.parametrize("bomb", BOMBS)
def test_before_it_waits_a_body_is_looked_at_shortly(bomb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[int] = []

    class Counted:
        def match(self, text: str, at: int, until: int) -> re.Match[str] | None:
            looked.append(until - at)
            return pattern.match(text, at, until)

    pattern = secret_pairs._IN_SMALL_ASCII
    monkeypatch.setattr(secret_pairs, "_IN_SMALL_ASCII", Counted())
    first_value(BOMBS[bomb][:4_096])
    assert len(looked) <= 4
    assert sum(looked) <= 2_048


@pytest.mark.parametrize(
    ("text", "value"),
    [('{"Secret": "abc"}', "abc"), ("a=b&secret=abc&c=d", "abc"), ('{"text": "secret", "secret": "a\\"b"}', 'a\\"b')],
)
def test_the_first_value_tells_senders_apart(text: str, value: str) -> None:
    assert first_value(text) == value


def test_a_made_up_secret_of_any_length_is_masked_where_it_stands() -> None:
    made_up = "é" * (LONGEST_SECRET + 1)
    assert without_values(f"a {made_up} b", [made_up]) == f"a {REDACTED} b"
    assert without_values("a%C3%A9%C3%A9%C3%A9%C3%A9%C3%A9%C3%A9b", ["é" * 6]) == f"a{REDACTED}b"
