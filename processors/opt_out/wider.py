"""What rule set 2 adds: requests in ordinary words and keywords in other shapes, where set 1 found nothing.

It only ever raises a hold. A text without one of its words costs one look at each word.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from processors.opt_out import shapes
from processors.opt_out.normalise import plain, spread
from processors.opt_out.outside import Outside
from processors.opt_out.requests import Match, Requests, by_language
from processors.opt_out.rules import Rule

_CONFUSABLES = Path(__file__).parent / "words" / "confusables.json"
#: Words that are remembered with what they may belong to.
_REMEMBERED = 50_000
_SHAPE, _SLIP, _OUTSIDE = 1, 2, 4


class Wider:
    """The patterns and shapes of some languages, compiled."""

    def __init__(self, rules: Sequence[Rule], spoken: frozenset[str], stops: frozenset[str]) -> None:
        from processors.opt_out.words.languages import LANGUAGES_OF_PATTERNS

        self._shapes = {rule.id: rule for rule in rules if rule.kind == "shape"}
        self.languages = by_language(LANGUAGES_OF_PATTERNS, spoken)
        self._bits = [(8 << at, requests) for at, requests in enumerate(self.languages)]
        self._english = self.languages[0]
        self._outside = Outside([rule for rule in rules if rule.kind == "outside"])
        self._keywords = stops | {"stop", "quit", "end", "cancel", "unsubscribe", "optout", "stopall", "remove", "revoke"}
        self._may = _MayBelong(self)
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

    def masks(self, words: Iterable[str]) -> int:
        """What these words may belong to, together."""
        mask = 0
        may = self._may
        for word in words:
            mask |= may[word]
        return mask

    def find(
        self, text: str, bare: str, message: str, words: Sequence[str], mask: int
    ) -> Iterator[tuple[Rule, str, Match | None]]:
        """Every rule that fits, with the words that it saw, the likeliest first."""
        sign = shapes.only_emoji(text)
        if sign is not None:
            yield self._shapes["c.emoji"], sign, None
        if mask & _SHAPE:
            found = next(word for word in words if self._may[word] & _SHAPE)
            if shapes.joined(found):
                yield self._shapes["c.joined"], found, None
            elif len(words) == 1:
                yield self._shapes["c.slip-more"], found, None
        whole = shapes.squeezed(bare.strip())
        if whole is not None:
            yield self._shapes["c.squeezed"], whole, None
        for bit, requests in self._bits:
            if mask & bit:
                for match in requests.matches(message, words):
                    yield match.rule, match.matched, match
        if mask & _OUTSIDE or not text.isascii():
            for rule, matched in self._outside.find(text, message):
                yield rule, matched, None

    def corrected(self, message: str) -> str:
        """`message` with the slips of English words put right."""
        near = self._english.grammar.nearest_to
        lines = (" ".join([near(word) or word for word in line.split(" ")]) for line in message.split("\n"))
        return "\n".join(lines)

    @staticmethod
    def has_slips(mask: int) -> bool:
        """Whether one of the words with this mask is a slip of an English one."""
        return bool(mask & _SLIP)

    def belongs(self, word: str) -> int:
        """What `word` may belong to: a shape, a slip, and the patterns of each language."""
        mask = 0
        if shapes.joined(word) or shapes.slip_of(word) is not None:
            mask |= _SHAPE
        if self._english.grammar.nearest_to(word) is not None:
            mask |= _SLIP
        if word in self._outside.words:
            mask |= _OUTSIDE
        for bit, requests in self._bits:
            if requests.grammar.is_key(word):
                mask |= bit
        return mask


class _MayBelong(dict[str, int]):
    """What each word may belong to, worked out when it is first met."""

    def __init__(self, wider: Wider) -> None:
        super().__init__()
        self._wider = wider

    def __missing__(self, word: str) -> int:
        mask = self._wider.belongs(word)
        if len(self) < _REMEMBERED:
            self[word] = mask
        return mask
