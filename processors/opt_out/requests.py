"""Requests in ordinary words: the patterns of every language, what takes them back, and which pattern stands."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from processors.opt_out.grammar import Grammar, Lexicon, Trying
from processors.opt_out.nearest import Nearest
from processors.opt_out.normalise import clauses
from processors.opt_out.rules import ALWAYS, Rule, Unless, listed
from processors.opt_out.words import keywords
from processors.opt_out.words.language import CHAT_WORDS

#: Words beside a keyword's slip that are words of their own.
OWN_WORDS = frozenset(word for words in keywords.OWN_WORDS.values() for word in words)
#: How many words beside a request its meaning is looked for, and how many at each end of the text.
_AROUND, _AROUND = 24, 64
#: How many times as many texts are in English as in another language: what words are looked for first depends on it.
_ENGLISH_SHARE = 5
#: Words of each language in words/common_words.txt.
_COMMON = 300
#: The first rule set that has the words which languages add.
ADDED_SINCE = 5


@dataclass(frozen=True, slots=True)
class Language:
    """What the patterns of one language are made of."""

    code: str
    lexicon: Lexicon
    rules: tuple[Rule, ...]
    unless: tuple[Unless, ...] = ()
    added: Lexicon = field(default_factory=dict[str, str])  #: words that rule set 5 puts into classes besides
    own_words: frozenset[str] = frozenset()  #: words beside real_words.txt that are no slips

    def of_set(self, number: int) -> Language:
        """The language as rule set `number` has it."""
        if number < ADDED_SINCE:
            return replace(self, added={})
        known = {word for words in self.lexicon.values() for word in words.split()}
        classes = dict.fromkeys((*self.lexicon, *self.added))
        return replace(
            self,
            lexicon={name: f"{self.lexicon.get(name, '')} {self.added.get(name, '')}" for name in classes},
            added={name: " ".join(sorted(set(words.split()) - known)) for name, words in self.added.items()},
        )


@dataclass(frozen=True, slots=True)
class RequestMatch:
    """A pattern that fits a text."""

    rule: Rule
    matched: str  #: the words that it saw
    taken_back: Unless | None  #: why it counts for nothing


class Requests:
    """The patterns of one language, compiled."""

    def __init__(self, language: Language, first_bit: int = 0) -> None:
        """`first_bit`: see `Grammar`."""
        added = {word for words in language.added.values() for word in words.split()}
        # What was added has no slips: of so many words every other one is near.
        words = [
            word
            for name, listed in language.lexicon.items()
            if name != "name"
            for word in listed.split()
            if word not in added
        ]
        others = [
            part
            for exception in language.unless
            for part in (exception.before, exception.itself, exception.after, exception.anywhere)
            if part
        ]
        self.rules = language.rules
        self.grammar = Grammar(
            language.lexicon,
            [rule.pattern for rule in language.rules],
            Nearest(words, real_words() | OWN_WORDS | CHAT_WORDS | language.own_words),
            others=others,
            first_bit=first_bit,
            cost=_cost(language.code),
        )
        self._unless = [_TakesBack(exception, self.grammar) for exception in language.unless]
        self._concerning = [
            [exception for exception in self._unless if rule.id in exception.unless.of] for rule in language.rules
        ]

    def tried(self, flat: str, worth_trying: Trying) -> Iterator[RequestMatch]:
        """Of the patterns that are `worth_trying`, every one that fits the spread text `flat`."""
        characters = self.grammar.read(flat)
        for at, expression in worth_trying:
            for found in expression.finditer(characters):
                if found.end() > found.start():
                    words = clauses(flat).replace("\n", " \n ").split(" ")[found.start() : found.end()]
                    matched = " ".join(word for word in words if word != "\n")
                    yield RequestMatch(self.rules[at], matched, self._taken_back(at, characters, found))

    def _taken_back(self, at: int, characters: str, found: re.Match[str]) -> Unless | None:
        before = characters[max(0, found.start() - _AROUND) : found.start()].rpartition("\n")[2]
        after = characters[found.end() : found.end() + _AROUND].partition("\n")[0]
        around = (
            characters[:_AROUND] if len(characters) <= 2 * _AROUND else characters[:_AROUND] + characters[-_AROUND:]
        )
        for exception in self._concerning[at]:
            if exception.fits(before, found[0], after, around):
                return exception.unless
        return None


class _TakesBack:
    """An `Unless` over patterns, compiled."""

    def __init__(self, unless: Unless, grammar: Grammar) -> None:
        self.unless = unless
        compiled = (
            re.compile(template.format(grammar.regex(part))) if part else None
            for part, template in (
                (unless.before, r"(?:{})\Z"), (unless.itself, "(?:{})"), (unless.after, "(?:{})"),
                (unless.anywhere, "(?:{})"),
            )
        )  # fmt: skip
        self._before, self._itself, self._after, self._anywhere = compiled

    def fits(self, before: str, itself: str, after: str, whole: str) -> bool:
        return (
            (self._before is None or self._before.search(before) is not None)
            and (self._itself is None or self._itself.match(itself) is not None)
            and (self._after is None or self._after.match(after) is not None)
            and (self._anywhere is None or self._anywhere.search(whole) is not None)
        )


@lru_cache(maxsize=1)
def real_words() -> frozenset[str]:
    """Words of their own that are one slip away from a word of a lexicon."""
    return frozenset(listed("real_words.txt"))


def _cost(code: str) -> Callable[[str], float]:
    """How frequent a word is in a language and in English, next to nothing for one outside the lists."""
    words = listed("common_words.txt")
    frequency: dict[str, float] = {}
    for language, share in ((code, 1), (ALWAYS, _ENGLISH_SHARE)):
        start = words.index(f"[{language}]") + 1
        for place, word in enumerate(words[start : start + _COMMON]):
            frequency[word] = max(frequency.get(word, 0.0), share / (place + 1))
    return lambda word: frequency.get(word, 0.0001)


def by_language(
    languages: Mapping[str, Language],
    spoken: frozenset[str],
    rules: Collection[Rule],
    exceptions: Collection[Unless],
    number: int,
    first_bit: int,
) -> list[Requests]:
    """The patterns of the languages that are `spoken`, of those in `rules`, and of what takes them back, as rule set
    `number` reads them."""
    return [
        Requests(
            replace(
                language.of_set(number),
                rules=tuple(rule for rule in language.rules if rule in rules),
                unless=tuple(unless for unless in language.unless if unless in exceptions),
            ),
            first_bit,
        )
        for code, language in languages.items()
        if code in spoken
    ]
