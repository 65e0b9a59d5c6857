"""What rule set 2 adds: requests in ordinary words and keywords in other shapes, where set 1 found nothing.

It only ever raises a hold. A text without one of its words costs one look at each word.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from processors.opt_out import shapes
from processors.opt_out.closed import ClosedTexts
from processors.opt_out.grammar import Trying
from processors.opt_out.normalise import clauses, plain, spread
from processors.opt_out.outside import Outside
from processors.opt_out.requests import RequestMatch, Requests, by_language
from processors.opt_out.rules import ALWAYS, Rule, Unless
from processors.opt_out.words.closed_texts import LANGUAGES as LANGUAGES_OF_CLOSED_TEXTS
from processors.opt_out.words.closed_texts import SINCE as CLOSED_SINCE
from processors.opt_out.words.languages import LANGUAGES_OF_PATTERNS

#: The first rule set that reads a stop sign beside messages.
MESSAGES_SINCE = 5
_CONFUSABLES = Path(__file__).parent / "words" / "confusables.json"


class Candidates(NamedTuple):
    """What of rule set 2 may fit a text."""

    shape: bool  #: a keyword in another shape
    drawn: bool  #: what none of its words says: another script, emoji, signs between letters
    outside: bool  #: a language beyond the seven
    requests: list[tuple[Requests, Trying]]  #: the patterns of each language that are worth trying


class Wider:
    """The patterns and shapes of some languages, compiled."""

    def __init__(
        self,
        rules: Sequence[Rule],
        exceptions: Sequence[Unless],
        spoken: frozenset[str],
        stops: frozenset[str],
        own_words: frozenset[str],
        number: int,
        first_bit: int,
    ) -> None:
        """`stops`: the keywords; `own_words`: no slips; `number`: the rule set's; `first_bit`: the first of the bits of
        `belongs`."""
        # A bit for shapes, one for languages beyond the seven, one for each language beside English; above these are
        # those of closed texts and what the English patterns need.
        others = [code for code in LANGUAGES_OF_PATTERNS if code != ALWAYS and code in spoken]
        self._shape, self._beyond, *other_bits = (1 << first_bit + at for at in range(2 + len(others)))
        first_bit += 2 + len(others)
        self._shapes = {rule.id: rule for rule in rules if rule.kind == "shape"}
        self._closed: ClosedTexts | None = None
        self._closed_languages: list[Requests] = []
        if number >= CLOSED_SINCE:
            self._closed_languages = by_language(LANGUAGES_OF_CLOSED_TEXTS, spoken, rules, exceptions, number, 0)
            self._closed = ClosedTexts(self._closed_languages, first_bit)
            first_bit = self._closed.end
        self.languages = by_language(LANGUAGES_OF_PATTERNS, spoken, rules, exceptions, number, first_bit)
        english, *other_requests = self.languages
        self._english, self._english_needs = english, english.grammar.patterns
        self._others = list(zip(other_bits, other_requests, strict=True))
        self._any_other = sum(other_bits)
        self.languages += self._closed_languages
        self._own_words = own_words
        self._messages = number >= MESSAGES_SINCE
        self._outside = Outside([rule for rule in rules if rule.kind == "outside"], exceptions)
        self._keywords = stops | {
            "stop",
            "quit",
            "end",
            "cancel",
            "unsubscribe",
            "optout",
            "stopall",
            "remove",
            "revoke",
        }
        listed: dict[str, str] = json.loads(_CONFUSABLES.read_text("utf-8"))
        self._alike = {ord(char): letter for letter, chars in listed.items() for char in chars}

    def prepared(self, text: str) -> str:
        """`text` with boxed letters, look-alike letters and masked profanity as ASCII letters."""
        if not text.isascii():
            text = self._with_keywords_alike(shapes.unboxed(text))
        return shapes.unmasked(text.lower()) if "*" in text or "@" in text or "h!" in text else text

    def _with_keywords_alike(self, text: str) -> str:
        alike = shapes.letters_alike(text, self._alike)
        if alike is None:
            return text
        words, others = text.split(), alike.split()
        found = [
            other if self._is_keyword(other) and not spread(plain(word)).strip().isascii() else word
            for word, other in zip(words, others, strict=True)
        ]
        return text if found == words else " ".join(found)

    def _is_keyword(self, word: str) -> bool:
        return spread(plain(word)).strip() in self._keywords

    def candidates(
        self, text: str, bare: str, flat: str, words: Sequence[str], mask: int, *, voided: bool = False
    ) -> Candidates | None:
        """What may fit a text of these words; None: surely nothing. `voided`: an exception has taken a phrase back, so
        that it is read as no closed text.

        `text` is prepared, `bare` plain and `flat` spread; `mask` is what the words belong to.
        """
        flat = flat.strip("\n ")
        requests: list[tuple[Requests, Trying]] = []
        if mask & self._english_needs.keys and (trying := self._english.grammar.worth_trying(mask, flat)):
            requests.append((self._english, trying))
        if mask & self._any_other:
            for bit, other in self._others:
                if mask & bit and (trying := other.grammar.worth_trying(other.grammar.present(words), flat)):
                    requests.append((other, trying))
        if self._closed is not None and not voided:
            requests += self._closed.candidates(flat, words, mask)
        shape, drawn = bool(mask & self._shape), may_be_drawn(text, bare, words)
        outside = bool(mask & self._beyond) and self._outside.may_fit(words)
        return Candidates(shape, drawn, outside, requests) if requests or shape or drawn or outside else None

    def every_candidate(self, *, voided: bool = False) -> Candidates:
        """All that there is, to be tried on any text; `voided`: see `candidates`."""
        tried = [requests for requests in self.languages if not (voided and requests in self._closed_languages)]
        return Candidates(True, True, True, [(requests, requests.grammar.every_pattern()) for requests in tried])

    def find(
        self, text: str, bare: str, flat: str, words: Sequence[str], candidates: Candidates
    ) -> Iterator[tuple[Rule, str, RequestMatch | None]]:
        """Every rule of `candidates` that fits the text, with the words that it saw, the likeliest first."""
        if not text.isascii() and (sign := shapes.only_emoji(text, words, messages=self._messages)) is not None:
            yield self._shapes["c.emoji"], sign, None
        if candidates.shape:
            shape = next((word for word in words if self._is_shape(word)), "")
            if shapes.joined(shape):
                yield self._shapes["c.joined"], shape, None
            elif shape and len(words) == 1:
                yield self._shapes["c.slip-more"], shape, None
        if len(bare) <= shapes.SHORT and (whole := shapes.squeezed(bare.strip())) is not None:
            yield self._shapes["c.squeezed"], whole, None
        taken_back = False
        for requests, trying in candidates.requests:
            if taken_back and requests in self._closed_languages:
                break  # what takes another pattern's meaning away takes a closed text's, too
            for match in requests.tried(flat, trying):
                taken_back = taken_back or match.taken_back is not None
                yield match.rule, match.matched, match
        if candidates.outside or not text.isascii():
            for match in self._outside.find(text, clauses(flat), candidates.outside):
                yield match.rule, match.matched, match

    def nearest(self, message: str) -> tuple[Rule, tuple[str, ...]] | None:
        """The pattern that lacks least to fit the normalised `message`, and the words of which it lacks one."""
        words = message.split()
        found = [(near, requests) for requests in self.languages if (near := requests.grammar.nearest_pattern(words))]
        if not found:
            return None
        (_, at, lacks), requests = max(found, key=lambda candidate: candidate[0][0])
        return requests.rules[at], lacks

    def belongs(self, word: str) -> int:
        """What `word` may be a part of, as bits."""
        mask = 0
        if self._is_shape(word):
            mask |= self._shape
        if word in self._outside.words:
            mask |= self._beyond
        for bit, requests in self._others:
            if requests.grammar.is_key(word):
                mask |= bit
        if self._closed is not None:
            mask |= self._closed.belongs(word)
        return mask | self._english.grammar.needed(word)

    def _is_shape(self, word: str) -> bool:
        return shapes.joined(word) or (word not in self._own_words and shapes.typo_of(word) is not None)


def may_be_drawn(text: str, bare: str, words: Sequence[str]) -> bool:
    """Whether the look of `text` may say something that none of its words says: another script, emoji, signs between
    letters, accents on a short word."""
    if len(text) <= shapes.SHORT:
        return not text.isascii() or shapes.may_be_squeezed(words)
    return not words or not bare.isascii()
