"""Patterns over classes of words: "{not} {gap}* {write} {me}" finds "dont you ever txt me".

A lexicon puts words into classes. Each set of classes becomes one character, a message a short string of these, and a
pattern an ordinary regular expression over such strings. A word that the lexicon does not have and that is one slip
away from one that it has counts as that (nearest.py).

| in a pattern | stands for |
|---|---|
| `{class}` | any word of the class |
| `word` | that word |
| `_` | any word |
| `^` `$` | the beginning and the end of a clause |
| `~` `%` | the beginning and the end of the text |
| `/` `;` | a clause may end here, a clause ends here |
| `(a \\| b)`, `?`, `*`, `+`, `{0,3}`, `(?! )` | as in any regular expression; `*` and `+` take 8 words at most |
"""

from __future__ import annotations

import functools
import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain

from processors.opt_out.nearest import Nearest
from processors.opt_out.needs import Needing, Needs
from processors.opt_out.normalise import clauses
from processors.opt_out.required import parted, required
from processors.opt_out.typos import collapsed

#: The first of the characters that stand for sets of classes: from the private use area on, none has a meaning in a
#: regular expression.
_FIRST = 0xE000
#: Words that are remembered with their characters, and the longest of them.
REMEMBERED, LONGEST = 20_000, 32
_TOKEN = re.compile(r"\{[a-z-]+\}|\{\d+,\d+\}|[a-z0-9#@]+|\(\?[!=]|\(\?<[!=]|[()|?*+^$/;~%_]")
_CLASS = re.compile(r"\{[a-z-]+\}")
_WORD = re.compile(r"[a-z0-9#@]+")
_MEANS = {
    "^": r"(?:^|(?<=\n))", "$": r"(?=\n|\Z)", "/": r"\n?", ";": r"\n", "~": r"\A", "%": r"\Z", "_": r"[^\n]",
    "(": "(?:", "*": "{0,8}", "+": "{1,8}",
}  # fmt: skip

#: A pattern: its place and its expression.
_Placed = tuple[int, re.Pattern[str]]
_place = operator.itemgetter(0)
#: Patterns that are worth trying.
Trying = Sequence[_Placed]
Lexicon = Mapping[str, str]  # class -> its words, blanks between them


