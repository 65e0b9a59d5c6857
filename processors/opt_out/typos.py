"""Slips of the thumb: what a keyword becomes with one letter dropped, doubled, replaced, or two swapped."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Iterator
from itertools import combinations

_ALPHABET = string.ascii_lowercase + string.digits + "$"
_DRAWN_OUT = re.compile(r"(.)\1{2,}")


def typos(word: str) -> Iterator[str]:
    """Every slip of `word`, some of them twice; a digit or a sign may replace a letter (st0p)."""
    for at, letter in enumerate(word):
        head, tail = word[:at], word[at + 1 :]
        yield head + tail
        yield head + letter + letter + tail
        yield from (head + other + tail for other in _ALPHABET if other != letter)
    for first, second in combinations(range(len(word)), 2):
        if word[first] != word[second]:
            letters = list(word)
            letters[first], letters[second] = letters[second], letters[first]
            yield "".join(letters)


def slips_of(words: Iterable[str], own_words: frozenset[str]) -> dict[str, str]:
    """Slip -> the word it is one of, without those that are `own_words` or one of `words`."""
    words = tuple(words)
    found: dict[str, str] = {}
    for word in words:
        for typo in typos(word):
            if typo not in own_words and typo not in words:
                found.setdefault(typo, word)
    return found


def collapsed(token: str) -> str | None:
    """`token` with each letter that stands three times or more standing once: stoooop -> stop. None: there is none."""
    drawn = _DRAWN_OUT.sub(r"\1", token)
    return None if drawn == token else drawn
