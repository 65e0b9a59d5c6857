"""Text that java.util.Properties.load reads back as exactly these names and values.

That reader takes the bytes for Latin-1, a backslash for the start of an escape, and drops blanks at the start of a
value; so everything but plain printable ASCII is written as an escape.
"""

from __future__ import annotations

from collections.abc import Mapping


def properties_text(settings: Mapping[str, str]) -> str:
    """One `name=value` line for each setting, in ASCII."""
    return "".join(f"{_escaped(name, ' =:#!')}={_escaped_value(value)}\n" for name, value in settings.items())


def _escaped_value(value: str) -> str:
    escaped = _escaped(value, "")
    return f"\\{escaped}" if escaped.startswith(" ") else escaped


def _escaped(text: str, special: str) -> str:
    return "".join(_escaped_character(character, special) for character in text)


def _escaped_character(character: str, special: str) -> str:
    if character == "\\" or character in special:
        return f"\\{character}"
    if " " <= character <= "~":
        return character
    # Java counts in UTF-16: a character beyond U+FFFF is two escapes.
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at] << 8 | units[at + 1]:04x}" for at in range(0, len(units), 2))
