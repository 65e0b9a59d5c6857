"""The languages that have patterns, and what each is made of."""

from __future__ import annotations

from processors.opt_out.grammar import Lexicon
from processors.opt_out.requests import Language
from processors.opt_out.rules import Unless, listed
from processors.opt_out.words import english, english_unless, false_alarms, lookalikes
from processors.opt_out.words.added_words import ADDED
from processors.opt_out.words.pattern_rules import OTHERS, rules_of

_NAMES = " ".join(listed("names.txt"))


def _language(code: str, lexicon: Lexicon, unless: tuple[Unless, ...]) -> Language:
    rules = rules_of(code)
    ids = {rule.id for rule in rules}
    since_set_5 = (
        exception for exception in (*lookalikes.UNLESS, *false_alarms.UNLESS) if not ids.isdisjoint(exception.of)
    )
    return Language(code, {**lexicon, "name": _NAMES}, rules, (*unless, *since_set_5), ADDED[code])


LANGUAGES_OF_PATTERNS = {
    "en": _language("en", english.LEXICON, english_unless.UNLESS),
    **{code: _language(code, words.LEXICON, getattr(words, "UNLESS", ())) for code, words in OTHERS.items()},
}

RULES = tuple(rule for language in LANGUAGES_OF_PATTERNS.values() for rule in language.rules)
UNLESS = tuple(unless for language in LANGUAGES_OF_PATTERNS.values() for unless in language.unless)
LEXICONS = {code: language.lexicon for code, language in LANGUAGES_OF_PATTERNS.items()}
