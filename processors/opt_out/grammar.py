"""Patterns over classes of words: "{not} {gap}* {write}! {me}" finds "dont you ever txt me".

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
| `!` | behind a word or a class: one of these is in every text that matches, so that others are never looked at |
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

from processors.opt_out.nearest import Nearest
from processors.opt_out.slips import drawn_in

#: The first of the characters that stand for sets of classes: from the private use area on, none has a meaning in a
#: regular expression.
_FIRST = 0xE000
#: Words that are remembered with their characters.
_REMEMBERED = 20_000
_TOKEN = re.compile(r"\{[a-z-]+\}|\{\d+,\d+\}|[a-z0-9#@]+|\(\?[!=]|\(\?<[!=]|[()|?*+^$/;~%!_\n]")
_ANY_CLASS = re.compile(r"\{[a-z-]+\}")
_WORD = re.compile(r"[a-z0-9#@]+")

Lexicon = Mapping[str, str]  # class -> its words, blanks between them


class Grammar:
    """The patterns of one language, and how its words are read. It holds no state but what it remembers of words."""

    def __init__(
        self, lexicon: Lexicon, patterns: Sequence[str], nearest: Nearest, *, others: Sequence[str] = ()
    ) -> None:
        """`others`: patterns that `regex` will be asked for later."""
        self._nearest = nearest
        names: dict[str, set[str]] = {}
        for name, words in lexicon.items():
            for word in words.split():
                names.setdefault(word, set()).add(f"{{{name}}}")
        for token in chain.from_iterable(map(_TOKEN.findall, (*patterns, *others))):
            if _WORD.fullmatch(token):
                names.setdefault(token, set()).add(token)
        sets = {frozenset(found) for found in names.values()} | {frozenset({"{digits}"})}
        self._characters = {found: chr(_FIRST + at) for at, found in enumerate(sorted(sets, key=sorted))}
        self._known = {word: self._characters[frozenset(found)] for word, found in names.items()}
        self._other = chr(_FIRST + len(self._characters))
        self._digits = self._characters[frozenset({"{digits}"})]
        self._classes = {
            name: "".join(char for found, char in self._characters.items() if name in found)
            for name in {one for found in sets for one in found}
        }
        self._read = _Read(self)
        self.patterns = [re.compile(self.regex(pattern)) for pattern in patterns]
        keyed: dict[str, list[int]] = {}
        for at, pattern in enumerate(patterns):
            for char in {char for key in keys_of(pattern) for char in self._classes[key]}:
                keyed.setdefault(char, []).append(at)
        self._keyed = {char: tuple(found) for char, found in keyed.items()}

    def regex(self, pattern: str) -> str:
        """`pattern` as a regular expression over what `read` makes."""
        parts: list[str] = []
        for token in _TOKEN.findall(pattern):
            if _ANY_CLASS.fullmatch(token) or _WORD.fullmatch(token):
                if token not in self._classes:
                    raise ValueError(f"no class or word {token} in the lexicon: {pattern}")
                parts.append(f"[{self._classes[token]}]")
            else:
                parts.append(_MEANS.get(token, token))
        return "".join(parts)

    def read(self, message: str) -> str:
        """The normalised `message` as characters, one for each word and one for each end of a clause."""
        read = self._read
        return "\n".join(["".join([read[word] for word in clause.split()]) for clause in message.split("\n")])

    def worth_trying(self, characters: str) -> list[int]:
        """The patterns that a text with these `characters` may match, in their order."""
        keyed = self._keyed
        return sorted({at for char in set(characters) if char in keyed for at in keyed[char]})

    def is_key(self, word: str) -> bool:
        """Whether some pattern is looked at because of `word`."""
        return self._read[word] in self._keyed

    def nearest_to(self, word: str) -> str | None:
        """The word of the lexicon that `word` is a slip of; None: none, or it is a word of its own."""
        return None if word in self._known else self._nearest.to(word)

    def character(self, word: str) -> str:
        """The character of one word."""
        known = self._known.get(word)
        if known is not None:
            return known
        if word.isdigit():
            return self._digits
        drawn = drawn_in(word)
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
        if len(self) < _REMEMBERED:
            self[word] = character
        return character


_MEANS = {
    "^": r"(?:^|(?<=\n))", "$": r"(?=\n|\Z)", "/": r"\n?", ";": r"\n", "~": r"\A", "%": r"\Z", "_": r"[^\n]", "!": "", "(": "(?:", "*": "{0,8}",
    "+": "{1,8}",
}  # fmt: skip


def keys_of(pattern: str) -> set[str]:
    """The words and classes of which one is in every text that matches. Raises ValueError where `!` names none."""
    keys: set[str] = set()
    for alternative in _alternatives(_TOKEN.findall(pattern)):
        if "!" not in alternative:
            raise ValueError(f"nothing is marked with ! in {' '.join(alternative)}")
        for at, mark in enumerate(alternative):
            if mark == "!":
                start = at - 1 if alternative[at - 1] != ")" else _opened(alternative, at - 1)
                keys.update(token for token in alternative[start:at] if _is_name(token))
    return keys


def _alternatives(tokens: list[str]) -> list[list[str]]:
    """`tokens` parted at each | that is in no group."""
    found: list[list[str]] = [[]]
    depth = 0
    for token in tokens:
        depth += token.startswith("(")
        depth -= token == ")"
        if token == "|" and not depth:
            found.append([])
        else:
            found[-1].append(token)
    return found


def _opened(tokens: list[str], closed: int) -> int:
    """Where the group begins that ends at `closed`."""
    depth = 0
    for at in range(closed, -1, -1):
        depth += tokens[at] == ")"
        depth -= tokens[at].startswith("(")
        if not depth:
            return at
    raise ValueError(f"more groups closed than opened: {' '.join(tokens)}")


def _is_name(token: str) -> bool:
    return _ANY_CLASS.fullmatch(token) is not None or _WORD.fullmatch(token) is not None


def words_of(lexicon: Lexicon, classes: Iterable[str]) -> list[str]:
    """The words of some classes."""
    return [word for name in classes for word in lexicon[name].split()]
