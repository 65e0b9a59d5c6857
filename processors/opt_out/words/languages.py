"""The languages that have patterns, and what each is made of."""

from __future__ import annotations

from processors.opt_out.requests import Language, listed
from processors.opt_out.words import english, english_requests

LANGUAGES_OF_PATTERNS = {
    "en": Language(
        "en",
        {**english.LEXICON, "name": " ".join(listed("names.txt"))},
        (*english_requests.RULES, *english_requests.POLICY),
        english_requests.UNLESS,
    ),
}
