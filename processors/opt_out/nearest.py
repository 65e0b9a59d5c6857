"""The word that somebody meant: one letter dropped, put in, replaced, or swapped with its neighbour.

Only words of four letters and more have slips, and a slip that is a word of its own (real_words.txt) is none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

#: A slip in a shorter word says too little about what was meant.
SHORTEST = 4


class Nearest:
    """Finds the word of a list that is one slip away, by what is left of both without one letter."""

    def __init__(self, words: Iterable[str], real_words: Collection[str]) -> None:
        self._real = real_words
        self._left: dict[str, list[str]] = {}
        words = [word for word in dict.fromkeys(words) if len(word) >= SHORTEST and word.isascii()]
        for word in words:
            for left in (word, *without_a_letter(word)):
                self._left.setdefault(left, []).append(word)

    def to(self, word: str) -> str | None:
        """The first word of the list that `word` is a slip of; None: there is none, or it is a word of its own."""
        if not SHORTEST - 1 <= len(word) <= 16 or word in self._real:
            return None
        for left in (word, *without_a_letter(word)):
            for near in self._left.get(left, ()):
                if is_typo(word, near):
                    return near
        return None


def without_a_letter(word: str) -> Iterator[str]:
    """`word` with each of its letters left out once."""
    return (word[:at] + word[at + 1 :] for at in range(len(word)))


def is_typo(word: str, meant: str) -> bool:
    """Whether `word` is `meant` with one letter dropped, put in or replaced, or two neighbours swapped."""
    if abs(len(word) - len(meant)) > 1:
        return False
    start = 0
    for letter, other in zip(word, meant, strict=False):
        if letter != other:
            break
        start += 1
    rest, other_rest = word[start:], meant[start:]
    return (
        rest[1:] == other_rest[1:]
        or rest[1:] == other_rest
        or rest == other_rest[1:]
        or (rest[:2] == other_rest[1::-1] and rest[2:] == other_rest[2:])
    )
