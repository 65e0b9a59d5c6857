"""Who revealed and who changed what: written before anything is shown, and in the transaction of a change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from runtime.postgres import Connection

RecordKind = Literal["reveal", "change", "login"]
#: Rows on one page.
PAGE = 50

_INSERT = "INSERT INTO console_records (username, kind, action, subject, reason) VALUES (%s, %s, %s, %s, %s)"
_SELECT = """
SELECT id, recorded_at, username, kind, action, subject, reason FROM console_records
WHERE (%(before)s::bigint IS NULL OR id < %(before)s) AND (%(kind)s::text IS NULL OR kind = %(kind)s)
ORDER BY id DESC LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class ConsoleRecord:
    """One row."""

    id: int
    recorded_at: datetime
    username: str
    kind: RecordKind
    action: str
    subject: str  #: a page's address, or what was changed
    reason: str


def write_record(
    connection: Connection, username: str, kind: RecordKind, action: str, subject: str, reason: str
) -> None:
    """Add a row, in the caller's transaction. Raises psycopg.Error."""
    connection.execute(_INSERT, (username, kind, action, subject, reason))


def newest_records(connection: Connection, *, before: int | None, kind: str | None) -> list[ConsoleRecord]:
    """The newest rows, or those before the id `before`; one more than a page where there are more."""
    values = {"before": before, "kind": kind, "limit": PAGE + 1}
    return [ConsoleRecord(*row) for row in connection.execute(_SELECT, values)]
