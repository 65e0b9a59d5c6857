"""What is said about a text in its place."""

from __future__ import annotations

import re
from typing import NamedTuple

from processors.opt_out.classifier import Classifier, classifier
from processors.opt_out.rules import Tier

#: Keywords of two languages: nobody knows which of them was written.
KEYWORDS_OF_SEVERAL_LANGUAGES = frozenset({"parar", "cancelar"})

_KEYWORD_RULE = "a.keyword."
_HELP = frozenset({"help", "info"})
_LINK = re.compile(r"https?://|\bwww\.|\b[a-z0-9-]+\.(?:com|net|org|io|ly|co)/", re.IGNORECASE)


class TextFeatures(NamedTuple):
    """A text without its words."""

    length: int | None  #: characters; None: there is no text
    language: str | None  #: ISO 639-1; None: not known
    opt_out_tier: str | None  #: as opt-out reads it; None: it reads only what a contact wrote
    asks_help: bool
    has_link: bool
    has_question: bool


class FeatureReader:
    """Reads texts with opt-out's own rules, so that both say the same."""

    def __init__(self, rules: Classifier | None = None) -> None:
        self._rules = rules or classifier()

    def read(self, text: str | None, *, inbound: bool) -> TextFeatures:
        """The features of `text`; `inbound`: the contact wrote it, or may have."""
        if text is None:
            return TextFeatures(None, None, None, False, False, False)
        tier, language = self._reading(text) if inbound else (None, None)
        return TextFeatures(
            len(text),
            language,
            tier,
            len(text) < 16 and text.strip(" .!?").casefold() in _HELP,
            ("." in text or ":" in text) and _LINK.search(text) is not None,
            "?" in text or "？" in text or "؟" in text,
        )

    def _reading(self, text: str) -> tuple[Tier, str | None]:
        """Texts are too short to tell languages apart, and no guess is published. An opt-out keyword of one language
        tells; an English one does not, for carriers ask everybody for STOP."""
        decision = self._rules.classify(text)
        language = decision.rule.removeprefix(_KEYWORD_RULE) if decision.rule.startswith(_KEYWORD_RULE) else None
        if language == "en" or decision.matched in KEYWORDS_OF_SEVERAL_LANGUAGES:
            language = None
        return decision.tier, language
