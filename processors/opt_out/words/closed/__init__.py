"""The words of closed texts, a file for each language; `words/closed_texts.py` says what they mean together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClosedWords:
    """The words of one language by class, blanks between them."""

    with_slips: Mapping[str, str]  #: those whose slips count as the word
    without_slips: Mapping[str, str]  #: short ones, and those of which every other word is near
    key: str  #: words that name removal and nothing else
    examples: Mapping[str, tuple[str, ...]]  #: kind of wish -> texts of our own that it finds
    turns: str = ""  #: a pattern of turns of the language's own that mean something else
