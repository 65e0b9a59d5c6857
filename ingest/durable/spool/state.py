"""What all workers of a node must know at once: a small file that each of them maps.

`spooling` is the one that order rests on. It is set before the first 200 for a spooled event is given, and whoever
receives an event later sees it and queues behind; it is cleared only by who holds the turn (`store.py`), with the
spool empty. Reading it costs a memory access. Nothing here has to survive a power cut: the service writes it anew
from the database when it starts.
"""

from __future__ import annotations

import mmap
import os
import struct
from pathlib import Path

_SLOT = struct.Struct("<Q")


class _Slot:
    """A number in the file, written at once (8 aligned bytes)."""

    def __init__(self, number: int) -> None:
        self._place = number * _SLOT.size

    def __get__(self, state: SharedState, _owner: type) -> int:
        found: int = _SLOT.unpack_from(state.memory, self._place)[0]
        return found

    def __set__(self, state: SharedState, value: int) -> None:
        _SLOT.pack_into(state.memory, self._place, value)


class SharedState:
    """The numbers, by name."""

    spooling = _Slot(0)  #: 1: new events queue in the spool
    generation = _Slot(1)  #: which database file is in use
    records = _Slot(2)  #: records that wait
    bytes = _Slot(3)  #: their bytes
    refused = _Slot(4)  #: records that Kafka refused for good
    oldest = _Slot(5)  #: when the oldest waiting record was spooled, microseconds since the epoch; 0: none waits
    failing = _Slot(6)  #: 1: the last write to the spool failed
    breaker = _Slot(7)  #: 0 closed, 1 open, 2 half open: whether Kafka is tried
    leaving = _Slot(8)  #: 1: the service is about to stop and wants no new connections
    replayed = _Slot(9)  #: records drained since the service started
    damaged = _Slot(10)  #: damaged files set aside since the service started
    proven = _Slot(11)  #: 1: since the service started it is known whether Kafka answers
    reached_kafka = _Slot(12)  #: 1: since the service started Kafka has answered
    reported = _Slot(13)  #: 1: since the service started PostgreSQL has been told what the spool holds
    report_refused = _Slot(14)  #: 1: PostgreSQL is there, and refused the password at the last report

    _SIZE = 16 * _SLOT.size

    def __init__(self, file: Path) -> None:
        """Raises OSError where `file` can't be made."""
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if os.fstat(descriptor).st_size < self._SIZE:
                os.posix_fallocate(descriptor, 0, self._SIZE)
            self.memory = mmap.mmap(descriptor, self._SIZE)
        finally:
            os.close(descriptor)

    def clear(self) -> None:
        """Forget what a service before this one left."""
        self.memory[:] = bytes(self._SIZE)

    def close(self) -> None:
        """Let go of the file."""
        self.memory.close()
