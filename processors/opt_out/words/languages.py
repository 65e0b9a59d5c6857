"""The languages that have patterns, and what each is made of."""

from __future__ import annotations

from processors.opt_out.grammar import Lexicon
from processors.opt_out.requests import Language
from processors.opt_out.rules import Rule, Unless, listed
from processors.opt_out.words import (
    dutch,
    english,
    english_replies,
    english_requests,
    english_unless,
    french,
    german,
    italian,
    lookalikes,
    portuguese,
    spanish,
)
from processors.opt_out.words.added_words import ADDED

_NAMES = " ".join(listed("names.txt"))
_OTHERS = {"es": spanish, "fr": french, "de": german, "pt": portuguese, "it": italian, "nl": dutch}


def _of(code: str, *rules: Rule) -> tuple[Rule, ...]:
    return (*rules, *(rule for rule in lookalikes.RULES_OF_KINDS if code in rule.languages))


def _unless(rules: tuple[Rule, ...]) -> tuple[Unless, ...]:
    ids = {rule.id for rule in rules}
    return tuple(unless for unless in lookalikes.UNLESS if not ids.isdisjoint(unless.of))


def _language(code: str, lexicon: Lexicon, rules: tuple[Rule, ...], unless: tuple[Unless, ...]) -> Language:
    return Language(code, {**lexicon, "name": _NAMES}, rules, (*unless, *_unless(rules)), ADDED[code])


LANGUAGES_OF_PATTERNS = {
    "en": _language(
        "en",
        english.LEXICON,
        _of("en", *english_requests.RULES, *english_replies.RULES, *english_requests.POLICY),
        english_unless.UNLESS,
    ),
    **{
        code: _language(code, words.LEXICON, _of(code, *words.RULES, *words.POLICY_RULES), getattr(words, "UNLESS", ()))
        for code, words in _OTHERS.items()
    },
}

RULES = tuple(rule for language in LANGUAGES_OF_PATTERNS.values() for rule in language.rules)
UNLESS = tuple(unless for language in LANGUAGES_OF_PATTERNS.values() for unless in language.unless)
LEXICONS = {code: language.lexicon for code, language in LANGUAGES_OF_PATTERNS.items()}
