"""Ids that are never given twice: not after `DELETE /_sandbox`, and not after a restart."""

from __future__ import annotations

import itertools
import secrets


class Ids:
    """Gives out ids such as "5f0c91a", short and opaque as TextUs's are.

    A forgotten contact's id must not come back for another one: whoever still holds it has to get a 404.
    """

    def __init__(self) -> None:
        self._run = secrets.token_hex(3)
        self._numbers = itertools.count(1)

    def next(self) -> str:
        """A new id."""
        return f"{self._run}{next(self._numbers):x}"
