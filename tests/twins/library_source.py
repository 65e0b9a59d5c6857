"""What a library's inside looks like, as a number: it changes when the source does."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Mapping
from typing import Any


def digest(code: Any) -> str:
    """Twelve hexadecimal digits for the source of the function or class `code`, white space aside."""
    return hashlib.sha256("".join(inspect.getsource(code).split()).encode()).hexdigest()[:12]


def changed(known: Mapping[Any, str]) -> dict[str, str]:
    """Those whose source is another one than is `known`, and their digests now."""
    found = {code: digest(code) for code in known}
    return {f"{code.__module__}.{code.__qualname__}": found[code] for code in known if found[code] != known[code]}
