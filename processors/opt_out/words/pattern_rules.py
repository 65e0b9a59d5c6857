"""The rules that are patterns, of each language: those of its own files, and since rule set 5 those that are kept by kind."""

from __future__ import annotations

from processors.opt_out.rules import Rule
from processors.opt_out.words import (
    complaints,
    dutch,
    effects,
    english_replies,
    english_requests,
    french,
    german,
    italian,
    last_words,
    not_the_reader,
    number_out,
    orders,
    portuguese,
    refusals,
    removals,
    spanish,
    spellings,
)

#: Beside English.
OTHERS = {"es": spanish, "fr": french, "de": german, "pt": portuguese, "it": italian, "nl": dutch}
_OF_KINDS = (
    *refusals.RULES, *removals.RULES, *not_the_reader.RULES, *complaints.RULES, *effects.RULES, *orders.RULES, *spellings.RULES,
    *last_words.RULES,
    *number_out.RULES,
)  # fmt: skip
_OF_FILES: dict[str, tuple[Rule, ...]] = {
    "en": (*english_requests.RULES, *english_replies.RULES, *english_requests.POLICY),
    **{code: (*words.RULES, *words.POLICY_RULES) for code, words in OTHERS.items()},
}


def rules_of(code: str) -> tuple[Rule, ...]:
    """The patterns of a language, of every rule set."""
    return (*_OF_FILES[code], *(rule for rule in _OF_KINDS if code in rule.languages))
