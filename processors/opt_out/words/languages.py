"""The languages that have patterns, and what each is made of."""

from __future__ import annotations

from processors.opt_out.requests import Language
from processors.opt_out.rules import listed
from processors.opt_out.words import (
    dutch,
    english,
    english_replies,
    english_requests,
    english_unless,
    french,
    german,
    italian,
    portuguese,
    spanish,
)

_NAMES = " ".join(listed("names.txt"))
_OTHERS = {"es": spanish, "fr": french, "de": german, "pt": portuguese, "it": italian, "nl": dutch}

LANGUAGES_OF_PATTERNS = {
    "en": Language(
        "en",
        {**english.LEXICON, "name": _NAMES},
        (*english_requests.RULES, *english_replies.RULES, *english_requests.POLICY),
        english_unless.UNLESS,
    ),
    **{
        code: Language(
            code, {**words.LEXICON, "name": _NAMES}, (*words.RULES, *words.POLICY_RULES), getattr(words, "UNLESS", ())
        )
        for code, words in _OTHERS.items()
    },
}

RULES = tuple(rule for language in LANGUAGES_OF_PATTERNS.values() for rule in language.rules)
UNLESS = tuple(unless for language in LANGUAGES_OF_PATTERNS.values() for unless in language.unless)
LEXICONS = {code: language.lexicon for code, language in LANGUAGES_OF_PATTERNS.items()}
