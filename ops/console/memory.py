"""Has the C library give large pieces of memory back."""

from __future__ import annotations

import ctypes
import sys

_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8
_THRESHOLD, _ARENAS = 256 * 1024, 2


def return_large_pieces() -> None:
    """Have glibc return pieces from 256 KiB on as soon as they are freed, and keep two arenas at most.

    Checking a password takes 16 MB. By default glibc raises its limit once such a piece is freed and keeps the next
    ones, one for each arena: 20 MB after one login, 55 MB after three (measured). Nothing elsewhere.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _THRESHOLD)
        mallopt(_M_ARENA_MAX, _ARENAS)
