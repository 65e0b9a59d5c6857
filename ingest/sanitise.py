"""What no system behind us can hold is replaced, never dropped: NUL, lone surrogates, integers beyond 63 bits."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import Any

from ingest.json_body import HugeInteger

#: PostgreSQL's text and jsonb take no NUL; UTF-8 has no lone surrogates.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
REPLACEMENT = "\ufffd"

#: What stands where a secret stood.
REDACTED = "[redacted]"

#: Characters from which on a secret is surely no word that a person writes.
MIN_SECRET = 12
#: How a key says that it holds a secret.
_SECRET_NAME = re.compile(r"secret|token|passw|pwd|api.?key|auth(?!or)|signature|credential", re.IGNORECASE)


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


def without_secrets(node: Any, secrets: Iterable[str], spared: Collection[str] = ()) -> Any:
    """`node` with every occurrence of a secret replaced, wherever somebody put it, keys included.

    Secrets shorter than MIN_SECRET could be part of a message, which must stay as it is. They are replaced where a key
    or a value is one and nothing more, but for `spared` ones, and always in what a key that names a secret holds.
    """
    secrets = tuple(secrets)
    long = tuple(secret for secret in secrets if len(secret) >= MIN_SECRET)
    short = tuple(secret for secret in secrets if len(secret) < MIN_SECRET)
    alone = set(short) - set(spared)

    def clean(part: Any, is_named: bool) -> Any:
        if isinstance(part, str):
            for secret in long:
                part = part.replace(secret, REDACTED)
            if is_named:
                for secret in short:
                    part = _as_a_word(secret).sub(REDACTED, part)
            return REDACTED if part in alone else part
        if isinstance(part, dict):
            return {clean(key, False): clean(value, is_named or _names_secret(key)) for key, value in part.items()}
        return type(part)(clean(item, is_named) for item in part) if isinstance(part, list | tuple) else part

    return clean(node, False)


def is_ordinary(secret: str) -> bool:
    """Whether `secret` is short, and a word or a number as a message may hold one."""
    return len(secret) < MIN_SECRET and (secret.isalpha() or secret.isdecimal())


def _names_secret(key: Any) -> bool:
    return isinstance(key, str) and _SECRET_NAME.search(key) is not None


@lru_cache(maxsize=64)
def _as_a_word(secret: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(secret)}(?!\w)")
