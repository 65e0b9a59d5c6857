"""Which words every text has that a pattern matches: a text without one of them is never tried."""

from __future__ import annotations

from collections.abc import Callable, Sequence

Names = frozenset[str]
_LOOKAROUND = ("(?!", "(?=", "(?<!", "(?<=")


def parted(tokens: Sequence[str]) -> list[list[str]]:
    """`tokens` parted at each | that is in no group."""
    found: list[list[str]] = [[]]
    depth = 0
    for part in tokens:
        depth += part.startswith("(")
        depth -= part == ")"
        if part == "|" and not depth:
            found.append([])
        else:
            found[-1].append(part)
    return found


def required(tokens: Sequence[str], is_name: Callable[[str], bool], dear: Callable[[Names], float]) -> list[Names]:
    """Sets of words and classes: one of each set is in every text that `tokens`, which has no | outside, matches.

    Of a group's alternatives, each gives the set for which `dear` is least.
    """
    found: list[Names] = []
    at = 0
    while at < len(tokens):
        part = tokens[at]
        end = _end(tokens, at) if part.startswith("(") else at
        behind = tokens[end + 1] if end + 1 < len(tokens) else ""
        optional = behind in ("?", "*") or behind.startswith("{0,")
        if not optional and part not in _LOOKAROUND:
            if part == "(":
                found += _of_group(tokens[at + 1 : end], is_name, dear)
            elif is_name(part):
                found.append(frozenset({part}))
        at = end + 1
    return found


def _of_group(tokens: Sequence[str], is_name: Callable[[str], bool], dear: Callable[[Names], float]) -> list[Names]:
    each = [required(alternative, is_name, dear) for alternative in parted(tokens)]
    if not all(each):
        return []
    return each[0] if len(each) == 1 else [frozenset[str]().union(*(min(needs, key=dear) for needs in each))]


def _end(tokens: Sequence[str], start: int) -> int:
    """Where the group ends that begins at `start`. Raises ValueError where it does not end."""
    depth = 0
    for at in range(start, len(tokens)):
        depth += tokens[at].startswith("(")
        depth -= tokens[at] == ")"
        if not depth:
            return at
    raise ValueError(f"a group is not closed: {' '.join(tokens)}")
