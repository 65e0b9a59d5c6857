"""Who revealed and who changed what: written before anything is shown, and in the transaction of a change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from runtime.postgres import Connection

RecordKind = Literal["change", "login"]
#: Rows on one page.
PAGE = 50

_INSERT = "INSERT INTO console_records (username, kind, action, subject, reason) VALUES (%s, %s, %s, %s, %s)"
# Reveals by commands are here too.
_SELECT = """
SELECT * FROM (
    (SELECT recorded_at AS at, username, kind, action, subject, reason FROM console_records
    WHERE (%(before)s::timestamptz IS NULL OR recorded_at < %(before)s) AND %(kind)s::text IS DISTINCT FROM 'reveal'
        AND (%(kind)s::text IS NULL OR kind = %(kind)s)
    ORDER BY recorded_at DESC LIMIT %(limit)s)
    UNION ALL
    (SELECT revealed_at, revealed_by, 'reveal', 'reveal', surface, coalesce(reason, '') FROM data_reveals
    WHERE (%(before)s::timestamptz IS NULL OR revealed_at < %(before)s)
        AND (%(kind)s::text IS NULL OR %(kind)s = 'reveal')
    ORDER BY revealed_at DESC LIMIT %(limit)s)
) AS records ORDER BY at DESC LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class AccountabilityRecord:
    """Who did what, when and why."""

    at: datetime
    username: str
    kind: str  #: reveal, change or login
    action: str
    subject: str  #: where data was revealed, or what was changed
    reason: str


def write_record(
    connection: Connection, username: str, kind: RecordKind, action: str, subject: str, reason: str
) -> None:
    """Add a row, in the caller's transaction. Raises psycopg.Error."""
    connection.execute(_INSERT, (username, kind, action, subject, reason))


def newest_records(connection: Connection, *, before: datetime | None, kind: str | None) -> list[AccountabilityRecord]:
    """The newest rows, or those before a time; one more than a page where there are more."""
    values = {"before": before, "kind": kind, "limit": PAGE + 1}
    return [AccountabilityRecord(*row) for row in connection.execute(_SELECT, values)]
