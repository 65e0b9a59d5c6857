"""Counting dead letters by their cause."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from processors.dead_letters.letter import Letter

#: What differs between messages of one cause: quoted values, ids in hexadecimal, numbers.
_PARTICULAR = re.compile(r"""'[^']*'|"[^"]*"|\b(?=\w*\d)[0-9a-fA-F-]{8,}\b|\d+""")


def cause_of(message: str) -> str:
    """`message` without what is particular to one record."""
    return _PARTICULAR.sub("…", message)


@dataclass(slots=True)
class Count:
    """The letters of one cause."""

    disposition: str
    error_class: str
    cause: str  #: their error's message, with … for what differs from record to record
    letters: int
    waiting: int | None  #: neither sent back nor discarded yet; None: not known
    oldest: str  #: when the first of them was set aside, RFC 3339
    newest: str


def tally(letters: Iterable[Letter], decided: set[tuple[int, int]] | None, done: Callable[[int], None]) -> list[Count]:
    """Count `letters`, of which those at the places `decided` were sent back or discarded (None: not known)."""
    counts: dict[tuple[str, str, str], Count] = {}
    for letter in letters:
        key, when = (letter.disposition, letter.error_class, cause_of(letter.error_message)), letter.last_failed_at
        count = counts.get(key)
        if count is None:
            count = counts[key] = Count(*key, 0, None if decided is None else 0, when, when)
        count.letters += 1
        if decided is not None and count.waiting is not None:
            count.waiting += letter.place not in decided
        count.oldest, count.newest = min(count.oldest, when), max(count.newest, when)
        done(1)
    return [counts[key] for key in sorted(counts)]
