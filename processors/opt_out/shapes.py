"""Keywords in other shapes: what one token, or a whole short message, comes to when it is taken apart."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from processors.opt_out.typos import collapsed, typos
from processors.opt_out.words import shapes as words

#: A message longer than this is no keyword spelled with signs between.
SHORT = 32
#: A token longer than this is no keyword joined to another.
_LONGEST = 32
_COURTEOUS = re.compile(r"^(?:please|pls|plz)\W+|\W+(?:please|pls|plz|thanks|thank you|thx|now|it)\W*$")
_COURTEOUS_GLUED = re.compile("^(?:please|pls|plz)|(?:please|pls|plz|now|thanks|asap|already)$")
_POLITE = frozenset(["please", "pls", "plz", "thanks", "thx"])
_BOTH = re.compile(r"[^a-z0-9$]+")
_EMOJI = re.compile(f"[{words.EMOJI}]")
_SKIN_AND_SHAPE = re.compile("[\u200d\ufe0e\ufe0f\U0001f3fb-\U0001f3ff\\s!.?]+")
#: Squared and boxed letters that Unicode's own folding leaves; flags are made of the last.
_BOXED = {
    **{0x1F150 + at: chr(97 + at) for at in range(26)},
    **{0x1F170 + at: chr(97 + at) for at in range(26)},
    0x2020: "t", 0x2021: "t", 0x1F17F: "p",
}  # fmt: skip
_FLAG_LETTERS = re.compile("[\U0001f1e6-\U0001f1ff]+")
_MASKED = re.compile(
    r"\bf(?=[uck@#!]*[*@#!])[uck*@#!]{2,}(?:ing?|ers?|ed)?(?![\w*])"
    r"|\bs(?=[hi@!]*[*@!])(?:[hi*@!]{2}t|\*{2,}t?)(?![\w*])|\bb(?=[itc@!]*[*@!])[itc*@!]{2,3}h(?:es)?(?![\w*])|\ba\*{2,}(?:holes?)?(?![\w*])"
)


@lru_cache(maxsize=1)
def _typos() -> dict[str, str]:
    """Slip -> keyword: what set 1 calls a slip, a letter put in, and neighbours on the keyboard for shorter ones."""
    found: dict[str, str] = {}
    for keyword in ("stop", "unsubscribe", "cancel", "optout", "stopall", "revoke"):
        for typo in typos(keyword):
            found.setdefault(typo, keyword)
        for at in range(len(keyword) + 1):
            for letter in "abcdefghijklmnopqrstuvwxyz0123456789":
                found.setdefault(keyword[:at] + letter + keyword[at:], keyword)
    for keyword in ("quit", "end", "remove"):
        for at, letter in enumerate(keyword):
            head, tail = keyword[:at], keyword[at + 1 :]
            found.setdefault(head + letter + letter + tail, keyword)
            for neighbour in words.AROUND.get(letter, ""):
                found.setdefault(head + neighbour + tail, keyword)
                if len(keyword) > 3:
                    found.setdefault(head + letter + neighbour + tail, keyword)
                    found.setdefault(head + neighbour + letter + tail, keyword)
            if len(keyword) > 3:
                found.setdefault(head + tail, keyword)
                if tail:
                    found.setdefault(head + tail[0] + letter + tail[1:], keyword)
    return {typo: keyword for typo, keyword in found.items() if typo not in words.OWN_SLIPS and typo not in _KEYWORDS}


_KEYWORDS = frozenset(words.JOINED)
#: The first two letters of each keyword and of courtesy.
_BEGINNINGS = frozenset(word[:2] for word in (*words.JOINED, "please", "pls"))
#: Digits and signs that stand for letters: 5T0P.
_DIGITS = str.maketrans("01345$7", "oieasst")
#: What stands behind a word that is glued to a keyword: "pleasestop"; and behind a number, too.
_BEHIND_GLUED = ("stop", "unsubscribe", "optout", "stopall")
_AT_THE_END = (*_BEHIND_GLUED, "end", "quit")
#: Too short to be a slip by itself, and clear beside a keyword: stop2edn.
_SWAPPED = frozenset({"edn", "nde", "end", "ned"})


def typo_of(token: str) -> str | None:
    """The keyword that `token` is a slip of, or is in digits, in more ways than the tier table's."""
    found = _typos().get(token)
    if found is not None or token.isalpha():
        return found
    letters = token.translate(_DIGITS)
    return letters if letters != token and letters in _KEYWORDS else None


