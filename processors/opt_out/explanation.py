"""Why a text was decided as it was: what the rules saw, what was overridden, and which rule came nearest."""

from __future__ import annotations

from dataclasses import dataclass

from processors.opt_out.classifier import Classifier, Decision
from processors.opt_out.normalise import normalise


@dataclass(frozen=True, slots=True)
class Overridden:
    """A rule that fits the text and did not decide."""

    rule: str
    matched: str  #: the words that it saw
    by: str  #: the exception that took it back, or the rule that stood before it


@dataclass(frozen=True, slots=True)
class NearMiss:
    """The rule that would have needed the least to fit."""

    rule: str
    recognises: str
    lacks: tuple[str, ...]  #: one of these words or classes is missing


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision and how it came about."""

    decision: Decision
    normalised: str
    clauses: tuple[str, ...]
    recognises: str  #: what the rule that decided looks for
    overridden: tuple[Overridden, ...]
    nearest: NearMiss | None  #: None: a rule decided, or no rule shares a word with the text


def explain(classifier: Classifier, text: str) -> Explanation:
    """How `classifier` decides about `text`."""
    decision = classifier.classify(text)
    normalised = normalise(classifier.prepared(text))
    overridden = tuple(
        Overridden(rule, matched, by or decision.rule)
        for rule, matched, by in classifier.fitting(text)
        if rule != decision.rule
    )
    nearest = None
    if decision.action == "none":
        found = classifier.nearest(text)
        nearest = None if found is None else NearMiss(found[0].id, found[0].says, found[1])
    return Explanation(
        decision, normalised, tuple(normalised.split("\n")), classifier.says(decision.rule), overridden, nearest
    )
