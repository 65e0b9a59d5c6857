"""A number for every record, so that an audit can name what is missing between a 200 and Kafka's log.

Each worker counts for itself, from its start to its end (an epoch), so nobody waits for anybody. Its records carry

    hl-node    the node, as it is kept in the spool's directory
    hl-epoch   the worker: when it started, and its process id
    hl-seq     1, 2, 3 ... within the epoch

and a mapped file of 16 bytes, `records/<epoch>` in the spool's directory, holds how many numbers were given and how
many of them became durable, which is what a 200 says. The file outlives the process, however that ends. A number that
did not become durable (the answer was 503) is named in the log. docs/status.md tells what may be concluded.
"""

from __future__ import annotations

import mmap
import os
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from ingest.node.minute_counts import MinuteCounts
from ingest.node.name import node_name
from runtime import logs
from runtime.kafka.producer import OutgoingRecord
from schemas.cloudevents import Headers

log = logs.logger("ingest.durable.record_numbers")

DIRECTORY = "records"
#: Files that are kept, the newest: more than the starts of a node within the retention of its topics.
FILES_LIMIT = 1_000
_COUNTS = struct.Struct("<QQ")


class EpochCounts(NamedTuple):
    """What one worker gave, as its file has it."""

    epoch: str
    given: int  #: the last number that was given
    durable: int  #: how many of them became durable


class RecordNumbers:
    """The numbers of one worker. Any thread may ask."""

    def __init__(self, node: str, epoch: str, counts: mmap.mmap, minutes: MinuteCounts | None = None) -> None:
        """`counts` holds both counts and is this object's from now on. `minutes`: None: nobody counts by minute."""
        self.epoch = epoch
        self._minutes = minutes or MinuteCounts(None, epoch)
        self._node = ("hl-node", node.encode())
        self._epoch = ("hl-epoch", epoch.encode())
        self._counts = counts
        self._given, self._durable = 0, 0
        self._lock = threading.Lock()

    @classmethod
    def on_disk(cls, directory: Path, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> RecordNumbers:
        """Numbers whose counts are kept in `directory`, the spool's. Where the disk takes no file, they are not kept:
        that keeps no webhook out.
        """
        epoch = f"{now():%Y%m%dT%H%M%S.%fZ}-{os.getpid()}"
        try:
            node = node_name(directory)
        except OSError as error:
            log.warning("node_name_not_kept", error=str(error))
            node = socket.gethostname()
        try:
            counts = _file_counts(directory / DIRECTORY, epoch)
        except OSError as error:
            log.warning("record_numbers_not_kept", error=str(error), effect="an audit knows less")
            counts = mmap.mmap(-1, _COUNTS.size)
        return cls(node, epoch, counts, MinuteCounts(directory, epoch))

    @classmethod
    def unkept(cls) -> RecordNumbers:
        """Numbers whose counts end with the process."""
        return cls(socket.gethostname(), f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}-{os.getpid()}", mmap.mmap(-1, 16))

    def next_headers(self) -> Headers:
        """The headers of the next record, which is about to be made durable."""
        with self._lock:
            self._given = number = self._given + 1
            _COUNTS.pack_into(self._counts, 0, number, self._durable)
        return [self._node, self._epoch, ("hl-seq", b"%d" % number)]

    def count_durable(self) -> None:
        """A record with a number is durable; called before anybody answers 200."""
        with self._lock:
            self._durable += 1
            _COUNTS.pack_into(self._counts, 0, self._given, self._durable)

    def count_event(self, record: OutgoingRecord, received_at: datetime, *, spooled: bool) -> None:
        """As `count_durable`, by minute of receipt too: `record` has its number from `next_headers`."""
        minute, number = int(received_at.timestamp()) // 60, int(record.headers[-1][1])
        with self._lock:
            self._durable += 1
            _COUNTS.pack_into(self._counts, 0, self._given, self._durable)
            self._minutes.add(minute, record.topic, spooled, number)

    def save(self) -> None:
        """Have the disk hold the counts as they are: they outlive the machine then, not the process only."""
        self._counts.flush()
        self._minutes.save()


def epochs(spool_dir: Path, *, newest: int = FILES_LIMIT) -> Iterator[EpochCounts]:
    """What each worker of the node gave, oldest first, of the `newest` so many. Raises OSError."""
    if not (spool_dir / DIRECTORY).is_dir():
        return
    for file in sorted((spool_dir / DIRECTORY).iterdir())[-newest:]:
        content = file.read_bytes()
        if len(content) == _COUNTS.size:
            yield EpochCounts(file.name, *_COUNTS.unpack(content))


def _file_counts(directory: Path, epoch: str) -> mmap.mmap:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    for file in sorted(directory.iterdir())[: -(FILES_LIMIT - 1)]:
        file.unlink(missing_ok=True)
    descriptor = os.open(directory / epoch, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        # Real blocks, now: a hole in a file that the full disk cannot fill would kill the process (SIGBUS).
        os.posix_fallocate(descriptor, 0, _COUNTS.size)
        os.fsync(descriptor)
        return mmap.mmap(descriptor, _COUNTS.size)
    finally:
        os.close(descriptor)
