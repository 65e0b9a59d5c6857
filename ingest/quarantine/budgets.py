"""Who goes first when the quarantine is full, so that a flood of one kind makes room for itself alone.

Each stored webhook belongs to a sender: the digest of the secret that it carried or, where it carried none, of what
else its sender's have in common. Senders with about as many webhooks (1, 2 to 3, 4 to 7, ...) form a pool, and the
pool that takes most room gives some back: of its largest senders, by orders of magnitude, the one heard least lately.
Pools of senders heard once or seldom count for more. So junk with a new
secret each time is one pool, junk with one secret another, and both grow no further when the file is full, while a
provider's webhooks, which share a secret, stay. What is known to be authentic goes last, what was replayed first.
"""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import NamedTuple

SCHEMA = (
    # `newest`: when its newest came, epoch microseconds; `magnitude`: the bits of the number of its bytes
    "CREATE TABLE IF NOT EXISTS senders (sender BLOB PRIMARY KEY, pool INTEGER NOT NULL, items INTEGER NOT NULL, "
    "bytes INTEGER NOT NULL, newest INTEGER NOT NULL, magnitude INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS senders_by_pool ON senders (pool, magnitude DESC, newest)",
    "CREATE TABLE IF NOT EXISTS pools (pool INTEGER PRIMARY KEY, items INTEGER NOT NULL, bytes INTEGER NOT NULL)",
    "CREATE INDEX IF NOT EXISTS kept_by_sender ON kept (sender, id)",
    "CREATE INDEX IF NOT EXISTS kept_replayed ON kept (id) WHERE replayed_at IS NOT NULL",
)
#: The pool of what was replayed, and of what is authentic; the others are numbered from 1.
REPLAYED, AUTHENTIC = 0, 1_000
#: Bytes of a row beside its body, headers and target, about, indexes included.
OVERHEAD = 256
SIZE = f"length(body) + length(headers) + length(target) + {OVERHEAD}"
#: Rows that are looked at in one step.
_STEP = 256


class StoredRow(NamedTuple):
    """What counts of a row of the quarantine."""

    id: int
    sender: bytes | None  #: None: it was replayed
    provider: str
    size: int  #: bytes


class SenderChange(NamedTuple):
    """What a sender gains or loses."""

    items: int
    bytes: int
    newest: int = 0  #: epoch microseconds
    authentic: bool = False


