"""Finds closed texts (words/closed_texts.py): those in which every word is of one of a few classes.

One bit of a word says that it is in none of a language's classes. A text whose words have it is open, which nearly all
are, and then a few of its clauses are looked at, where they have what a wish needs.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterable, Sequence

from processors.opt_out.grammar import Trying
from processors.opt_out.requests import Requests
from processors.opt_out.word_kinds import WordKinds
from processors.opt_out.words.closed_texts import CLAUSE_NEEDS

#: Clauses of a text in which each of them is looked at: a letter's address, its wish and its greeting.
SHORT = 6


class ClosedTexts:
    """The closed texts of some languages, compiled."""

    def __init__(self, languages: Sequence[Requests], first_bit: int) -> None:
        """`first_bit`: the first of the bits of `belongs`."""
        self._bits: dict[str, int] = {}
        self._needs: list[int] = []
        for way in CLAUSE_NEEDS:
            bits = [1 << first_bit + at for at in range(len(way))]
            first_bit += len(way)
            self._needs.append(sum(bits))
            for bit, names in zip(bits, way, strict=True):
                self._bits.update({name: self._bits.get(name, 0) | bit for name in names})
        self._open = [(1 << first_bit + at, language) for at, language in enumerate(languages)]
        self._any_open = sum(bit for bit, _ in self._open)
        self.end = first_bit + len(languages)  #: the place after its last bit
        self._kinds = WordKinds(self.belongs)

    def belongs(self, word: str) -> int:
        """What `word` is for closed texts, as bits."""
        bits = 0
        for bit, language in self._open:
            if not language.grammar.is_of("{word}", word):
                bits |= bit
            for name, needed in self._bits.items():
                if language.grammar.is_of(name, word):
                    bits |= needed
        return bits

    def candidates(self, flat: str, words: Sequence[str], mask: int) -> list[tuple[Requests, Trying]]:
        """The patterns worth trying on the spread text `flat`, whose words have the bits `mask`, by language."""
        if mask & self._any_open != self._any_open:
            return self._fitting(words, mask, flat)
        if not self._may_be_clause(mask):
            return []
        found: list[tuple[Requests, Trying]] = []
        clauses = flat.split("\n")
        for clause in clauses if len(clauses) <= SHORT else (clauses[0], clauses[-1]):
            parts = clause.split()
            if self._may_be_clause(self._kinds_of(parts)):
                found += self._fitting(parts, 0, flat)
        return found

    def _may_be_clause(self, kinds: int) -> bool:
        """Whether words with the bits `kinds` have what a clause needs."""
        return any(kinds & way == way for way in self._needs)

    def _fitting(self, words: Sequence[str], mask: int, flat: str) -> list[tuple[Requests, Trying]]:
        return [
            (language, trying)
            for bit, language in self._open
            if not mask & bit and (trying := language.grammar.worth_trying(language.grammar.present(words), flat))
        ]

    def _kinds_of(self, words: Iterable[str]) -> int:
        return functools.reduce(operator.or_, map(self._kinds.__getitem__, words), 0)
