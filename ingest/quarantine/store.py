"""Where refused webhooks are stored: a SQLite file beside the spool, bounded in bytes on the disk and in age.

One file a node, shared by its workers and by commands. They take turns by a file lock: SQLite's own waiting would
starve some of them.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import shutil
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from ingest.durable.spool.database import connect_to_look, is_damage, transaction
from ingest.durable.spool.locks import FileLock
from ingest.quarantine import budgets
from ingest.quarantine.budgets import SenderBudgets, SenderChange
from runtime.logs import logger

log = logger("ingest.quarantine")

FILE = "quarantine.sqlite"
LOCK = "quarantine.lock"
_COLUMNS = (
    "id, received_at, provider, kind, reason, headers, body, secret_digest, event_id, replayed_at, sender, identified, "
    "target"
)
_TABLES = (
    "CREATE TABLE IF NOT EXISTS kept (id INTEGER PRIMARY KEY AUTOINCREMENT, received_at INTEGER NOT NULL, "
    "provider TEXT NOT NULL, kind TEXT, reason TEXT NOT NULL, headers TEXT NOT NULL, body BLOB NOT NULL, "
    "secret_digest BLOB, event_id TEXT NOT NULL, replayed_at INTEGER)",
    "CREATE TABLE IF NOT EXISTS salt (value BLOB NOT NULL)",
)
#: What waits, by reason: counting it reads no webhook.
_BY_REASON = (
    "CREATE INDEX IF NOT EXISTS kept_by_reason ON kept (provider, reason, received_at) WHERE replayed_at IS NULL"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: Seconds to wait for somebody who opened the file with a tool of his own.
_BUSY_TIMEOUT = 5.0
#: Webhooks that are read at once: each has at most 256 KiB.
_PAGE = 100
#: Pages of the log that are written back at once, where the limit allows that many (1 MiB).
_CHECKPOINT_PAGES = 256
#: What is removed at once when room is needed: this part of the limit, so that it is not needed again at once.
_EVICTED_PART = 64
#: The part of the limit that is left to SQLite's log, and the most bytes of it.
_LOG_PART, _LOG_MOST = 8, 8 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantinedWebhook:
    """A webhook that was answered 400 or 401, without the secret that it carried."""

    id: int = 0  #: its number, for the operator; 0: not stored yet
    received_at: datetime  #: when it came, UTC: what it keeps when it is replayed
    provider: str  #: its provider's name
    kind: str | None  #: the URL's last segment
    reason: str  #: why it was refused: the code that the answer carried
    headers: Mapping[str, str]  #: those that are needed to verify it, to name it or to read its body
    body: bytes  #: as it came where it carried no secret, else as text without it
    secret_digest: bytes | None  #: of the secret that it carried in the body (`QuarantineStore.digest`)
    event_id: UUID  #: what its event would have had
    identified: bool = True  #: False: it could not be read, so `event_id` is only for want of a better one
    sender: bytes | None = None  #: whose budget it counts to; None: it was replayed
    replayed_at: datetime | None = None  #: when it was replayed
    target: str = ""  #: path and query of its URL, as they came


class Losses(NamedTuple):
    """Webhooks that were removed without having been replayed, counted by provider."""

    evicted: Counter[str]  #: to make room
    expired: Counter[str]  #: because of their age


class QuarantineStore:
    """The file. Every method may raise sqlite3.Error."""

    def __init__(
        self,
        directory: Path,
        *,
        limit: int,
        days: float,
        now: Callable[[], float] = time.time,
        free: Callable[[Path], int] = lambda directory: shutil.disk_usage(directory).free,
    ) -> None:
        """`limit`: the most bytes on the disk, and never more than half of what the disk has left.

        Webhooks are kept for so many `days`; `now` gives epoch seconds, `free` a disk's free bytes.
        Raises OSError, sqlite3.Error.
        """
        self._directory = directory
        self._file = directory / FILE
        self._limit = limit
        self._log = min(limit // _LOG_PART, _LOG_MOST)
        self._days = days
        self._now = now
        self._free = free
        self.found_damaged = False  #: its file could not be read, was set aside, and a new one begun
        self._turn = FileLock(directory / LOCK)
        with self._turn.held():  # workers start together
            try:
                self._connection = self._open()
            except sqlite3.DatabaseError as error:
                if not is_damage(error):
                    raise
                self._set_aside(error)  # it holds nothing that was answered 200: begin anew
                self._connection = self._open()
        self._budgets = SenderBudgets(self._connection)

    def digest(self, text: str) -> bytes:
        """What is stored instead of a secret: enough to tell whether it is a given one, and no more."""
        return hmac.digest(self._salt, text.encode("utf-8", "surrogatepass"), hashlib.sha256)

    def add(self, webhooks: Collection[QuarantinedWebhook], *, authentic: Collection[bytes] = ()) -> Losses:
        """Store `webhooks`, synced to the disk when this returns, and remove what has no room or had its time.

        `authentic`: the senders among theirs that are known to be the provider itself.
        """
        with self._change():
            self._connection.executemany(
                "INSERT INTO kept (received_at, provider, kind, reason, headers, body, secret_digest, event_id, "
                "sender, identified, target) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [_row(webhook) for webhook in webhooks],
            )
            self._budgets.apply(
                (sender, SenderChange(1, _size(webhook), _micros(webhook.received_at), sender in authentic))
                for webhook in webhooks
                if (sender := webhook.sender) is not None
            )
            oldest = int((self._now() - timedelta(days=self._days).total_seconds()) * 1e6)
            return Losses(evicted=self._evict(), expired=self._budgets.expire(oldest))

    def waiting(self, *, replayed: bool = False, after: int = 0) -> Iterator[QuarantinedWebhook]:
        """What waits with a number beyond `after`, oldest first; with `replayed`, what was replayed already, too.

        It is read in pages: what comes or goes meanwhile may be missed.
        """
        condition = "" if replayed else "AND replayed_at IS NULL"
        while True:
            page = self._connection.execute(
                f"SELECT {_COLUMNS} FROM kept WHERE id > ? {condition} ORDER BY id LIMIT {_PAGE}",  # noqa: S608 - our own constants
                (after,),
            ).fetchall()
            yield from map(_webhook, page)
            if len(page) < _PAGE:
                return
            after = page[-1][0]

    def by_number(self, number: int) -> QuarantinedWebhook | None:
        """The webhook with the number `number`."""
        row = self._connection.execute(
            f"SELECT {_COLUMNS} FROM kept WHERE id = ?",  # noqa: S608 - our own constants
            (number,),
        ).fetchone()
        return None if row is None else _webhook(row)

    def count(self, *, replayed: bool = False) -> int:
        """How many wait; with `replayed`, those that were replayed already, too."""
        return _counted(self._connection, replayed=replayed)

    def identify(self, event_ids: Mapping[int, UUID]) -> None:
        """Give those with these numbers the ids that their events have, now that they can be read."""
        with self._change():
            self._connection.executemany(
                "UPDATE kept SET event_id = ?, identified = 1 WHERE id = ?",
                [(str(event_id), number) for number, event_id in event_ids.items()],
            )

    def mark_replayed(self, *numbers: int) -> None:
        """Their events have been made durable."""
        with self._change():
            self._budgets.mark_replayed(numbers, int(self._now() * 1e6))

    def erase(self, is_about: Callable[[QuarantinedWebhook], bool], *, dry_run: bool = False) -> int:
        """Remove every webhook that `is_about` is true of, replayed ones included, and their bytes from the disk.

        How many there were.
        """
        numbers = [webhook.id for webhook in self.waiting(replayed=True) if is_about(webhook)]
        if numbers and not dry_run:
            self._connection.execute("PRAGMA secure_delete=ON")  # free pages are overwritten
            with self._change():
                self._budgets.remove(numbers)
            with self._turn.held():
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return len(numbers)

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()
        self._turn.close()

    @contextmanager
    def _change(self) -> Iterator[None]:
        with self._turn.held(), transaction(self._connection):
            yield

    def _evict(self) -> Counter[str]:
        lost: Counter[str] = Counter()
        allowed = self._allowed()
        while (size := self._used() - allowed) > 0:
            evicted = self._budgets.evict(max(size, allowed // _EVICTED_PART))
            if evicted is None:
                break
            lost += evicted
        return lost

    def _used(self) -> int:
        """Bytes of the pages in use; those that became free are used again before the file grows."""
        pages, unused = (self._pragma(name) for name in ("page_count", "freelist_count"))
        return (pages - unused) * self._pragma("page_size")

    def _allowed(self) -> int:
        total = self._pragma("page_count") * self._pragma("page_size") + self._free(self._directory)
        return min(self._limit - self._log, total // 2)

    def _pragma(self, name: str) -> int:
        return int(self._connection.execute(f"PRAGMA {name}").fetchone()[0])

    def _set_aside(self, error: sqlite3.Error) -> None:
        aside = self._file.with_name(f"damaged-{int(self._now())}-{FILE}")
        self._file.rename(aside)
        for suffix in ("-wal", "-shm"):
            self._file.with_name(FILE + suffix).unlink(missing_ok=True)
        self.found_damaged = True
        log.error("quarantine_damaged", error=str(error), set_aside=aside.name)

    def _open(self) -> sqlite3.Connection:
        os.close(os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        connection = sqlite3.connect(self._file, isolation_level=None, check_same_thread=False, timeout=_BUSY_TIMEOUT)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")  # an fsync of the log with each commit
            pages = max(16, min(_CHECKPOINT_PAGES, self._log // self._page_size(connection)))
            connection.execute(f"PRAGMA wal_autocheckpoint={pages}")
            connection.execute(f"PRAGMA journal_size_limit={self._log}")
            with transaction(connection):
                self._prepare(connection)
        except sqlite3.DatabaseError:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        """Make the tables, or bring those of an earlier version along."""
        for statement in _TABLES:
            connection.execute(statement)
        connection.execute(_BY_REASON)
        salt = secrets.token_bytes(32)
        connection.execute("INSERT INTO salt SELECT ? WHERE NOT EXISTS (SELECT 1 FROM salt)", (salt,))
        (salt,) = connection.execute("SELECT value FROM salt").fetchone()
        self._salt = bytes(salt)
        columns = {name for _, name, *_ in connection.execute("PRAGMA table_info(kept)")}
        if "target" not in columns:
            connection.execute("ALTER TABLE kept ADD COLUMN target TEXT NOT NULL DEFAULT ''")
        if "sender" in columns:
            return
        connection.execute("ALTER TABLE kept ADD COLUMN sender BLOB")
        connection.execute("ALTER TABLE kept ADD COLUMN identified INTEGER NOT NULL DEFAULT 1")
        for statement in budgets.SCHEMA:
            connection.execute(statement)
        connection.execute(
            "UPDATE kept SET sender = coalesce(secret_digest, ?) WHERE replayed_at IS NULL", (self.digest("earlier"),)
        )
        rows = connection.execute(f"SELECT sender, {budgets.SIZE}, received_at FROM kept WHERE sender IS NOT NULL")  # noqa: S608 - our own constants
        SenderBudgets(connection).apply(
            [(sender, SenderChange(1, size, received_at)) for sender, size, received_at in rows]
        )
        connection.execute(
            "INSERT INTO pools SELECT ?, count(*), "  # noqa: S608 - our own constants
            f"coalesce(sum({budgets.SIZE}), 0) FROM kept WHERE replayed_at IS NOT NULL",
            (budgets.REPLAYED,),
        )

    @staticmethod
    def _page_size(connection: sqlite3.Connection) -> int:
        return int(connection.execute("PRAGMA page_size").fetchone()[0])


class QuarantineSize(NamedTuple):
    """How much a quarantine holds."""

    webhooks: int  #: that wait
    bytes: int  #: of the files on the disk


def size_of(directory: Path) -> QuarantineSize:
    """How much the quarantine of `directory` holds. Raises OSError, sqlite3.Error."""
    file = directory / FILE
    if not file.exists():
        return QuarantineSize(0, 0)
    with closing(connect_to_look(file)) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if "pools" not in tables:  # its first worker, or one of this version, has not opened it yet
            return QuarantineSize(0, 0)
        count = _counted(connection, replayed=False)
    return QuarantineSize(count, sum(part.stat().st_size for part in directory.glob(f"{FILE}*")))


def count_waiting(directory: Path) -> int:
    """How many webhooks wait in the quarantine of `directory`. Raises OSError, sqlite3.Error."""
    return size_of(directory).webhooks


def _counted(connection: sqlite3.Connection, *, replayed: bool) -> int:
    least = budgets.REPLAYED if replayed else budgets.REPLAYED + 1
    (count,) = connection.execute("SELECT coalesce(sum(items), 0) FROM pools WHERE pool >= ?", (least,)).fetchone()
    return int(count)


def _row(webhook: QuarantinedWebhook) -> tuple[Any, ...]:
    return (
        _micros(webhook.received_at), webhook.provider, webhook.kind, webhook.reason, _headers(webhook), webhook.body,
        webhook.secret_digest, str(webhook.event_id), webhook.sender, int(webhook.identified), webhook.target,
    )  # fmt: skip


def _webhook(row: tuple[Any, ...]) -> QuarantinedWebhook:
    (
        number,
        received_at,
        provider,
        kind,
        reason,
        headers,
        body,
        digest,
        event_id,
        replayed_at,
        sender,
        identified,
        target,
    ) = row
    return QuarantinedWebhook(
        id=number,
        received_at=_EPOCH + timedelta(microseconds=received_at),
        provider=provider,
        kind=kind,
        reason=reason,
        headers=json.loads(headers),
        body=bytes(body),
        secret_digest=digest,
        event_id=UUID(event_id),
        identified=bool(identified),
        sender=sender,
        target=target,
        replayed_at=None if replayed_at is None else _EPOCH + timedelta(microseconds=replayed_at),
    )


def _headers(webhook: QuarantinedWebhook) -> str:
    return json.dumps(dict(webhook.headers))


def _size(webhook: QuarantinedWebhook) -> int:
    """As budgets.SIZE has it."""
    return len(webhook.body) + len(_headers(webhook)) + len(webhook.target) + budgets.OVERHEAD


def _micros(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)
