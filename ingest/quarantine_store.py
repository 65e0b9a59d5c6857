"""Where refused webhooks are kept: a small SQLite file beside the spool, bounded in number, age and bytes."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from ingest.spool.database import is_damage
from ingest.spool.locks import FileLock
from runtime.logs import logger

log = logger("ingest.quarantine")

FILE = "quarantine.sqlite"
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS kept (id INTEGER PRIMARY KEY AUTOINCREMENT, received_at INTEGER NOT NULL, "
    "provider TEXT NOT NULL, kind TEXT, reason TEXT NOT NULL, headers TEXT NOT NULL, body BLOB NOT NULL, "
    "secret_digest BLOB, event_id TEXT NOT NULL, replayed_at INTEGER)",
    "CREATE TABLE IF NOT EXISTS salt (value BLOB NOT NULL)",
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: Seconds to wait for another process that writes.
_BUSY_TIMEOUT = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptWebhook:
    """A webhook that was answered 401, without the secret that it carried."""

    id: int = 0  #: its number, for the operator; 0: not stored yet
    received_at: datetime  #: when it came, UTC: what it keeps when it is replayed
    provider: str  #: its provider's name
    kind: str | None  #: the URL's last segment
    reason: str  #: why it was refused: the code that the answer carried
    headers: Mapping[str, str]  #: those that its provider needs to verify it or to name it
    body: bytes  #: as it came where it carried no secret, else as JSON without it
    secret_digest: bytes | None  #: of the secret that it carried in the body (`QuarantineStore.digest`)
    event_id: UUID  #: what its event would have had
    replayed_at: datetime | None = None  #: when it was brought back


class QuarantineStore:
    """The file. Every method may raise sqlite3.Error."""

    def __init__(self, directory: Path, *, most: int, days: float, now: Callable[[], float] = time.time) -> None:
        """Keeps the newest `most` webhooks, for so many `days`; `now` gives epoch seconds.

        Raises OSError, sqlite3.Error.
        """
        self._file = directory / FILE
        self._most = most
        self._days = days
        self._now = now
        with FileLock(directory / "quarantine.lock").held():  # workers start together
            try:
                self._connection = self._open()
            except sqlite3.DatabaseError as error:
                if not is_damage(error):
                    raise
                self._set_aside(error)  # it holds nothing that was answered 200: begin anew
                self._connection = self._open()
            self._salt = self._read_salt()

    def digest(self, secret: str) -> bytes:
        """What is kept instead of a secret: enough to tell whether it is a given one, and no more."""
        return hmac.digest(self._salt, secret.encode("utf-8", "surrogatepass"), hashlib.sha256)

    def add(self, webhooks: Iterable[KeptWebhook]) -> None:
        """Keep `webhooks`, and let go of the oldest and of those that have had their time."""
        rows = [
            (
                _micros(one.received_at), one.provider, one.kind, one.reason, json.dumps(dict(one.headers)), one.body,
                one.secret_digest, str(one.event_id),
            )
            for one in webhooks
        ]  # fmt: skip
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            self._connection.executemany(
                "INSERT INTO kept (received_at, provider, kind, reason, headers, body, secret_digest, event_id) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                rows,
            )
            oldest = int((self._now() - timedelta(days=self._days).total_seconds()) * 1e6)
            self._connection.execute("DELETE FROM kept WHERE received_at < ?", (oldest,))
            self._connection.execute(
                "DELETE FROM kept WHERE id <= (SELECT id FROM kept ORDER BY id DESC LIMIT 1 OFFSET ?)", (self._most,)
            )
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def kept(self, *, replayed: bool = False) -> list[KeptWebhook]:
        """What waits, oldest first; with `replayed`, what was brought back already, too."""
        condition = "" if replayed else " WHERE replayed_at IS NULL"
        return [_webhook(row) for row in self._connection.execute(f"{_SELECT}{condition} ORDER BY id").fetchall()]

    def one(self, number: int) -> KeptWebhook | None:
        """The webhook with the number `number`."""
        row = self._connection.execute(f"{_SELECT} WHERE id = ?", (number,)).fetchone()
        return None if row is None else _webhook(row)

    def mark_replayed(self, number: int) -> None:
        """It has been made durable."""
        self._connection.execute("UPDATE kept SET replayed_at = ? WHERE id = ?", (int(self._now() * 1e6), number))

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def _set_aside(self, error: sqlite3.Error) -> None:
        aside = self._file.with_name(f"damaged-{int(self._now())}-{FILE}")
        self._file.rename(aside)
        for suffix in ("-wal", "-shm"):
            self._file.with_name(FILE + suffix).unlink(missing_ok=True)
        log.error("quarantine_damaged", error=str(error), set_aside=aside.name)

    def _open(self) -> sqlite3.Connection:
        os.close(os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        connection = sqlite3.connect(self._file, isolation_level=None, check_same_thread=False, timeout=_BUSY_TIMEOUT)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            for statement in _SCHEMA:
                connection.execute(statement)
        except sqlite3.DatabaseError:
            connection.close()
            raise
        return connection

    def _read_salt(self) -> bytes:
        self._connection.execute(
            "INSERT INTO salt SELECT ? WHERE NOT EXISTS (SELECT 1 FROM salt)", (secrets.token_bytes(32),)
        )
        (salt,) = self._connection.execute("SELECT value FROM salt").fetchone()
        return bytes(salt)


def count_waiting(directory: Path) -> int:
    """How many webhooks wait in the quarantine of `directory`. Raises sqlite3.Error."""
    file = directory / FILE
    if not file.exists():
        return 0
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=_BUSY_TIMEOUT)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM kept WHERE replayed_at IS NULL").fetchone()
    return int(count)


_SELECT = (
    "SELECT id, received_at, provider, kind, reason, headers, body, secret_digest, event_id, replayed_at FROM kept"
)


def _webhook(row: tuple[int, int, str, str | None, str, str, bytes, bytes | None, str, int | None]) -> KeptWebhook:
    number, received_at, provider, kind, reason, headers, body, digest, event_id, replayed_at = row
    return KeptWebhook(
        id=number,
        received_at=_EPOCH + timedelta(microseconds=received_at),
        provider=provider,
        kind=kind,
        reason=reason,
        headers=json.loads(headers),
        body=bytes(body),
        secret_digest=digest,
        event_id=UUID(event_id),
        replayed_at=None if replayed_at is None else _EPOCH + timedelta(microseconds=replayed_at),
    )


def _micros(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)
