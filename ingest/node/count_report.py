"""Brings a node's counts by minute to PostgreSQL; reporting one twice changes nothing. Its files stay the source."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from ingest.node.minute_counts import DIRECTORY, MinuteCount, count_files, files_there, read_counts
from runtime.logs import logger
from runtime.postgres import Connection
from runtime.reminder import Reminder

log = logger("ingest.node.count_report")

#: Seconds between two reports.
EVERY = 5.0
#: Files that are read for the first time in one report: each has a thousand rows at most.
FILES_AT_ONCE = 4
#: Seconds without a change after which a file that has been reported is not read again. The kernel sets a mapped file's
#: time of change with the first write after it wrote the page to the disk, so it lags by half a minute at most.
_SETTLED = 300.0

#: A combination may stand in two files of one worker: each file has rows of its own.
_REPORT = """
INSERT INTO ingest_counts AS known (node, epoch, file, minute, topic, durability, events, first_seq, last_seq)
SELECT %s, reported.epoch, %s, reported.minute, reported.topic, reported.durability, reported.events,
    reported.first_seq, reported.last_seq
FROM unnest(%s::text[], %s::timestamptz[], %s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[])
    AS reported (epoch, minute, topic, durability, events, first_seq, last_seq)
ON CONFLICT (node, epoch, file, minute, topic, durability) DO UPDATE SET events = EXCLUDED.events,
    first_seq = LEAST(known.first_seq, EXCLUDED.first_seq), last_seq = GREATEST(known.last_seq, EXCLUDED.last_seq)
WHERE known.events < EXCLUDED.events
"""


class CountReport:
    """Used by the thread that reports the node."""

    def __init__(
        self,
        node: str,
        spool_dir: Path,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._node, self._spool_dir = node, spool_dir
        self._monotonic, self._wall = monotonic, wall
        self._next = float("-inf")
        self._reported: dict[str, dict[tuple[object, ...], MinuteCount]] = {}
        self._settled: set[str] = set()
        self._failing: set[str] = set()  #: files whose report has failed: all others come first
        self._named: set[str] = set()  #: files that were logged because something in them is not read
        self._reminder = Reminder(clock=monotonic)

    def __call__(self, connection: Connection) -> None:
        """Tell what is new, a few files at a time. Raises psycopg.Error where the connection is gone.

        What PostgreSQL refuses, such as a table that is not there yet, is tried again and keeps nothing else up; nor
        does a file that cannot be read.
        """
        if self._monotonic() < self._next:
            return
        self._next = self._monotonic() + EVERY
        failed: str | None = None
        for file in self._unsettled():
            try:
                self._report_file(connection, file)
            except psycopg.Error as error:
                if connection.closed or (error.sqlstate is None and isinstance(error, psycopg.OperationalError)):
                    raise
                failed = type(error).__name__
                self._failing.add(file.name)
            except (OSError, ValueError, OverflowError) as error:
                failed = type(error).__name__
                self._failing.add(file.name)
        if failed is None:
            self._reminder.reset()
        elif self._reminder.due():
            log.warning("counts_not_reported", error_class=failed, effect="an audit knows less until it works")

    def _unsettled(self) -> list[Path]:
        """Files that may hold something new: those that are written to, and the newest of those not reported yet."""
        try:
            known, there = count_files(self._spool_dir), files_there(self._spool_dir)
        except OSError as error:
            self._name_once(DIRECTORY, type(error).__name__)
            return []
        for name in sorted({file.name for file in there} - {file.name for file in known}):
            self._name_once(name, "no file of counts")
        files = [file for file in reversed(known) if file.name not in self._settled]
        written = [file for file in files if file.name in self._reported]
        new = [file for file in files if file.name not in self._reported]
        return written + sorted(new, key=lambda file: file.name in self._failing)[:FILES_AT_ONCE]

    def _report_file(self, connection: Connection, file: Path) -> None:
        changed_at = file.stat().st_mtime
        read = read_counts(file)
        counts: dict[tuple[object, ...], MinuteCount] = {count[:4]: count for count in read if count.is_sound}
        if len(counts) < len(read):
            self._name_once(file.name, f"{len(read) - len(counts)} damaged counts")
        before = self._reported.get(file.name, {})
        new = [count for key, count in counts.items() if before.get(key) != count]
        if new:
            columns = list(zip(*map(_row, new), strict=True))
            number = int(file.name.rpartition(".")[2])
            connection.execute(_REPORT, (self._node, number, *(list(column) for column in columns)))
        if self._wall() - changed_at > _SETTLED:
            self._settled.add(file.name)
            self._reported.pop(file.name, None)
        else:
            self._reported[file.name] = counts

    def _name_once(self, file: str, reason: str) -> None:
        """Log, once for as long as this process lives, that something in `file` is left out."""
        if file not in self._named:
            self._named.add(file)
            log.warning("counts_left_out", file=file, reason=reason, effect="an audit knows less")


def _row(count: MinuteCount) -> tuple[object, ...]:
    minute = datetime.fromtimestamp(count.minute * 60, UTC)
    durability = "spool" if count.spooled else "kafka"
    return count.epoch, minute, count.topic, durability, count.events, count.first_seq, count.last_seq
