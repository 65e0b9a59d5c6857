"""Languages beyond the seven: keywords and the commonest phrases."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping

from processors.opt_out.rules import Rule

OUTSIDE: tuple[Rule, ...] = ()


class Abroad:
    def __init__(self, rules: tuple[Rule, ...], spoken: frozenset[str]) -> None:
        self._rules = rules

    def find(self, text: str, message: str, words: list[str]) -> Iterator[tuple[Rule, str]]:
        return iter(())
