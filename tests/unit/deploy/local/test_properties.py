"""What is written is what Java reads, whatever a folder is called."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.local.properties import properties_text

ANY_TEXT = st.text(st.characters(), max_size=30)


def as_java_reads(text: bytes) -> dict[str, str]:
    """java.util.Properties.load, as its documentation words it, for lines that are neither blank nor comments."""
    found = {}
    for line in text.decode("latin-1").split("\n")[:-1]:
        name, rest = _until(line, " \t\f=:")
        rest = rest.lstrip(" \t\f")
        if rest[:1] in ("=", ":"):
            rest = rest[1:].lstrip(" \t\f")
        found[name] = _until(rest, "")[0]
    return found


def _until(line: str, ends: str) -> tuple[str, str]:
    """`line` up to the first of `ends` that is not escaped, without its escapes; and the rest."""
    units: list[int] = []
    at = 0
    while at < len(line) and line[at] not in ends:
        if line[at] != "\\":
            units.append(ord(line[at]))
            at += 1
        elif line[at + 1] == "u":
            units.append(int(line[at + 2 : at + 6], 16))
            at += 6
        else:
            units.append(ord({"t": "\t", "n": "\n", "r": "\r", "f": "\f"}.get(line[at + 1], line[at + 1])))
            at += 2
    decoded = b"".join(unit.to_bytes(2, "big") for unit in units).decode("utf-16-be", "surrogatepass")
    return decoded, line[at:]


@given(st.dictionaries(ANY_TEXT.filter(bool), ANY_TEXT, max_size=4))
def test_every_name_and_value_is_read_back_as_it_was(settings: dict[str, str]) -> None:
    written = properties_text(settings).encode("ascii")
    # Two escaped halves of a surrogate pair are one character to Java, and no text that came from a folder has them.
    joined = {_as_utf16(name): _as_utf16(value) for name, value in settings.items()}
    assert as_java_reads(written) == joined


def _as_utf16(text: str) -> str:
    return text.encode("utf-16-be", "surrogatepass").decode("utf-16-be", "surrogatepass")


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("/home/müller", "log.dirs=/home/m\\u00fcller\n"),  # beyond ASCII, within Latin-1
        ("/home/Ünal ığ", "log.dirs=/home/\\u00dcnal \\u0131\\u011f\n"),
        ("/home/😀", "log.dirs=/home/\\ud83d\\ude00\n"),  # beyond 16 bits: a surrogate pair
        ("C:\\data", "log.dirs=C:\\\\data\n"),
        (" begins with a blank", "log.dirs=\\ begins with a blank\n"),
        ("two\nlines", "log.dirs=two\\u000alines\n"),
    ],
)
def test_what_is_not_plain_ascii_is_an_escape(value: str, line: str) -> None:
    assert properties_text({"log.dirs": value}) == line
