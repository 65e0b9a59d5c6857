"""How long the disk takes to sync, measured beside what waits for it: nothing that is synced answers sooner."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

#: Seconds between two syncs.
EVERY = 0.02
#: The bytes of each: one sector, always the same one, so that no metadata has to follow.
SECTOR = b"x" * 512

#: When a sync was due (time.monotonic), and the seconds from then until it was done.
Sync = tuple[float, float]


@contextmanager
def disk_watched(directory: Path) -> Iterator[list[Sync]]:
    """Sync a file in `directory` all the time; the list grows meanwhile.

    A sync that was due while the disk was busy with an earlier one counts from when it was due, as a request would.
    """
    syncs: list[Sync] = []
    ended = threading.Event()
    descriptor = os.open(directory / "sync-probe", os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600)

    def watch() -> None:
        due = time.monotonic()
        while not ended.wait(max(0.0, due - time.monotonic())):
            os.pwrite(descriptor, SECTOR, 0)
            os.fsync(descriptor)
            done = time.monotonic()
            while due <= done:
                syncs.append((due, done - due))
                due += EVERY

    watching = threading.Thread(target=watch, name="disk", daemon=True)
    watching.start()
    try:
        yield syncs
    finally:
        ended.set()
        watching.join()
        os.close(descriptor)


def p99(seconds: Iterable[float]) -> float | None:
    """The 99th percentile; None: there are none."""
    ordered = sorted(seconds)
    return ordered[int(len(ordered) * 0.99)] if ordered else None
