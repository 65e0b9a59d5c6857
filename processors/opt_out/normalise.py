"""The normalised message, in two steps: `plain` (letters as letters) and `clauses` (words between stops).

`plain` does per character what docs/opt-outs.md asks of the whole (NFKC, casefold, accents, emoji and zero-width off).
Because every mark is dropped, no two characters have to be put into order, which is where `unicodedata.normalize` takes
quadratic time on a long run of marks.
"""

from __future__ import annotations

import re
import unicodedata

_APOSTROPHES = frozenset("'`´ʹʻʼʽˈ‘’‛′＇｀")
_QUOTES = frozenset('"“”„‟«»‹›″〝〞〟「」『』＂')
#: Letters that look like an ASCII one with a stroke or without a dot, which Unicode does not call accents; and the
#: apostrophe that casefold makes of ŉ.
_STROKES = str.maketrans({"ʼ": "'", "ø": "o", "đ": "d", "ł": "l", "ı": "i", "ħ": "h", "ŧ": "t", "æ": "ae", "œ": "oe"})
#: The one mark that casefold makes a letter of, iota; it is one wherever NFKC has joined it to another.
_IOTA_BELOW = "\u0345"
#: Shown as nothing, yet letters by category.
_FILLERS = frozenset("ᅟᅠㅤﾠ")
#: Characters that are remembered; the whole of Unicode would take a hundred megabytes.
_REMEMBERED = 20_000


def _fold(char: str) -> str:
    """The plain form of one character: nothing, one ASCII sign, a blank, a line end, or letters."""
    sign = _sign(char, unicodedata.category(char))
    return _letters(char) if sign is None else sign


def _sign(char: str, category: str) -> str | None:
    for chars, sign in ((_APOSTROPHES, "'"), (_QUOTES, '"'), (_FILLERS, ""), ("\n\r\u2028\u2029\x85", "\n")):
        if char in chars:
            return sign
    if category in {"Mn", "Me", "Cf"} and char != _IOTA_BELOW:
        return ""
    if category == "Pd":
        return "-"
    # A circled letter is a symbol too, but NFKC makes a letter of it.
    unmade = unicodedata.normalize("NFKC", char) == char
    return " " if unmade and category in {"So", "Sk", "Sm", "Cc", "Cn", "Co", "Cs", "Zs"} else None


def _letters(char: str) -> str:
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", char).casefold())
    letters_only = (
        "".join(letter for letter in decomposed if unicodedata.category(letter) != "Mn").casefold().translate(_STROKES)
    )
    foreign_stop = unicodedata.category(char).startswith("P") and not letters_only.isascii()
    return "\n" if foreign_stop else letters_only


class _Folded(dict[int, str]):
    """Each character's plain form, worked out when it is first met."""

    def __missing__(self, code: int) -> str:
        folded = _fold(chr(code))
        if len(self) < _REMEMBERED:
            self[code] = folded
        return folded


_PLAIN = _Folded()

#: The only emoji that are made of ASCII: 1️⃣.
_KEYCAP = re.compile("[0-9#*]\ufe0f?\u20e3")

#: One ASCII character to one: what ends a clause becomes a line, what joins words a blank, an apostrophe nothing.
_STOPS = str.maketrans(
    {
        **dict.fromkeys('.,!?;:()[]{}"|\r\n', "\n"),
        **dict.fromkeys("-_/*~+=<>^\\&%\t\v\f", " "),
        **dict.fromkeys(map(chr, [*range(9), *range(14, 32), 127]), " "),
        **dict.fromkeys("'`", None),
    }
)
#: The same for bytes, which takes a tenth of the time; and what is dropped.
_STOPS_OF_BYTES = bytes(ord(_STOPS.get(code) or chr(code)) for code in range(128)) + bytes(range(128, 256))
_DROPPED = bytes(code for code, char in _STOPS.items() if char is None)
#: "#stop" and "@home" are the word; "#4" and a "#" of its own stay.
_TAGS = re.compile(r"[#@](?=[a-z])")
_OPT_OUT = re.compile(r"\bopt out\b")


def plain(text: str) -> str:
    """`text` with its letters lower-case and bare; quotes as `"`, apostrophes as `'`, dashes as `-`; emoji a blank."""
    if text.isascii():
        return text.lower()
    return (_KEYCAP.sub(" ", text) if "\u20e3" in text else text).translate(_PLAIN)


def spread(text: str) -> str:
    """Plain `text` with nothing but letters, digits, `$#@`, blanks, and line ends where a clause ends.

    A dash within a word joins two words, a dash beside a blank ends a clause.
    """
    if "-" in text:
        text = text.replace("- ", "\n ").replace(" -", " \n")
    if "#" in text or "@" in text:
        text = _TAGS.sub("", text)
    if text.isascii():
        return text.encode("ascii").translate(_STOPS_OF_BYTES, _DROPPED).decode("ascii")
    return text.translate(_STOPS)


def clauses(text: str) -> str:
    """Spread `text` with single blanks between words and single line ends between clauses; "opt out" joined."""
    lines = (" ".join(line.split()) for line in text.split("\n"))
    collapsed = "\n".join(line for line in lines if line)
    return _OPT_OUT.sub("optout", collapsed) if "opt out" in collapsed else collapsed


def normalise(text: str) -> str:
    """The message as the rules see it: words between single blanks, clauses between line ends."""
    return clauses(spread(plain(text)))
