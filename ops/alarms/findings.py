"""That a rule's condition holds for something, right now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

#: Labels that say more about an alarm without making it another one.
DETAILS = frozenset({"reason", "usual", "by"})


@dataclass(frozen=True, slots=True)
class AlarmFinding:
    """A rule's condition holds for `labels`."""

    rule: str  #: the rule's name
    labels: Mapping[str, str] = field(default_factory=dict)
    value: float = 0.0

    @property
    def key(self) -> str:
        """The same for as long as it is the same alarm."""
        named = sorted((name, value) for name, value in self.labels.items() if name not in DETAILS)
        return " ".join([self.rule, *(f"{name}={value}" for name, value in named)])


@dataclass(frozen=True, slots=True)
class ObservedItem:
    """A fact of one kind that the notifier has found, for the rules whose condition is an ObservedFact."""

    kind: str
    labels: Mapping[str, str]
    value: float = 0.0
