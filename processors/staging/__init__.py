"""A batch of events as rows of a temporary table, where statements fold it: what several processors begin with."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Literal

from processors.engine.sql import sql
from processors.staging.origin import Origin
from processors.staging.rows import COLUMNS, ORIGIN, rows
from runtime.postgres import Connection
from schemas.events import Event

_COPY = f"COPY staged_events ({', '.join(COLUMNS)}) FROM STDIN".encode()
_COPY_WITH_ORIGINS = f"COPY staged_events ({', '.join((*COLUMNS, *ORIGIN))}) FROM STDIN".encode()
#: Emptied when it is used again, and its file given back only when that has grown. Having PostgreSQL do so at each
#: commit (ON COMMIT DELETE ROWS) costs a cut of a file, which waits while the disk is being synced for others: seconds.
_EMPTY = b"""
DO $$ BEGIN
    IF pg_table_size('staged_events') > 524288 THEN TRUNCATE staged_events; ELSE DELETE FROM staged_events; END IF;
END $$
"""
#: What was erased is not read again (docs/erasure.md).
_LEAVE_OUT = "DELETE FROM staged_events AS s USING erased_events AS e WHERE s.event_id = e.event_id"


def stage(connection: Connection, events: Iterable[Event], origins: Collection[Origin] | None = None) -> None:
    """Put `events` into `staged_events`, instead of what an earlier batch or part of one left there.

    `origins`: where the record of each event stood, and since when; None: nobody asks for them.
    """
    with connection.cursor() as cursor:
        cursor.execute(sql(__package__, "stage"))
        cursor.execute(_EMPTY)
        if origins is None:
            with cursor.copy(_COPY) as copy:
                for row in rows(events):
                    copy.write_row(row)
        else:
            with cursor.copy(_COPY_WITH_ORIGINS) as copy:
                for row, origin in zip(rows(events), origins, strict=True):
                    copy.write_row(row + origin)
        cursor.execute(_LEAVE_OUT)


def fold_contacts(connection: Connection, table: Literal["contacts", "crm_contacts"]) -> None:
    """Fold what the staged events tell about contacts into `table`: each field by its newest event.

    In `contacts` every phone has a row; in `crm_contacts` those of which there is something to tell a CRM.
    """
    connection.execute(sql(__package__, "contacts", table=table), {"every_phone": table == "contacts"})
