"""Finds closed texts (words/closed_texts.py): those in which every word is of one of a few classes.

One bit of a word says that it is in none of a language's classes. A text whose words have it is open, which nearly all
are, and then only its first and its last clause are looked at, where they have what a wish needs.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterable, Sequence

from processors.opt_out.grammar import Trying
from processors.opt_out.requests import Requests
from processors.opt_out.word_kinds import WordKinds
from processors.opt_out.words.closed_texts import CLAUSE_NEEDS


class ClosedTexts:
    """The closed texts of some languages, compiled."""

    def __init__(self, languages: Sequence[Requests], first_bit: int) -> None:
        """`first_bit`: the first of the bits of `belongs`."""
        self._needs = [1 << first_bit + at for at in range(len(CLAUSE_NEEDS))]
        first_bit += len(CLAUSE_NEEDS)
        self._open = [(1 << first_bit + at, language) for at, language in enumerate(languages)]
        self._any_open = sum(bit for bit, _ in self._open)
        self._kinds = WordKinds(self.belongs)

    def belongs(self, word: str) -> int:
        """What `word` is for closed texts, as bits."""
        bits = 0
        for bit, language in self._open:
            if not language.grammar.is_of("{word}", word):
                bits |= bit
            for needs, names in zip(self._needs, CLAUSE_NEEDS, strict=True):
                if any(language.grammar.is_of(name, word) for name in names):
                    bits |= needs
        return bits

    def candidates(self, flat: str, words: Sequence[str], mask: int) -> list[tuple[Requests, Trying]]:
        """The patterns worth trying on the spread text `flat`, whose words have the bits `mask`, by language."""
        if self._any_open & ~mask:
            return self._fitting(words, mask, flat)
        if "\n" not in flat or not all(map(mask.__and__, self._needs)):
            return []
        found: list[tuple[Requests, Trying]] = []
        first, _, rest = flat.partition("\n")
        for clause in (first, rest.rpartition("\n")[2]):
            parts = clause.split()
            kinds = self._kinds_of(parts)
            if self._any_open & ~kinds and all(map(kinds.__and__, self._needs)):
                found += self._fitting(parts, kinds, flat)
        return found

    def _fitting(self, words: Sequence[str], mask: int, flat: str) -> list[tuple[Requests, Trying]]:
        return [
            (language, trying)
            for bit, language in self._open
            if not mask & bit and (trying := language.grammar.worth_trying(language.grammar.present(words), flat))
        ]

    def _kinds_of(self, words: Iterable[str]) -> int:
        return functools.reduce(operator.or_, map(self._kinds.__getitem__, words), 0)
