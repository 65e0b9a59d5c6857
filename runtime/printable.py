"""Text that others wrote, made safe to show: nothing in it moves the cursor, writes a clipboard or reorders a line.

A text message reaches the terminals of operators: ESC sequences and C1 controls command a terminal (OSC 52 writes its
clipboard), bidirectional controls reorder what is read (Unicode TR 36), and others are not seen at all.
"""

from __future__ import annotations

import json
import unicodedata
from typing import Any


def printable(text: str, *, lines: bool = False) -> str:
    """`text` with every character escaped that is not seen as itself: \\\\x1b, \\\\u202e, \\\\U000e0001.

    `lines`: line feeds and tabs stay, for what is several lines of ours. Characters that this Python does not know
    are escaped too: one may be a control of a later Unicode.
    """
    if text.isprintable():  # which is all of it but for blanks that are wider or narrower than a space
        return text
    return "".join(
        character if _is_seen(character) or (lines and character in "\n\t") else _escaped(character)
        for character in text
    )


def printable_json(data: Any, **options: Any) -> str:
    """`data` as JSON whose characters are all seen as themselves; `options` as for json.dumps."""
    text = json.dumps(data, ensure_ascii=False, **options)
    if text.isprintable():
        return text
    # Outside of its texts JSON is ASCII, and within them a line feed is escaped already.
    return "".join(
        character if _is_seen(character) or character == "\n" else _escaped_in_json(character) for character in text
    )


def _is_seen(character: str) -> bool:
    return character.isprintable() or unicodedata.category(character) == "Zs"


def _escaped(character: str) -> str:
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _escaped_in_json(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
