"""Finding the keys `secret` in any text, and what follows each, in a time that grows with the text's length alone.

Anybody may send such a text, and no other thread runs Python while a pattern is searched for. So no part of the pattern
gives back what it took, and a long text is searched in steps.

Where more than one character is repeated, that is an atomic group (`(?>(?:ab|c)+)`) and not a possessive quantifier
(`(?:ab|c)++`): until Python 3.11.5 the latter does not find everything (python/cpython issue 106052).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

#: Characters that are searched at once: half a millisecond where they are all keys with short values (measured).
STEP = 4_096
#: Characters of a key and of what stands between it and the second character of its value, at most: less than this.
_LONGEST_KEY = 256
#: Characters that tell whether a value ends: a quote behind backslashes, or one that is percent-encoded.
_LONGEST_END = 16

_ESCAPED_QUOTE = r"""(?:\\{1,8}+["']|%2[27])"""
#: What values are made of, by how they are quoted.
_PARTS = {
    "double": r"""(?:[^"\\\r\n]++|\\.)""",
    "single": r"""(?:[^'\\\r\n]++|\\.)""",
    "escaped": rf"""(?:[^\r\n\\%]++|(?!{_ESCAPED_QUOTE})[\\%])""",
    "bare": r"""[^\s,;&}\]"'\\%]""",
}
_PARTS["bare_again"] = _PARTS["bare"]


def _pattern(key: str, word: str, space: str) -> re.Pattern[str]:
    """`key` and what follows it: in JSON, in JSON within a string, in a form, percent-encoded, quoted or not, with or
    without the end that it should have. `word`, `space`: the characters of each.

    A value without quotes may begin with a bracket or a plus sign, which otherwise stand in front of one: so it does
    where nothing else fits.
    """
    blanks = rf"[{space}+]"
    return re.compile(
        rf"""{key}[{word}-]{{0,40}}+(?>(?:\\{{0,8}}+["']|%2[27])?){blanks}{{0,40}}+(?:=>|[:=]|%3[aAdD])"""
        rf"""(?:{blanks}{{0,40}}+[\[{{(]?+[{space}]{{0,40}}+"""
        rf"""(?:"(?P<double>(?>{_PARTS["double"]}+))|'(?P<single>(?>{_PARTS["single"]}+))"""
        rf"""|{_ESCAPED_QUOTE}(?P<escaped>(?>{_PARTS["escaped"]}+))|(?P<bare>{_PARTS["bare"]}++))"""
        rf"""|(?:{blanks}{{0,40}}+(?=[\[{{(])|{blanks}{{0,39}}(?=\+))(?P<bare_again>{_PARTS["bare"]}++))"""
    )


#: Fixed letters are searched for in a tenth of the time, and ranges in a quarter. The long s is one of any text's.
_IN_SMALL_ASCII = _pattern("secret", "0-9_a-z", r"\t-\r\x1c- ")
_IN_ANY_TEXT = _pattern("[sS\u017f][eE][cC][rR][eE][tT]", r"\w", r"\s")
_MORE = {kind: re.compile(f"(?>{part}*)") for kind, part in _PARTS.items()}

#: Keys that `first_value` looks behind, and characters of each with its value.
_TRIES, _TRIED = 4, 512

#: Where a value begins and ends, and how it is quoted.
Value = tuple[int, int, str]


def no_rest() -> None:
    """Go on at once."""


def secret_values(text: str, rest: Callable[[], None] = no_rest) -> Iterator[Value]:
    """The value behind every key `secret`, in their order. `rest` is called after each STEP."""
    searched, pattern = (text.lower(), _IN_SMALL_ASCII) if text.isascii() else (text, _IN_ANY_TEXT)
    at, length = 0, len(text)
    while at < length:
        until = at + STEP
        following = whole = length if until >= length else until - _LONGEST_KEY
        for found in pattern.finditer(searched, at, until):
            if found.start() > whole:
                break  # it may not be there whole
            kind = found.lastgroup or ""
            start, end = found.span(kind)
            if end > until - _LONGEST_END:
                following = _end_of(kind, text, start, end, rest)
                yield start, following, kind
                break
            following = max(end, whole)
            yield start, end, kind
        at = following
        rest()


def first_value(text: str) -> str | None:
    """The beginning of the first value as it is written, where one of the first few keys has one: at a small cost."""
    small, at = text.lower(), -1
    if len(small) != len(text):
        return None
    for _ in range(_TRIES):
        at = small.find("secret", at + 1)
        if at < 0:
            return None
        if (found := _IN_SMALL_ASCII.match(small, at, at + _TRIED)) is not None:
            start, end = found.span(found.lastgroup or "")
            return text[start:end]
    return None


def _end_of(kind: str, text: str, start: int, at: int, rest: Callable[[], None]) -> int:
    """Where a value ends that begins at `start` and goes on at `at`, or a few characters before."""
    while True:
        if kind == "escaped":
            at = max(start, at - _LONGEST_END)  # its last characters may be those of the quote that ends it
        until = at + STEP
        end = _MORE[kind].match(text, at, until).end()  # type: ignore[union-attr] # it matches no characters, too
        if until >= len(text) or end <= until - _LONGEST_END:
            return end
        at = end
        rest()
