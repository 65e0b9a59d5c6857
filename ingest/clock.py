"""The receipt clock: wall time that never goes backwards on a node.

Opt-outs are ordered by receipt where the provider's own time can't be trusted, so a clock that is stepped back
must not reorder them: not between threads, not between workers, not across a restart.

The workers share a small mapped file. Each writes the last receipt that it gave into a slot of its own and takes
none earlier than any slot holds, so no update is ever lost and nobody waits for a lock of another process (a lock
call a request hands Python's interpreter lock to another thread each time: a third of the rate, measured).

There is a limit to that: an hour with a clock that is years ahead would otherwise give every receipt that hour's time
for years. A receipt is not kept to where it is further ahead than a setting of the system's clock and of PostgreSQL's,
where that is known: the later of the two clocks is believed. So a system's clock that is wrong now reorders nothing
either. The log and a metric say so.
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

from runtime import logs, metrics

log = logs.logger("ingest.clock")

#: Workers that may share a clock, those that are just going included.
SLOTS = 64
_SLOT = struct.Struct("<Q")
_ALL = struct.Struct(f"<{SLOTS}Q")
#: The first slots, which are all that most nodes use, and how the others look then.
_FIRST = struct.Struct("<8Q")
_UNUSED = bytes(_ALL.size - _FIRST.size)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: The last time that can be told, in microseconds: a damaged file may hold a later one.
_LAST = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)


class ReceiptClock:
    """Gives every receipt its time, later than or equal to all before it on this node, unless those were far ahead."""

    def __init__(
        self,
        file: Path,
        wall: Callable[[], int] = time.time_ns,
        *,
        ahead: float = 3600.0,
        postgres: Callable[[], int | None] = lambda: None,
    ) -> None:
        """`wall` gives nanoseconds since the epoch; `ahead`: seconds that an earlier receipt may be ahead of it.

        `postgres` gives PostgreSQL's microseconds since the epoch (None: not known); used where receipts are further
        ahead than that. Raises OSError where `file` can't be made or has no slot left.
        """
        self._wall = wall
        self._postgres = postgres
        self._ahead = round(ahead * 1_000_000)
        self._reported = 0  #: the receipt that was last reported as too far ahead
        self._lock = threading.Lock()
        file.parent.mkdir(parents=True, exist_ok=True)
        self._descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if os.fstat(self._descriptor).st_size < _ALL.size:
            os.ftruncate(self._descriptor, _ALL.size)
        self._slot = self._claim()
        self._receipts = mmap.mmap(self._descriptor, _ALL.size)

    def now(self) -> datetime:
        """The time of a receipt, UTC, in whole microseconds."""
        with self._lock:
            # Slots of which nobody ever made use are compared in one go: 1.2 us less of 2.7, measured.
            used = _FIRST if self._receipts[_FIRST.size :] == _UNUSED else _ALL
            wall = self._wall() // 1_000
            micros: int = max(wall, *used.unpack_from(self._receipts))
            if micros > wall + self._ahead:
                micros = self._believe(wall)
            _SLOT.pack_into(self._receipts, self._slot, micros)
        return _EPOCH + timedelta(microseconds=micros)

    def close(self) -> None:
        """Let go of the file and of the slot, whose last receipt stays."""
        self._receipts.close()
        os.close(self._descriptor)

    def _believe(self, wall: int) -> int:
        """The time of a receipt where earlier ones are too far ahead of `wall` (microseconds, as the result)."""
        receipts: tuple[int, ...] = _ALL.unpack_from(self._receipts)
        postgres = self._postgres()
        believed = wall if postgres is None else max(wall, postgres)
        self._report(max(receipts), wall, postgres)
        latest = believed + self._ahead
        if max(receipts) <= latest:
            return max(receipts)  # PostgreSQL says that the clock of now is wrong: stand still
        for number, receipt in enumerate(receipts):
            place = number * _SLOT.size
            if receipt <= latest or place == self._slot:
                continue
            # A worker that lives takes its own back with its next receipt; nobody else writes into its slot.
            if self._lock_slot(fcntl.F_WRLCK, place):
                _SLOT.pack_into(self._receipts, place, 0)
                self._lock_slot(fcntl.F_UNLCK, place)
        return max([believed, *(receipt for receipt in receipts if receipt <= latest)])

    def _report(self, furthest: int, wall: int, postgres: int | None) -> None:
        """Say once that the receipt `furthest` is too far ahead of `wall`."""
        if furthest == self._reported:
            return
        self._reported = furthest
        metrics.RECEIPTS_AHEAD.inc()
        log.error(
            "receipts_far_ahead_of_clock",
            receipt_at=_shown(furthest),
            clock_at=_shown(wall),
            postgres_at=None if postgres is None else _shown(postgres),
        )

    def _claim(self) -> int:
        """The place of a slot that is ours until the descriptor is closed, or we are gone.

        The lock belongs to the open file (flock would be the whole file's, and POSIX locks end with any descriptor
        of the process), Linux's open file description lock.
        """
        for number in range(SLOTS):
            place = number * _SLOT.size
            if self._lock_slot(fcntl.F_WRLCK, place):
                return place
        raise OSError(f"{SLOTS} workers share the receipt clock already: is a service running twice?")

    def _lock_slot(self, kind: int, place: int) -> bool:
        """Lock the slot at `place`, or unlock it; False: it is another worker's."""
        request = struct.pack("hhqqi", kind, os.SEEK_SET, place, _SLOT.size, 0)
        try:
            fcntl.fcntl(self._descriptor, fcntl.F_OFD_SETLK, request)
        except OSError:
            return False
        return True


def _shown(micros: int) -> str:
    return (_EPOCH + timedelta(microseconds=min(micros, _LAST))).isoformat()
