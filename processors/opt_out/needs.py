"""Which of many rules a text may fit, by the words of which each rule needs one.

A rule needs one word of each of some sets. Each set is a bit; what a text has is the bits of its words together. A rule
is looked at only where a text has its key, the rarest of its sets, and is tried only where the text lacks none of them.
The keys have the lowest bits: what is done for every text is done with short numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Generic, NamedTuple, TypeVar

RuleType = TypeVar("RuleType")


class Needing(NamedTuple, Generic[RuleType]):
    """A rule with what it needs."""

    rule: RuleType
    needs: Sequence[frozenset[str]]  #: one word of each of these, of which there is one at least, the rarest first
    of_one_clause: bool = False  #: it fits no text of several clauses


class Needs(Generic[RuleType]):
    """Rules with the sets of words that each needs one of; words may be any strings."""

    def __init__(self, rules: Sequence[Needing[RuleType]], first_bit: int = 0) -> None:
        """`first_bit`: the place of its first bit in what a text has, beside those of others."""
        keys = dict.fromkeys(rule.needs[0] for rule in rules)
        needed = dict.fromkeys((*keys, *(other for rule in rules for other in rule.needs)))
        self._first_bit = first_bit
        bits = {words: 1 << first_bit + at for at, words in enumerate(needed)}
        #: Place of a key -> its rules: what else each needs, whether it is of one clause only, and the rule.
        self._keyed: list[list[tuple[int, bool, RuleType]]] = [[] for _ in keys]
        places = {words: at for at, words in enumerate(keys)}
        for rule in rules:
            key, *others = rule.needs
            needed_too = sum({bits[words] for words in others} - {bits[key]})
            self._keyed[places[key]].append((needed_too, rule.of_one_clause, rule.rule))
        self._single = [1 << at for at in range(len(keys))]
        self.keys = sum(self._single) << first_bit  #: the bits of every rule's key
        self._all = sum(bits.values())
        self.end = first_bit + len(bits)  #: the place after its last bit
        self._of: dict[str, int] = {}
        for words, bit in bits.items():
            for word in words:
                self._of[word] = self._of.get(word, 0) | bit

    def __iter__(self) -> Iterator[RuleType]:
        for rules in reversed(self._keyed):
            for _, _, rule in rules:
                yield rule

    def of(self, word: str) -> int:
        """The bits of the sets that `word` is in."""
        return self._of.get(word, 0)

    def fitting(self, present: int, *, one_clause: bool = True) -> list[RuleType]:
        """The rules that a text with the bits `present` may fit, in `__iter__`'s order; `one_clause`: it has one."""
        found: list[RuleType] = []
        keys = (present & self.keys) >> self._first_bit
        if not keys:
            return found
        lacks = self._all & ~present
        keyed, single = self._keyed, self._single
        while keys:
            at = keys.bit_length() - 1
            keys ^= single[at]
            for others, of_one_clause, rule in keyed[at]:
                if not others & lacks and (one_clause or not of_one_clause):
                    found.append(rule)
        return found
