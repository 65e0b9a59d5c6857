"""PostgreSQL's clock as all processes of a node know it: the one that reports to PostgreSQL learns it for the others.

A small file holds how far PostgreSQL's clock is from the time since the machine's start, which nobody can set and
which goes on while the machine sleeps.
"""

from __future__ import annotations

import os
import struct
import time
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from runtime import logs
from runtime.reminder import Reminder

log = logs.logger("ingest.postgres_clock")

#: Its name in the spool's directory.
POSTGRES_CLOCK = "postgres-clock"
#: Seconds for which a reading counts.
KNOWN_FOR = 900
#: PostgreSQL's microseconds since the epoch less those since the machine's start; the latter when it was learned.
_READING = struct.Struct("<qq")
_CHECKSUM = struct.Struct("<I")
_SIZE = _READING.size + _CHECKSUM.size
#: Looks at a file that may be written at the same moment.
_LOOKS = 3
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _since_boot() -> int:
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


class PostgresClock:
    """Best effort: where the file cannot be read or written, PostgreSQL's clock is not known."""

    def __init__(self, file: Path, service: str, since_boot: Callable[[], int] = _since_boot) -> None:
        """`service`: the service, from its start to its end. `since_boot` gives nanoseconds since the machine's start.

        What an earlier service has learned does not count: it may have run before the machine was started anew.
        """
        self._file = file
        self._service = service.encode()
        self._since_boot = since_boot
        self._reminder = Reminder()

    def learn(self, reading: datetime) -> None:
        """`reading` has just come: what `clock_timestamp()` was when PostgreSQL answered."""
        learned = self._since_boot() // 1_000
        values = _READING.pack((reading - _EPOCH) // timedelta(microseconds=1) - learned, learned)
        try:
            descriptor = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.pwrite(descriptor, values + self._checksum(values), 0)
            finally:
                os.close(descriptor)
        except OSError as error:
            if self._reminder.due():
                log.warning("postgres_clock_not_kept", reason=error.strerror, effect="it is not known")
        else:
            self._reminder.reset()

    def now(self) -> int | None:
        """PostgreSQL's time, or somewhat less, in microseconds since the epoch; None: it was not learned lately."""
        for _ in range(_LOOKS):
            try:
                content = self._file.read_bytes()[:_SIZE]
            except OSError:
                return None
            values = content[: _READING.size]
            if content[_READING.size :] == self._checksum(values):
                offset, learned = _READING.unpack(values)
                now = self._since_boot() // 1_000
                return int(offset + now) if 0 <= now - learned <= KNOWN_FOR * 1_000_000 else None
        return None

    def _checksum(self, values: bytes) -> bytes:
        """Of a reading that is whole and of this service."""
        return _CHECKSUM.pack(zlib.crc32(self._service + values))
