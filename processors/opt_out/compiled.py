"""Phrases of the rules, and what takes their meaning away, compiled."""

from __future__ import annotations

import re
from dataclasses import dataclass

from processors.opt_out.rules import Rule, Unless

#: Characters at each end of a text that is longer than two of these, in which rule set 2 looks for requests.
END = 2_000


@dataclass(frozen=True, slots=True)
class CompiledPhrase:
    """A rule's phrase, and what takes its meaning away."""

    rule: Rule
    pattern: re.Pattern[str]
    unless: tuple[CompiledUnless, ...]

    @property
    def needs(self) -> list[frozenset[str]]:
        """Sets of words; a text that fits has one of each."""
        return [frozenset(words) for words in (self.rule.words, self.rule.also) if words]


@dataclass(frozen=True, slots=True)
class CompiledUnless:
    """An `Unless`, compiled; what it does not ask is None."""

    asks: Unless
    before: re.Pattern[str] | None
    after: re.Pattern[str] | None
    itself: re.Pattern[str] | None
    around: re.Pattern[str] | None

    @classmethod
    def of(cls, asks: Unless) -> CompiledUnless:
        parts = (asks.before, asks.after, asks.itself, asks.around)
        before, after, itself, around = (re.compile(part) if part else None for part in parts)
        return cls(asks, before, after, itself, around)

    def fits(self, before: str, itself: str, after: str, message: str) -> bool:
        return (
            (self.before is None or self.before.search(before) is not None)
            and (self.after is None or self.after.search(after) is not None)
            and (self.itself is None or self.itself.match(itself) is not None)
            and (self.around is None or self.around.search(message, 0, END) is not None)
        )
