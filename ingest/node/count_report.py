"""Brings a node's counts by minute to PostgreSQL; reporting one twice changes nothing. Its files stay the source."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from ingest.node.minute_counts import MinuteCount, count_files, read_counts
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
        self._reminder = Reminder(clock=monotonic)

    def __call__(self, connection: Connection) -> None:
        """Tell what is new, a few files at a time. Raises psycopg.Error where the connection is gone.

        What PostgreSQL refuses, such as a table that is not there yet, is tried again and keeps nothing else up.
        """
        if self._monotonic() < self._next:
            return
        self._next = self._monotonic() + EVERY
        try:
            for file in self._unsettled():
                self._report_file(connection, file)
        except OSError as error:
            self._warn(type(error).__name__)
        except psycopg.Error as error:
            if error.sqlstate is None or connection.closed:
                raise
            self._warn(type(error).__name__)
        else:
            self._reminder.reset()

    def _unsettled(self) -> list[Path]:
        """Files that may hold something new: those that are written to, and the newest of those not reported yet."""
        files = [file for file in reversed(count_files(self._spool_dir)) if file.name not in self._settled]
        written = [file for file in files if file.name in self._reported]
        return written + [file for file in files if file.name not in self._reported][:FILES_AT_ONCE]

    def _report_file(self, connection: Connection, file: Path) -> None:
        changed_at = file.stat().st_mtime
        counts: dict[tuple[object, ...], MinuteCount] = {count[:4]: count for count in read_counts(file)}
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

    def _warn(self, error_class: str) -> None:
        if self._reminder.due():
            log.warning("counts_not_reported", error_class=error_class, effect="an audit knows less until it works")


def _row(count: MinuteCount) -> tuple[object, ...]:
    minute = datetime.fromtimestamp(count.minute * 60, UTC)
    durability = "spool" if count.spooled else "kafka"
    return count.epoch, minute, count.topic, durability, count.events, count.first_seq, count.last_seq
