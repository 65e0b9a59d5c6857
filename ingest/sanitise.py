"""What no system behind us can hold is replaced, never dropped: NUL, lone surrogates, integers beyond 63 bits."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from ingest.json_body import HugeInteger

#: PostgreSQL's text and jsonb take no NUL; UTF-8 has no lone surrogates.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
REPLACEMENT = "\ufffd"

#: What stands where a secret stood.
REDACTED = "[redacted]"

#: Characters from which on a secret is surely no word that a person writes.
MIN_SECRET = 12


def sanitised(node: Any) -> tuple[Any, bool]:
    """`node` with everything unstorable replaced, and whether there was any."""
    found = False

    def clean(part: Any) -> Any:
        nonlocal found
        if isinstance(part, HugeInteger):
            found = True
            return str(part)
        if isinstance(part, str):
            cleaned = _UNSTORABLE.sub(REPLACEMENT, part)
            found = found or cleaned != part
            return cleaned
        if isinstance(part, dict):
            return {clean(key): clean(value) for key, value in part.items()}
        return type(part)(map(clean, part)) if isinstance(part, list | tuple) else part

    return clean(node), found


def without_secrets(node: Any, secrets: Iterable[str]) -> Any:
    """`node` with every occurrence of a secret replaced, wherever somebody put it, keys included.

    Secrets shorter than MIN_SECRET are left: they could be words of a message, which must stay as it is.
    """
    secrets = tuple(secret for secret in secrets if len(secret) >= MIN_SECRET)

    def clean(part: Any) -> Any:
        if isinstance(part, str):
            for secret in secrets:
                part = part.replace(secret, REDACTED)
            return part
        if isinstance(part, dict):
            return {clean(key): clean(value) for key, value in part.items()}
        return type(part)(map(clean, part)) if isinstance(part, list | tuple) else part

    return clean(node)
