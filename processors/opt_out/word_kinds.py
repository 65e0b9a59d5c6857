"""What each word may be a part of, remembered: most texts are made of the same few thousand words."""

from __future__ import annotations

from collections.abc import Callable

#: Words that are remembered, and the longest of them.
_REMEMBERED, _LONGEST = 50_000, 32


class WordKinds(dict[str, int]):
    """Word -> what it may be a part of, as bits, worked out when it is first met."""

    def __init__(self, kinds_of_word: Callable[[str], int]) -> None:
        super().__init__()
        self._kinds_of_word = kinds_of_word
        self._same: dict[int, int] = {}

    def __missing__(self, word: str) -> int:
        kinds = self._kinds_of_word(word)
        kinds = self._same.setdefault(kinds, kinds)  # few differ: they stay in the processor's cache
        if len(self) < _REMEMBERED and len(word) <= _LONGEST:
            self[word] = kinds
        return kinds
