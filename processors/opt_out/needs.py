"""Which of many rules a text may fit, by the words of which each rule needs one.

A rule needs one word of each of some sets. Each set is a bit; what a text has is the bits of its words together. A rule
is looked at only where a text has its key, the rarest of its sets, and is tried only where the text has all of them:
where a match lies within one clause, where one clause has all of them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Generic, Literal, NamedTuple, TypeVar

RuleType = TypeVar("RuleType")
#: Where a match lies: in a text that is one clause, within one clause of the text, anywhere.
Extent = Literal["sole-clause", "one-clause", "text"]


class NeedyRule(NamedTuple, Generic[RuleType]):
    """A rule with what it needs."""

    needs: int  #: the bits of all the sets that it needs a word of
    extent: Extent
    rule: RuleType

    def fits(self, by_clause: Sequence[int]) -> bool:
        """Whether a text whose clauses have these bits, and which has all that it needs, may fit."""
        if self.extent == "text":
            return True
        if self.extent == "sole-clause" and len(by_clause) > 1:
            return False
        needs = self.needs
        return any(needs & present == needs for present in by_clause)


class Needs(Generic[RuleType]):
    """Rules with the sets of words that each needs one of; words may be any strings."""

    def __init__(self) -> None:
        self._bits: dict[frozenset[str], int] = {}
        self._keyed: dict[int, list[NeedyRule[RuleType]]] = {}
        self.keys = 0  #: the bits of every rule's key

    def add(self, needs: Sequence[frozenset[str]], rule: RuleType, extent: Extent) -> None:
        """Add a rule that needs one word of each of `needs`, of which there is one at least, the rarest first."""
        bits = [self._bits.setdefault(needed, 1 << len(self._bits)) for needed in needs]
        self._keyed.setdefault(bits[0], []).append(NeedyRule(sum(set(bits)), extent, rule))
        self.keys |= bits[0]

    def of(self, word: str) -> int:
        """The bits of the sets that `word` is in."""
        return sum(bit for needed, bit in self._bits.items() if word in needed)

    def __iter__(self) -> Iterator[NeedyRule[RuleType]]:
        return itertools.chain.from_iterable(self._keyed.values())

    def fitting(self, present: int) -> list[NeedyRule[RuleType]]:
        """The rules that a text with the bits `present` may fit, in no order."""
        found = []
        keys = present & self.keys
        while keys:
            key = keys & -keys
            keys ^= key
            for needy in self._keyed[key]:
                needs = needy[0]
                if needs & present == needs:
                    found.append(needy)
        return found

    @property
    def width(self) -> int:
        """How many bits there are."""
        return len(self._bits)
