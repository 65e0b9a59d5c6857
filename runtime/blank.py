"""What counts as no text: nothing that anybody sees."""

from __future__ import annotations

import unicodedata

#: Characters that nobody sees: of format, marks on a character before, controls. Spaces are told by `isspace`.
_UNSEEN = frozenset({"Cf", "Mn", "Me", "Cc"})
#: Letters and symbols that are drawn as an empty space.
_FILLERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")


def is_blank(text: str) -> bool:
    """Whether `text` shows nothing: it is empty, or spaces and characters of no width."""
    if text.isascii():
        return not text.strip()
    return all(map(_is_unseen, text))


def _is_unseen(character: str) -> bool:
    return character.isspace() or character in _FILLERS or unicodedata.category(character) in _UNSEEN