class SenderBudgets:
    """The accounts of a quarantine's senders. Every method belongs in a transaction, and may raise sqlite3.Error."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def apply(self, changes: Iterable[tuple[bytes, SenderChange]]) -> None:
        """Enter what senders gained and lost."""
        sums: dict[bytes, SenderChange] = {}
        for sender, change in changes:
            before = sums.get(sender, SenderChange(0, 0))
            sums[sender] = SenderChange(
                before.items + change.items,
                before.bytes + change.bytes,
                max(before.newest, change.newest),
                before.authentic or change.authentic,
            )
        pools: dict[int, list[int]] = defaultdict(lambda: [0, 0])
        for sender, change in sums.items():
            pool, items, size, newest = self._connection.execute(
                "SELECT pool, items, bytes, newest FROM senders WHERE sender = ?", (sender,)
            ).fetchone() or (0, 0, 0, 0)
            _shift(pools[pool], -items, -size)
            items, size = items + change.items, size + change.bytes
            if items <= 0:
                self._connection.execute("DELETE FROM senders WHERE sender = ?", (sender,))
                continue
            pool = AUTHENTIC if change.authentic or pool == AUTHENTIC else items.bit_length()
            _shift(pools[pool], items, size)
            self._connection.execute(
                "INSERT OR REPLACE INTO senders VALUES (?, ?, ?, ?, ?, ?)",
                (sender, pool, items, size, max(newest, change.newest), size.bit_length()),
            )
        for pool, (items, size) in pools.items():
            self._shift_pool(pool, items, size)

    def expire(self, before: int) -> Counter[str]:
        """Remove what was received `before` (epoch microseconds); how many of each provider had not been replayed."""
        lost: Counter[str] = Counter()
        while rows := self._rows("id IN (SELECT id FROM kept ORDER BY id LIMIT ?) AND received_at < ?", _STEP, before):
            lost += self._remove(rows)
        return lost

    def evict(self, size: int) -> Counter[str] | None:
        """Remove `size` bytes, or a step towards it; how many of each provider had not been replayed.

        A step ends where another sender could be the one to give: it may be much smaller than what gave so far.
        None: nothing is left.
        """
        pool = self._next_pool()
        if pool is None:
            return None
        if pool == REPLAYED:
            found = _first(self._rows(f"replayed_at IS NOT NULL ORDER BY id LIMIT {_STEP}"), size)
            return self._remove(found) if found else None
        found = []
        senders = self._connection.execute(
            "SELECT sender FROM senders WHERE pool = ?1 AND magnitude = (SELECT max(magnitude) FROM senders WHERE "
            "pool = ?1) ORDER BY newest LIMIT ?2",
            (pool, _STEP),
        ).fetchall()
        for (sender,) in senders:
            rows = _first(self._rows(f"sender = ? ORDER BY id LIMIT {_STEP}", sender), size)
            found += rows
            size -= sum(row.size for row in rows)
            if size <= 0 or len(rows) == _STEP:  # it may have more, and these go before the next one's
                break
        return self._remove(found) if found else None

    def mark_replayed(self, numbers: Iterable[int], at: int) -> None:
        """Have those with `numbers` belong to no sender any more: they are elsewhere now. `at`: epoch microseconds."""
        for number in numbers:
            rows = self._rows("id = ? AND replayed_at IS NULL", number)
            self._connection.execute("UPDATE kept SET replayed_at = ?, sender = NULL WHERE id = ?", (at, number))
            self._discharge(rows)
            self._shift_pool(REPLAYED, len(rows), sum(row.size for row in rows))

    def remove(self, numbers: Iterable[int]) -> None:
        """Remove those with `numbers`."""
        for number in numbers:
            self._remove(self._rows("id = ?", number))

    def _next_pool(self) -> int | None:
        pools = self._connection.execute("SELECT pool, bytes FROM pools WHERE items > 0").fetchall()
        if not pools:
            return None
        # A sender heard n times belongs to pool 1 + log2(n).
        weights = {pool: size / pool**2 for pool, size in pools if pool not in (REPLAYED, AUTHENTIC)}
        if any(pool == REPLAYED for pool, _ in pools):
            return REPLAYED
        return max(weights, key=weights.__getitem__) if weights else AUTHENTIC

    def _rows(self, condition: str, *values: object) -> list[StoredRow]:
        sql = f"SELECT id, sender, provider, {SIZE} FROM kept WHERE {condition}"  # noqa: S608 - our own constants
        return [StoredRow(*row) for row in self._connection.execute(sql, values)]

    def _remove(self, rows: list[StoredRow]) -> Counter[str]:
        """Remove `rows`; how many of each provider had not been replayed."""
        self._connection.executemany("DELETE FROM kept WHERE id = ?", [(row.id,) for row in rows])
        self._discharge(rows)
        replayed = [row for row in rows if row.sender is None]
        self._shift_pool(REPLAYED, -len(replayed), -sum(row.size for row in replayed))
        return Counter(row.provider for row in rows if row.sender is not None)

    def _discharge(self, rows: list[StoredRow]) -> None:
        self.apply((row.sender, SenderChange(-1, -row.size)) for row in rows if row.sender is not None)

    def _shift_pool(self, pool: int, items: int, size: int) -> None:
        if items or size:
            self._connection.execute(
                "INSERT INTO pools VALUES (?1, ?2, ?3) "
                "ON CONFLICT (pool) DO UPDATE SET items = items + ?2, bytes = bytes + ?3",
                (pool, items, size),
            )


def _first(rows: list[StoredRow], size: int) -> list[StoredRow]:
    """As many of `rows` as have `size` bytes together, at least one."""
    for count, row in enumerate(rows, start=1):
        size -= row.size
        if size <= 0:
            return rows[:count]
    return rows


def _shift(pool: list[int], items: int, size: int) -> None:
    pool[0] += items
    pool[1] += size
