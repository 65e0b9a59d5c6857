"""How far each backfill is, for people: a row that is written in the transactions in which it orders deliveries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from processors.crm_sync.backfill import Stretch
from runtime.postgres import Connection

#: A backfill that has told nothing for so long is taken for stopped; a batch takes a fraction of a second.
SILENT = timedelta(minutes=1)

_BEGIN = """
INSERT INTO crm_backfills (target, since, until, started_by, expected) VALUES (%s, %s, %s, %s, %s) RETURNING id
"""
_ADVANCE = """
UPDATE crm_backfills SET gone_through = gone_through + %s, ordered = ordered + %s, left_out = left_out + %s,
    changed_at = clock_timestamp()
WHERE id = %s
"""
_END = "UPDATE crm_backfills SET ended_at = clock_timestamp(), changed_at = clock_timestamp() WHERE id = %s"
_NEWEST = """
SELECT id, target, since, until, started_by, started_at, expected, gone_through, ordered, left_out, changed_at,
    ended_at, changed_at < clock_timestamp() - %s AS is_silent
FROM crm_backfills ORDER BY id DESC LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class BackfillProgress:
    """One run of `hookline crm backfill`."""

    id: int
    target: str
    since: datetime | None  #: events received from then on; None: all
    until: datetime | None  #: events received before; None: all
    started_by: str
    started_at: datetime
    expected: int  #: events and opt-out states that there were to go through
    gone_through: int
    ordered: int  #: deliveries
    left_out: int
    changed_at: datetime
    ended_at: datetime | None
    is_silent: bool

    @property
    def state(self) -> str:
        """done, running or stopped."""
        if self.ended_at is not None:
            return "done"
        return "stopped" if self.is_silent else "running"


def begin_progress(connection: Connection, stretch: Stretch, expected: int, by: str) -> int:
    """Write down that `stretch` is begun; its id."""
    values = (stretch.target, stretch.since, stretch.until, by, expected)
    [(backfill,)] = connection.execute(_BEGIN, values).fetchall()
    return int(backfill)


def advance(connection: Connection, backfill: int, *, gone_through: int, ordered: int, left_out: int) -> None:
    """Write down what this transaction has done."""
    connection.execute(_ADVANCE, (gone_through, ordered, left_out, backfill))


def end_progress(connection: Connection, backfill: int) -> None:
    """Write down that everything was gone through."""
    connection.execute(_END, (backfill,))


def newest_backfills(connection: Connection, limit: int) -> list[BackfillProgress]:
    """The newest first. Raises psycopg.Error."""
    return [BackfillProgress(*row) for row in connection.execute(_NEWEST, (SILENT, limit))]
