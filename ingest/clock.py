"""The receipt clock: wall time that never goes backwards on a node.

Opt-outs are ordered by receipt where the provider's own time can't be trusted, so a clock that is stepped back
must not reorder them: not between threads, not between workers, not across a restart. The last receipt stands in
a small file that all workers map; a lock makes reading and moving it one step.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

_MICROS = struct.Struct("<Q")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ReceiptClock:
    """Gives every receipt its time, later than or equal to all before it on this node."""

    def __init__(self, file: Path, wall: Callable[[], int] = time.time_ns) -> None:
        """`wall` gives nanoseconds since the epoch. Raises OSError where `file` can't be made."""
        self._wall = wall
        self._lock = threading.Lock()
        file.parent.mkdir(parents=True, exist_ok=True)
        self._descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if os.fstat(self._descriptor).st_size < _MICROS.size:
            os.ftruncate(self._descriptor, _MICROS.size)
        self._last = mmap.mmap(self._descriptor, _MICROS.size)

    def now(self) -> datetime:
        """The time of a receipt, UTC, in whole microseconds."""
        with self._lock:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)
            try:
                micros = max(self._wall() // 1_000, _MICROS.unpack_from(self._last)[0])
                _MICROS.pack_into(self._last, 0, micros)
            finally:
                fcntl.flock(self._descriptor, fcntl.LOCK_UN)
        return _EPOCH + timedelta(microseconds=micros)

    def close(self) -> None:
        """Let go of the file."""
        self._last.close()
        os.close(self._descriptor)
