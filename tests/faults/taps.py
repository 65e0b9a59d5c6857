"""What a proxy understands of the protocols that pass it: enough to cut them where it hurts."""

from __future__ import annotations

import struct
from enum import StrEnum
from threading import Lock

from tests.faults.proxy import Cut, Plain

#: Kafka's protocol: the request's key of Produce.
PRODUCE = 0


class Shears:
    """Set by a row, used by the taps of all connections: how many more times to cut."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._left = 0
        self.cuts = 0  #: how many times it was done

    def arm(self, times: int = 1) -> None:
        """Cut the next `times` that come by."""
        with self._lock:
            self._left = times

    def take(self) -> bool:
        """Whether this one is to be cut."""
        with self._lock:
            if not self._left:
                return False
            self._left -= 1
            self.cuts += 1
            return True


class KafkaTap:
    """Cuts a connection in the middle of the answer to a Produce request: the broker has the records."""

    def __init__(self, shears: Shears) -> None:
        self._shears = shears
        self._asked, self._answered = b"", b""
        self._produces: set[int] = set()

    def asked(self, data: bytes) -> bytes:
        self._asked += data
        while len(self._asked) >= 12 and len(self._asked) >= 4 + (size := struct.unpack_from(">i", self._asked)[0]):
            key, _, correlation = struct.unpack_from(">hhi", self._asked, 4)
            if key == PRODUCE:
                self._produces.add(correlation)
            self._asked = self._asked[4 + size :]
        return data

    def answered(self, data: bytes) -> bytes:
        """Whole answers only, so that one can be cut in two."""
        self._answered += data
        passed = b""
        while len(self._answered) >= 8 and len(self._answered) >= 4 + (
            size := struct.unpack_from(">i", self._answered)[0]
        ):
            frame, self._answered = self._answered[: 4 + size], self._answered[4 + size :]
            (correlation,) = struct.unpack_from(">i", frame, 4)
            if correlation in self._produces:
                self._produces.discard(correlation)
                if self._shears.take():
                    raise Cut(passed + frame[: len(frame) // 2])
            passed += frame
        return passed


class Moment(StrEnum):
    """When a COMMIT is cut off."""

    BEFORE = "before PostgreSQL hears of it"
    AFTER = "after PostgreSQL has done it, before it says so"


class CommitTap(Plain):
    """Cuts a connection to PostgreSQL during COMMIT."""

    def __init__(self, before: Shears, after: Shears) -> None:
        self._before, self._after = before, after
        self._waits = False

    def asked(self, data: bytes) -> bytes:
        if b"COMMIT\0" in data:
            if self._before.take():
                raise Cut
            self._waits = self._after.take()
        return data

    def answered(self, data: bytes) -> bytes:
        if self._waits:  # the answer to COMMIT
            raise Cut
        return data
