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

    def __init__(self, first_bit: int = 0) -> None:
        """`first_bit`: the place of its first bit in what a text has, beside those of others."""
        self._first_bit = first_bit
        self._bits: dict[frozenset[str], int] = {}
        #: Key -> the rules that have it: all that each needs, whether only a text of one clause fits, and the rule.
        self._keyed: dict[int, list[tuple[int, bool, RuleType]]] = {}
        self.keys = 0  #: the bits of every rule's key

    def add(self, needs: Sequence[frozenset[str]], rule: RuleType, *, of_one_clause: bool = False) -> None:
        """Add a rule that needs one word of each of `needs`, of which there is one at least, the rarest first."""
        bits = [self._bits.setdefault(needed, 1 << self.end) for needed in needs]
        self._keyed.setdefault(bits[0], []).append((sum(set(bits)), of_one_clause, rule))
        self.keys |= bits[0]

    def __iter__(self) -> Iterator[RuleType]:
        for key in sorted(self._keyed):
            for _, _, rule in self._keyed[key]:
                yield rule

    def of(self, word: str) -> int:
        """The bits of the sets that `word` is in."""
        return sum(bit for needed, bit in self._bits.items() if word in needed)

    def fitting(self, present: int, *, one_clause: bool = True) -> list[RuleType]:
        """The rules that a text with the bits `present` may fit, in the order of their keys; `one_clause`: it has only
        one."""
        found = []
        keys = present & self.keys
        while keys:
            key = keys & -keys
            keys ^= key
            for needs, of_one_clause, rule in self._keyed[key]:
                if needs & present == needs and (one_clause or not of_one_clause):
                    found.append(rule)
        return found

    @property
    def end(self) -> int:
        """The place after its last bit."""
        return self._first_bit + len(self._bits)
