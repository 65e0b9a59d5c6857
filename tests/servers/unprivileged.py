"""A user to whom permissions apply, also where the tests run as root."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

#: `nobody` on Linux.
NOBODY = 65534


@contextmanager
def unprivileged() -> Iterator[int]:
    """Be an ordinary user in this block; its number."""
    if os.geteuid() != 0:
        yield os.geteuid()
        return
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    try:
        yield NOBODY
    finally:
        os.seteuid(0)
        os.setegid(0)
