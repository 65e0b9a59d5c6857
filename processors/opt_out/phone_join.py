"""Takes rows that are hashed with the phone itself into the chain a second time, by their phones' digests.

Nothing of such a row is changed: its own hash stays, and heads of it stay right. Its digest is written beside it, in
`opt_out_joined_phones`, and a chain of links is made over all of these rows, each over everything that a row says but
its phone (`Entry.joined`). One new row of the ledger, with the action `migration`, holds the last link. From then on
each of them is proven without its phone, so the phone can be erased.

Normally that happens once, after an upgrade. Rows that a process without the key writes later are joined as well.
"""

from __future__ import annotations

from collections.abc import Sequence

from processors.engine.database import Database
from processors.opt_out.entry import COLUMNS, GENESIS, Entry, EntryDraft, entry
from processors.opt_out.ledger import Ledger, lock
from processors.opt_out.phone_digests import PhoneDigest, PhonePeppers
from runtime import logs
from runtime.postgres import Connection

log = logs.logger("processors.opt_out.join")

#: Rows of one transaction: some 30 ms, in which nobody waits for it but for the last.
ROWS = 1000
#: Seconds between two looks.
INTERVAL = 10.0

NEWEST = "SELECT max(position) FROM opt_out_ledger WHERE action = 'migration' AND position < %s"
_ROWS = f"""
SELECT {", ".join(f"l.{column}" for column in COLUMNS)}, j.phone_pepper, j.phone_digest
FROM opt_out_ledger AS l LEFT JOIN opt_out_joined_phones AS j USING (position)
WHERE l.position > %s AND l.chain_version = 1 ORDER BY l.position LIMIT %s
"""  # noqa: S608 - our columns
_JOIN = "INSERT INTO opt_out_joined_phones (position, phone_pepper, phone_digest) VALUES (%s, %s, %s)"
_END = 2**63 - 1


class PhoneJoin:
    """One process's. Whoever finishes first writes the row; the others begin again behind it."""

    def __init__(self, ledger: Ledger, peppers: PhonePeppers) -> None:
        self._ledger = ledger
        self._peppers = peppers
        self._migration = -1  #: the newest migration that the links begin behind; -1: it has not been looked for
        self._first, self._last, self._link = 0, 0, GENESIS

    def __call__(self, database: Database) -> float:
        """Join some rows; seconds until the next time."""
        with database.transaction() as connection:
            self._begin(connection)
            rows = self._rows(connection)
            if len(rows) == ROWS:
                self._join(connection, rows)
                return 0.0
            if not rows and not self._first:
                return INTERVAL
            # The last of them, with the ledger standing still: no row comes between them and the one that joins them.
            lock(connection)
            if self._begin(connection):
                return 0.0
            rows = self._rows(connection)
            self._join(connection, rows)
            if len(rows) < ROWS:
                self._finish(connection)
        return INTERVAL

    def _begin(self, connection: Connection) -> bool:
        """Begin behind the newest migration, unless it is the one that is known already; whether it was not."""
        [(newest,)] = connection.execute(NEWEST, (_END,)).fetchall()
        if (newest or 0) == self._migration:
            return False
        self._migration = self._last = newest or 0
        self._first, self._link = 0, GENESIS
        return True

    def _rows(self, connection: Connection) -> list[tuple[Entry, PhoneDigest | None]]:
        return [
            (entry(tuple(columns)), None if digest is None else PhoneDigest(pepper, digest))
            for *columns, pepper, digest in connection.execute(_ROWS, (self._last, ROWS))
        ]

    def _join(self, connection: Connection, rows: Sequence[tuple[Entry, PhoneDigest | None]]) -> None:
        new = []
        for row, known in rows:
            digest = known or self._peppers.digest(row.phone)
            if known is None:
                new.append((row.position, digest.pepper, digest.digest))
            self._link = row.joined(self._link, digest)
            self._first, self._last = self._first or row.position, row.position
        with connection.cursor() as cursor:
            cursor.executemany(_JOIN, new)
        # Whoever wrote them had no key, and could not see that their numbers had been erased.
        returned = self._ledger.link_returned(connection, {row.phone for row, known in rows if known is None})
        if returned:
            lock(connection)
            self._ledger.follow(connection, returned)

    def _finish(self, connection: Connection) -> None:
        reason = f"rows of version 1 from {self._first} to {self._last} by their phones' digests"
        draft = EntryDraft(phone="", action="migration", actor="migration", reason=reason, event_hash=self._link)
        [row] = self._ledger.append(connection, [draft])
        log.info("ledger_rows_joined", first=self._first, last=self._last, by=row.position)
