"""What the holder of the turn may do with the spool: all of it, while nobody else does anything."""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import NamedTuple

from ingest.durable.spool.database import transaction
from ingest.durable.spool.row import AT_PLACE, AT_SIZE, TOPIC_PLACE, SpooledRow, packed, topic_mark, unpacked
from ingest.durable.spool.state import SharedState
from runtime.kafka.producer import OutgoingRecord

#: What a try-out writes and takes back: more than a page, so that it needs room.
_TRY_OUT_BYTES = 16_384
_TRY_OUT_REASON = "try-out"
#: No row is behind it.
_LAST_PLACE = 2**63 - 1


class RefusedRow(NamedTuple):
    """A record that Kafka refused for good, kept for the operator."""

    row: SpooledRow
    reason: str


class Turn:
    """The spool, for as long as the turn lasts. Every method is one transaction; all may raise sqlite3.Error."""

    def __init__(self, connection: sqlite3.Connection, state: SharedState, now: Callable[[], int]) -> None:
        self._connection = connection
        self._state = state
        self._now = now

    def append(self, records: Sequence[OutgoingRecord], *, only_while_spooling: bool) -> bool:
        if only_while_spooling and not self._state.spooling:
            return False
        self._state.spooling = 1  # before the commit, and so before anybody is told of it
        at = self._now() // 1_000
        bodies = [packed(record, at) for record in records]
        with transaction(self._connection):
            self._connection.executemany("INSERT INTO records (body) VALUES (?)", [(body,) for body in bodies])
        self._state.failing = 0
        if self._state.records == 0:
            self._state.oldest = at
        self._state.records += len(bodies)
        self._state.bytes += sum(map(len, bodies))
        return True

    def bounds(self) -> tuple[int, int]:
        """The place in front of the queue's first row, and that of its last; twice the same: it is empty."""
        first, last = self._connection.execute("SELECT min(id) - 1, max(id) FROM records").fetchone()
        return (0, 0) if last is None else (int(first), int(last))

    def first(
        self,
        limit: int,
        *,
        after: int = 0,
        up_to: int = _LAST_PLACE,
        most_bytes: int = 2**63,
        without: Collection[str] = (),
    ) -> list[SpooledRow]:
        """At most `limit` rows behind the place `after`, none behind `up_to`, in order, none of the topics `without`.

        The bytes are exceeded by one row at most. Raises DamagedRow.
        """
        marks = [topic_mark(topic) for topic in sorted(without)]
        others = "".join(f" AND substr(body, {TOPIC_PLACE}, {len(mark)}) != ?" for mark in marks)
        sql = f"SELECT id, body FROM records WHERE id > ? AND id <= ?{others} ORDER BY id LIMIT ?"  # noqa: S608 - numbers
        found: list[SpooledRow] = []
        for number, body in self._connection.execute(sql, (after, up_to, *marks, limit)).fetchall():
            found.append(unpacked(number, body))
            most_bytes -= len(body)
            if most_bytes <= 0:
                break
        return found

    def remove(self, rows: Iterable[SpooledRow]) -> None:
        """Forget `rows`: Kafka has them."""
        rows = list(rows)
        with transaction(self._connection):
            self._delete(rows)
        self._without(rows)
        self._state.replayed += len(rows)

    def set_aside(self, rows: Iterable[tuple[SpooledRow, str]]) -> None:
        """Take rows out of the queue that Kafka refused for good, each with the reason."""
        rows = list(rows)
        with transaction(self._connection):
            self._delete([row for row, _ in rows])
            self._keep_refused([(row.record, reason) for row, reason in rows])
        self._state.refused += len(rows)  # first: whoever looks finds them on one side at least
        self._without([row for row, _ in rows])

    def keep_refused(self, record: OutgoingRecord, reason: str) -> None:
        """Keep a record that Kafka refused for good, and that was never in the queue."""
        with transaction(self._connection):
            self._keep_refused([(record, reason)])
        self._state.refused += 1

    def refused(self, limit: int) -> list[RefusedRow]:
        """The newest records that Kafka refused for good. Raises DamagedRow."""
        rows = self._connection.execute("SELECT id, body, reason FROM refused ORDER BY id DESC LIMIT ?", (limit,))
        return [RefusedRow(unpacked(number, body), reason) for number, body, reason in rows.fetchall()]

    def requeue_refused(self) -> int:
        """Put every refused record at the end of the queue again: Kafka may take it now. How many they are."""
        self._state.spooling = 1
        with transaction(self._connection):
            self._connection.execute("INSERT INTO records (body) SELECT body FROM refused ORDER BY id")
            count = self._connection.execute("DELETE FROM refused").rowcount
        self.recount()
        return count

    def is_empty(self) -> bool:
        """Whether nothing waits."""
        return self._connection.execute("SELECT 1 FROM records LIMIT 1").fetchone() is None

    def hand_back(self) -> bool:
        """Let new events go to Kafka again, if nothing waits here; whether they do."""
        if not self.is_empty():
            return False
        self._state.spooling = 0
        return True

    def shrink(self, above: int) -> None:
        """Give the disk back what an outage took, when nothing waits and the file has more than `above` bytes."""
        (pages,) = self._connection.execute("PRAGMA page_count").fetchone()
        (size,) = self._connection.execute("PRAGMA page_size").fetchone()
        if pages * size > above and self.is_empty():
            self._connection.execute("VACUUM")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def try_out(self) -> None:
        """Write something, take it back, and so learn whether there is room."""
        with transaction(self._connection):
            row = (b"\0" * _TRY_OUT_BYTES, _TRY_OUT_REASON)
            self._connection.execute("INSERT INTO refused (body, reason) VALUES (?, ?)", row)
        with transaction(self._connection):
            self._connection.execute("DELETE FROM refused WHERE reason = ?", (_TRY_OUT_REASON,))
        self._state.failing = 0

    def recount(self) -> None:
        """Have the shared state say what the database holds."""
        count, size = self._connection.execute("SELECT count(*), sum(length(body)) FROM records").fetchone()
        (refused,) = self._connection.execute("SELECT count(*) FROM refused").fetchone()
        self._state.records, self._state.bytes, self._state.refused = count, size or 0, refused
        self._state.oldest = self._oldest()

    def _delete(self, rows: Sequence[SpooledRow]) -> None:
        self._connection.executemany("DELETE FROM records WHERE id = ?", [(row.id,) for row in rows])

    def _keep_refused(self, refused: Sequence[tuple[OutgoingRecord, str]]) -> None:
        at = self._now() // 1_000
        rows = [(packed(record, at), reason) for record, reason in refused]
        self._connection.executemany("INSERT INTO refused (body, reason) VALUES (?, ?)", rows)

    def _without(self, rows: Sequence[SpooledRow]) -> None:
        self._state.records = max(0, self._state.records - len(rows))
        self._state.bytes = max(0, self._state.bytes - sum(row.size for row in rows))
        self._state.oldest = self._oldest()

    def _oldest(self) -> int:
        sql = "SELECT substr(body, ?, ?) FROM records ORDER BY id LIMIT 1"
        row = self._connection.execute(sql, (AT_PLACE, AT_SIZE)).fetchone()
        return 0 if row is None or len(row[0]) < AT_SIZE else int(struct.unpack("<Q", row[0])[0])
