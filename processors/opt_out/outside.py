"""Finds the keywords and phrases of languages beyond the seven (words/outside.py)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from processors.opt_out.normalise import normalise
from processors.opt_out.rules import Rule
from processors.opt_out.words.outside import COURTESIES

#: The longest of these requests; a longer message is looked at for phrases only.
_WORDS = 8


class Outside:
    """The rules of some languages, compiled."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._whole = {normalise(word): rule for rule in reversed(rules) for word in rule.words}
        self._by_phrase = {normalise(phrase).replace("\n", " "): rule for rule in reversed(rules) for phrase in rule.beside}
        longest = sorted(filter(None, self._by_phrase), key=len, reverse=True)
        ascii_phrases = [re.escape(phrase) for phrase in longest if phrase.isascii()]
        others = [re.escape(phrase) for phrase in longest if not phrase.isascii()]
        self._ascii = re.compile(rf"(?<![a-z0-9])(?:{'|'.join(ascii_phrases) or '(?!)'})(?![a-z0-9])")
        self._others = re.compile("|".join(others) or "(?!)")
        self._exact = [(rule, re.compile(rule.pattern)) for rule in rules if rule.pattern]
        courtesies = sorted({normalise(part) for part in COURTESIES.split(" / ")}, key=len, reverse=True)
        self._courtesies = frozenset(part for part in courtesies if " " not in part)
        self._unspaced = tuple(part for part in courtesies if not part.isascii())
        ascii_words = [word for word in (*self._whole, *self._by_phrase) if word.isascii()]
        #: The last word of each keyword and the first of each phrase: one of them is in every ASCII text that matches.
        self.words = frozenset(word.split()[0] for word in ascii_words if word) | frozenset(
            word.split()[-1] for word in self._whole if word.isascii() and word
        )

    def find(self, text: str, message: str) -> Iterator[tuple[Rule, str]]:
        """Every rule that fits the message, with the words that it saw."""
        if not text.isascii():
            composed = unicodedata.normalize("NFC", text).casefold()
            for rule, pattern in self._exact:
                if pattern.match(composed):
                    yield rule, composed.strip()
        for clause in (message.replace("\n", " "), *message.split("\n")):
            bare = self._without_courtesy(clause)
            if bare in self._whole:
                yield self._whole[bare], bare
        for pattern in (self._ascii, self._others):
            found = pattern.search(message)
            if found is not None:
                yield self._by_phrase[found[0]], found[0]

    def _without_courtesy(self, clause: str) -> str:
        if clause in self._whole:
            return clause
        words = clause.split()
        if len(words) > _WORDS:
            return ""
        bare = " ".join(word for word in words if word not in self._courtesies)
        if bare.isascii():
            return bare
        for courtesy in self._unspaced:
            if bare not in self._whole and len(bare) > len(courtesy):
                bare = bare.removesuffix(courtesy).removeprefix(courtesy).strip()
        return bare
