"""Which of many rules a text may fit, by the words of which each rule needs one.

A rule needs one word of each of some sets. Each set is a bit; what a text has is the bits of its words together. A rule
is looked at only where a text has its key, the rarest of its sets, and is tried only where the text has all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Generic, TypeVar

RuleType = TypeVar("RuleType")


class Needs(Generic[RuleType]):
    """Rules with the sets of words that each needs one of; words may be any strings."""

    def __init__(self) -> None:
        self._bits: dict[frozenset[str], int] = {}
        #: Key -> the rules that have it: all that each needs, whether only a text of one clause fits, and the rule.
        self._keyed: dict[int, list[tuple[int, bool, RuleType]]] = {}
        self.keys = 0  #: the bits of every rule's key

    def add(self, needs: Sequence[frozenset[str]], rule: RuleType, *, of_one_clause: bool = False) -> None:
        """Add a rule that needs one word of each of `needs`, of which there is one at least, the rarest first."""
        bits = [self._bits.setdefault(needed, 1 << len(self._bits)) for needed in needs]
        self._keyed.setdefault(bits[0], []).append((sum(set(bits)), of_one_clause, rule))
        self.keys |= bits[0]

    def of(self, word: str) -> int:
        """The bits of the sets that `word` is in."""
        return sum(bit for needed, bit in self._bits.items() if word in needed)

    def fitting(self, present: int, one_clause: bool) -> Iterator[RuleType]:
        """The rules that a text with the bits `present` may fit, in no order; `one_clause`: it has only one."""
        keys = present & self.keys
        while keys:
            key = keys & -keys
            keys ^= key
            for needs, of_one_clause, rule in self._keyed[key]:
                if needs & present == needs and (one_clause or not of_one_clause):
                    yield rule

    def some_fit(self, present: int, one_clause: bool) -> bool:
        """Whether there is any in `fitting`."""
        keys = present & self.keys
        while keys:
            key = keys & -keys
            keys ^= key
            for needs, of_one_clause, _ in self._keyed[key]:
                if needs & present == needs and (one_clause or not of_one_clause):
                    return True
        return False

    @property
    def width(self) -> int:
        """How many bits there are."""
        return len(self._bits)