class Grammar:
    """The patterns of one language, and how its words are read. It holds no state but what it remembers of words."""

    def __init__(
        self,
        lexicon: Lexicon,
        patterns: Sequence[str],
        nearest: Nearest,
        *,
        others: Sequence[str] = (),
        first_bit: int = 0,
        cost: Callable[[str], float] = lambda _word: 1.0,
    ) -> None:
        """`others`: patterns that `regex` will be asked for later; `cost`: how frequent a word is; `first_bit`: the
        place of what its patterns need in what a word may be a part of."""
        self._nearest = nearest
        names: dict[str, set[str]] = {}
        for name, words in lexicon.items():
            for word in words.split():
                names.setdefault(word, set()).add(f"{{{name}}}")
        for token in chain.from_iterable(map(_TOKEN.findall, (*patterns, *others))):
            if _WORD.fullmatch(token):
                names.setdefault(token, set()).add(token)
        sets = {frozenset(found) for found in names.values()} | {frozenset({"{digits}"})}
        characters = {found: chr(_FIRST + at) for at, found in enumerate(sorted(sets, key=sorted))}
        self._known = {word: characters[frozenset(found)] for word, found in names.items()}
        self._other = chr(_FIRST + len(characters))
        self._digits = characters[frozenset({"{digits}"})]
        self._classes = {
            name: "".join(char for found, char in characters.items() if name in found)
            for name in {name for found in sets for name in found}
        }
        self._named = {char: found for found, char in characters.items()}
        self._needs: list[tuple[int, list[frozenset[str]]]] = []
        self._read = _Read(self)
        costs: dict[str, float] = {}
        for word, char in self._known.items():
            costs[char] = costs.get(char, 0.0) + cost(word)
        #: The place and expression of each pattern, by the characters that it needs one of.
        self.patterns = Needs(
            [
                self._needing(at, tokens, costs)
                for at, pattern in enumerate(patterns)
                for tokens in parted(_TOKEN.findall(pattern))
            ],
            first_bit,
        )
        self._present = _Present(self)

    def _needing(self, at: int, tokens: Sequence[str], costs: Mapping[str, float]) -> Needing[_Placed]:
        def dear(needed: frozenset[str]) -> float:
            return sum(costs.get(char, 0.0) for name in needed for char in self._classes[name])

        needs = sorted(required(tokens, _is_name, dear), key=dear)
        if not needs:
            raise ValueError(f"no word is in every text that matches {' '.join(tokens)}")
        self._needs.append((at, needs))
        characters = [frozenset(char for name in needed for char in self._classes[name]) for needed in needs]
        one_clause = tokens[0] == "~" and tokens[-1] == "%" and not {"/", ";"}.intersection(tokens)
        return Needing((at, re.compile(self._regex(tokens))), characters, one_clause)

    def regex(self, pattern: str) -> str:
        """`pattern` as a regular expression over what `read` makes."""
        return self._regex(_TOKEN.findall(pattern))

    def _regex(self, tokens: Sequence[str]) -> str:
        parts: list[str] = []
        for token in tokens:
            if _is_name(token):
                if token not in self._classes:
                    raise ValueError(f"no class or word {token} in the lexicon")
                parts.append(f"[{self._classes[token]}]")
            else:
                parts.append(_MEANS.get(token, token))
        return "".join(parts)

    def read(self, flat: str) -> str:
        """The spread text `flat` as characters, one for each word and one for each end of a clause."""
        read = self._read.__getitem__
        if "opt" in flat:  # "opt out" is read as one word
            flat = clauses(flat)
        if "\n" not in flat:
            return "".join(map(read, flat.split()))
        return "\n".join(filter(None, ["".join(map(read, clause.split())) for clause in flat.split("\n")]))

    def present(self, words: Iterable[str]) -> int:
        """What a text of these words has of all that the patterns need, as bits."""
        return functools.reduce(operator.or_, map(self._present.__getitem__, words), 0)

    def worth_trying(self, present: int, flat: str) -> Trying:
        """The patterns that the spread text `flat`, which has the bits `present`, may match, in order."""
        found = self.patterns.fitting(present, one_clause="\n" not in flat)
        if len(found) > 1:
            found.sort(key=_place)
        return found

    def every_pattern(self) -> Trying:
        """All patterns, in order."""
        return sorted(self.patterns, key=_place)

    def nearest_pattern(self, words: Iterable[str]) -> tuple[float, int, tuple[str, ...]] | None:
        """Which share of what it needs the nearest pattern finds in `words`, its place, and what it lacks."""
        present = {name for word in words for name in self._named.get(self._read[word], ())}
        found = [
            (sum(not present.isdisjoint(needed) for needed in needs) / len(needs), at, needs)
            for at, needs in self._needs
            if len(needs) > 1 and not all(present.isdisjoint(needed) for needed in needs)
        ]
        if not found:
            return None
        share, at, needs = max(found, key=lambda candidate: (candidate[0], len(candidate[2])))
        lacks = next((needed for needed in needs if present.isdisjoint(needed)), frozenset[str]())
        return share, at, tuple(sorted(lacks)[:8])

    def is_key(self, word: str) -> bool:
        """Whether some pattern is looked at because of `word`."""
        return bool(self._present[word] & self.patterns.keys)

    def is_of(self, name: str, word: str) -> bool:
        """Whether `word` is of the class `name`, if the language has that."""
        return self._read[word] in self._classes.get(name, "")

    def needed(self, word: str) -> int:
        """The bits of what `word` is, of all that the patterns need one of."""
        return self.patterns.of(self._read[word])

    def character(self, word: str) -> str:
        """The character of one word."""
        known = self._known.get(word)
        if known is not None:
            return known
        if word.isdigit():
            return self._digits
        drawn = collapsed(word)
        if drawn is not None and drawn in self._known:
            return self._known[drawn]
        near = self._nearest.to(word)
        return self._known.get(near, self._other) if near is not None else self._other


class _Read(dict[str, str]):
    """Each word's character, worked out when it is first met."""

    def __init__(self, grammar: Grammar) -> None:
        super().__init__()
        self._grammar = grammar

    def __missing__(self, word: str) -> str:
        character = self._grammar.character(word)
        if len(self) < REMEMBERED and len(word) <= LONGEST:
            self[word] = character
        return character


class _Present(dict[str, int]):
    """What each word is of all that the patterns need, as bits, worked out when it is first met."""

    def __init__(self, grammar: Grammar) -> None:
        super().__init__()
        self._grammar = grammar

    def __missing__(self, word: str) -> int:
        bits = self._grammar.needed(word)
        if len(self) < REMEMBERED and len(word) <= LONGEST:
            self[word] = bits
        return bits


def _is_name(token: str) -> bool:
    return _CLASS.fullmatch(token) is not None or _WORD.fullmatch(token) is not None
