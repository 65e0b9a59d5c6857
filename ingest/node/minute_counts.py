"""What each worker answered 200, by minute of receipt, topic and durability: the first number of `hookline audit`.

Each worker writes to files of its own, `counts/<epoch>.<number>` in the spool's directory, mapped into memory: a count
outlives the process, however that ends. Each file has SLOTS slots of

    minute of receipt (minutes since the epoch, 8 bytes), topic (40 bytes), spooled (1 byte, 7 unused),
    events (8 bytes), lowest and highest hl-seq (8 bytes each), little-endian; events 0: the slot is free

and a full file is followed by the next. `count_report.py` brings them to PostgreSQL.
"""

from __future__ import annotations

import mmap
import os
import re
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from runtime import logs

log = logs.logger("ingest.node.minute_counts")

DIRECTORY = "counts"
#: Slots of a file: at least a hundred minutes of all topics, both durabilities, of one worker.
SLOTS = 1024
#: Files that are kept, the newest: 80 MB, some six weeks of four busy workers.
MOST_FILES = 1_000
_SLOT = struct.Struct("<Q40s?7xQQQ")
_NAME = struct.Struct("<Q40s?7x")
_NUMBERS = struct.Struct("<QQQ")
_SIZE = SLOTS * _SLOT.size
#: `<epoch>.<number>`; any other file there is somebody else's, such as an editor's copy.
_FILE_NAME = re.compile(r"[!-~]+\.[0-9]{6,9}")
#: Minutes since the epoch between which a node's clock may be: the years 2000 and 2100.
_EARLIEST, _LATEST = 15_778_080, 68_374_080
#: The greatest number of PostgreSQL's bigint, and more than any worker counts.
_MOST = 2**63 - 1
#: Combinations that are remembered: those of some minutes. One that is forgotten gets a second slot.
_REMEMBERED = 64


class MinuteCount(NamedTuple):
    """Events that one worker answered 200."""

    epoch: str  #: the worker: the header hl-epoch of its records
    minute: int  #: of receipt, minutes since the epoch
    topic: str
    spooled: bool  #: durable in the spool; False: on Kafka
    events: int
    first_seq: int  #: the lowest hl-seq among them
    last_seq: int  #: the highest

    @property
    def is_sound(self) -> bool:
        """Whether it can be what a worker wrote: a damaged disk has others."""
        is_counted = max(self.events, self.first_seq, self.last_seq) <= _MOST
        return is_counted and _EARLIEST <= self.minute < _LATEST and self.topic.isascii() and self.topic.isprintable()


class MinuteCounts:
    """The counts of one worker. Used under a lock of its owner's."""

    def __init__(self, directory: Path | None, epoch: str) -> None:
        """`directory`: the spool's; None: nobody keeps them. A disk that takes no file keeps no webhook out."""
        self._directory = None if directory is None else directory / DIRECTORY
        self._epoch = epoch
        self._file: mmap.mmap | None = None
        self._used, self._files = SLOTS, 0
        self._slots: dict[tuple[int, str, bool], tuple[mmap.mmap, int, list[int]]] = {}

    def add(self, minute: int, topic: str, spooled: bool, seq: int) -> None:
        """One event more; called before anybody answers 200."""
        key = minute, topic, spooled
        found = self._slots.get(key)
        if found is None:
            if self._directory is None:
                return
            found = self._slots[key] = self._free_slot(minute, topic, spooled, seq)
            if len(self._slots) > _REMEMBERED:
                del self._slots[min(self._slots)]
        file, place, count = found
        events, first, last = count
        count[:] = numbers = events + 1, min(first, seq), max(last, seq)
        _NUMBERS.pack_into(file, place, *numbers)

    def save(self) -> None:
        """Have the disk hold the counts as they are: they outlive the machine then, not the process only."""
        if self._file is not None:
            self._file.flush()

    def _free_slot(self, minute: int, topic: str, spooled: bool, seq: int) -> tuple[mmap.mmap, int, list[int]]:
        if self._file is None or self._used == SLOTS:
            self.save()
            self._file, self._used = self._next_file(), 0
        place = self._used * _SLOT.size
        self._used += 1
        _NAME.pack_into(self._file, place, minute, topic.encode(), spooled)
        return self._file, place + _NAME.size, [0, seq, seq]

    def _next_file(self) -> mmap.mmap:
        assert self._directory is not None
        self._files += 1
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            for file in count_files(self._directory.parent)[: -(MOST_FILES - 1)]:
                file.unlink(missing_ok=True)
            path = self._directory / f"{self._epoch}.{self._files:06}"
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            try:
                # Real blocks, now: a hole that a full disk cannot fill would kill the process (SIGBUS).
                os.posix_fallocate(descriptor, 0, _SIZE)
                return mmap.mmap(descriptor, _SIZE)
            finally:
                os.close(descriptor)
        except OSError as error:
            log.warning("minute_counts_not_kept", error=str(error), effect="an audit knows less")
            return mmap.mmap(-1, _SIZE)


def count_files(spool_dir: Path) -> list[Path]:
    """The files of the node's workers, oldest first. Raises OSError."""
    return [file for file in files_there(spool_dir) if _FILE_NAME.fullmatch(file.name)]


def files_there(spool_dir: Path) -> list[Path]:
    """What is in the directory, whoever put it there. Raises OSError."""
    directory = spool_dir / DIRECTORY
    return sorted(directory.iterdir()) if directory.is_dir() else []


def read_counts(file: Path) -> list[MinuteCount]:
    """What `file` holds, each combination once; not all may be sound. Raises OSError."""
    content = file.read_bytes()
    epoch = file.name.rpartition(".")[0]
    whole = len(content) - len(content) % _SLOT.size
    counts = [_count(epoch, fields) for fields in _SLOT.iter_unpack(content[:whole]) if fields[3]]
    return _summed(counts)


def _count(epoch: str, fields: tuple[int, bytes, bool, int, int, int]) -> MinuteCount:
    minute, topic, spooled, events, first, last = fields
    return MinuteCount(epoch, minute, topic.rstrip(b"\x00").decode("ascii", "replace"), spooled, events, first, last)


def _summed(counts: Iterable[MinuteCount]) -> list[MinuteCount]:
    found: dict[tuple[object, ...], MinuteCount] = {}
    for count in counts:
        key = count[:4]
        before = found.get(key, count._replace(events=0))
        first, last = min(before.first_seq, count.first_seq), max(before.last_seq, count.last_seq)
        found[key] = MinuteCount(*key, before.events + count.events, first, last)
    return list(found.values())