@lru_cache(maxsize=20_000)
def joined(token: str) -> bool:
    """Whether `token` is keywords joined to each other or to a word beside."""
    if not 4 < len(token) <= _LONGEST:
        return False
    if token in words.ONE_WORD or _COURTEOUS_GLUED.sub("", token) in words.ONE_WORD:
        return True
    drawn = collapsed(token)
    return any(_splits(spelling) for spelling in (token, drawn) if spelling)


def _splits(token: str) -> bool:
    for at in range(2, len(token) + 1):
        head = token[:at]
        if not _is_keyword(head):
            continue
        rest = token[at:]
        if head in ("stop", "stopall", "unsubscribe", "optout") and rest in words.GLUED:
            return True
        if head in ("quit", "end", "cancel") and rest in words.GLUED_TO_ANY:
            return True
        for joint in words.JOINTS:
            if rest.startswith(joint):
                tail = rest[len(joint) :]
                # One of the two may be misspelt, and both where a digit joins them.
                exact = head in _KEYWORDS or tail in _KEYWORDS or joint in ("2", "to")
                if exact and len(tail) > 2 and (_is_keyword(tail) or tail in _SWAPPED or _splits(tail)):
                    return True
                if not tail and joint in ("2", "to", "4") and head == "stop":
                    return True
    if not token.endswith(_AT_THE_END):
        return False
    return any(
        token.startswith(glued) and token[len(glued) :] in _BEHIND_GLUED
        for glued in words.GLUED
        if glued and not glued.isdigit() and len(glued) > 1
    ) or bool(re.fullmatch(r"[1-9]\d?(?:stop|unsubscribe|end|quit)", token))


def _is_keyword(head: str) -> bool:
    return head in _KEYWORDS or (len(head) > 2 and typo_of(head) is not None)


def may_be_squeezed(words: Sequence[str]) -> bool:
    """Whether what a short text of these words begins with is how a keyword begins, or courtesy before it."""
    return "".join(words).lstrip("#@")[:2] in _BEGINNINGS


def squeezed(bare: str) -> str | None:
    """The keyword that the plain message is, with signs or blanks between its letters; None: it is none."""
    if len(bare) > SHORT:
        return None
    bare = _COURTEOUS.sub("", bare)
    letters = _BOTH.sub("", bare)
    if letters == bare or len(letters) < 3 or len(letters) > 14:
        return None
    parts = [part for part in _BOTH.split(bare) if part]
    if len(letters) == 3 and len(parts) < 3:  # "e nd" may be anything
        return None
    return letters if letters in _KEYWORDS else None


def only_emoji(text: str, message_words: Sequence[str], *, messages: bool) -> str | None:
    """The signs that say stop where `text` is nothing else but courtesy, and with `messages` what senders send; None:
    there is more, or none."""
    allowed = _POLITE | words.MESSAGE_WORDS if messages else _POLITE
    if text.isascii() or len(text) > 40 or not allowed.issuperset(message_words) or _EMOJI.search(text) is None:
        return None
    rest = _SKIN_AND_SHAPE.sub("", _EMOJI.sub("", text))
    return "".join(dict.fromkeys(_EMOJI.findall(text))) if message_words or not rest else None


def unmasked(text: str) -> str:
    """`text` with masked profanity spelled out, so that a phrase around it is still the phrase: f*** off."""
    return _MASKED.sub(_meant, text)


def _meant(found: re.Match[str]) -> str:
    masked = found[0]
    if masked[0] == "f":
        return "fucking" if masked.endswith(("ing", "in", "n")) else "fuck"
    return {"s": "shit", "b": "bitch", "a": "asshole"}[masked[0]]


def unboxed(text: str) -> str:
    """`text` with boxed letters and flags that spell a keyword as letters."""
    if text.isascii():
        return text
    return _FLAG_LETTERS.sub(_flagged, text.translate(_BOXED))


def _flagged(found: re.Match[str]) -> str:
    letters = "".join(chr(97 + ord(letter) - 0x1F1E6) for letter in found[0])
    return letters if letters in _KEYWORDS else found[0]


def letters_alike(text: str, table: dict[int, str]) -> str | None:
    """`text` with the letters that Unicode calls confusable with ASCII ones as those; None: there are none."""
    alike = text.translate(table)
    if alike == text:  # т is no t, but Т is a T
        alike = text.upper().translate(table)
    return None if alike in (text, text.upper()) else alike
