"""Finds the keywords and phrases of languages beyond the seven (words/outside.py)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence

from processors.opt_out.compiled import END
from processors.opt_out.normalise import normalise
from processors.opt_out.requests import RequestMatch
from processors.opt_out.rules import Rule, Unless, listed
from processors.opt_out.words.outside import COURTESIES

_COMMON = frozenset(listed("common_words.txt")) | frozenset(
    ["message", "messages", "msg", "sms", "text", "number", "contact"]
)
#: The longest of these requests; a longer message is looked at for phrases only.
_WORDS = 8
#: The most characters of a message that is compared as it came: a longer one is no single word, and composing a long
#: run of marks takes quadratic time.
_SHORT = 32


def _frequency(word: str) -> tuple[int, int]:
    """How likely a word is to be met in any text: frequent ones last, long ones first."""
    return int(word in _COMMON), -len(word)


class Outside:
    """The rules of some languages, compiled."""

    def __init__(self, rules: Sequence[Rule], exceptions: Sequence[Unless]) -> None:
        self._whole = {normalise(word): rule for rule in reversed(rules) for word in rule.words}
        self._by_phrase = {
            normalise(phrase).replace("\n", " "): rule for rule in reversed(rules) for phrase in rule.also
        }
        others = sorted((phrase for phrase in self._by_phrase if not phrase.isascii()), key=len, reverse=True)
        self._others = re.compile("|".join(map(re.escape, others)) or "(?!)")
        #: The rarest word of each ASCII phrase -> the phrases.
        self._with_word: dict[str, list[str]] = {}
        for phrase in self._by_phrase:
            if phrase.isascii() and phrase:
                self._with_word.setdefault(min(phrase.split(), key=_frequency), []).append(phrase)
        self._unless = [
            (exception, re.compile(exception.anywhere))
            for exception in exceptions
            if {rule.id for rule in rules}.intersection(exception.of)
        ]
        self._exact = [(rule, re.compile(rule.pattern)) for rule in rules if rule.pattern]
        courtesies = sorted({normalise(part) for part in COURTESIES.split(" / ")}, key=len, reverse=True)
        self._courtesies = frozenset(part for part in courtesies if " " not in part)
        self._unspaced = tuple(part for part in courtesies if not part.isascii())
        #: The rarest word of what is looked for in ASCII -> all the words of each.
        self._needed: dict[str, list[frozenset[str]]] = {}
        for part in (*self._whole, *self._by_phrase):
            if part.isascii() and part:
                self._needed.setdefault(min(part.split(), key=_frequency), []).append(frozenset(part.split()))
        #: One of these is in every ASCII text that matches.
        self.words = self._needed.keys()

    def may_fit(self, words: Collection[str]) -> bool:
        """Whether a text of these words, which has one of `self.words`, may be or hold what some rule looks for."""
        present = frozenset(words)
        return any(needed <= present for word in self.words & present for needed in self._needed[word])

    def find(self, text: str, message: str, has_a_word: bool) -> Iterator[RequestMatch]:
        """Every rule that fits the message, and for phrases what takes it back; `has_a_word`: one of `words`."""
        if not text.isascii() and len(text) <= _SHORT:
            composed = unicodedata.normalize("NFC", text).casefold()
            for rule, pattern in self._exact:
                if pattern.match(composed):
                    yield RequestMatch(rule, composed.strip(), None)
        if not has_a_word and message.isascii():
            return
        for clause in (message.replace("\n", " "), *message.split("\n")):
            bare = self._without_courtesy(clause)
            if bare in self._whole:
                yield RequestMatch(self._whole[bare], bare, None)
        spaced = f" {message} ".replace("\n", " ")
        for word in dict.fromkeys(spaced.split(" ")):
            for phrase in self._with_word.get(word, ()):
                if f" {phrase} " in spaced:
                    yield self._found(phrase, message)
        if not message.isascii() and (found := self._others.search(message)) is not None:
            yield self._found(found[0], message)

    def _found(self, phrase: str, message: str) -> RequestMatch:
        rule = self._by_phrase[phrase]
        taken_back = (
            exception
            for exception, pattern in self._unless
            if rule.id in exception.of and pattern.search(message, 0, END) is not None
        )
        return RequestMatch(rule, phrase, next(taken_back, None))

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
