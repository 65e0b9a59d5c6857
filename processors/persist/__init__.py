"""persist: every event into `events`, the current state into `messages` and `contacts`."""

from __future__ import annotations

from collections.abc import Sequence

from processors.persist import failures
from processors.persist.rows import COLUMNS, rows
from processors.persist.statements import statement
from processors.processor import Delivery, Processor
from processors.settings import ProcessorSettings
from runtime.postgres import Connection
from schemas.topics import EVENT_TOPICS

_STAGE = statement("stage")
_COPY = f"COPY staged_events ({', '.join(COLUMNS)}) FROM STDIN".encode()
_EMPTY = b"DELETE FROM staged_events"
_EVENTS = statement("events")
_FORGET_KNOWN = statement("forget_known")
_FAILURES = statement("failures")
_MESSAGES = statement("messages")
_CONTACTS = statement("contacts")


class PersistSettings(ProcessorSettings, name="persist"):
    """The processor that keeps PostgreSQL in step."""


class Persist(Processor):
    """Stages a batch with COPY and folds it with one statement a table.

    Every fold gives the same result for any order of arrival, and none takes an event twice. Rows are written in
    order of their key, table after table, so that several processes wait for each other but never in a circle.
    """

    name = "persist"
    topics = EVENT_TOPICS
    settings_type = PersistSettings

    def handle(self, batch: Sequence[Delivery], connection: Connection) -> None:
        """See Processor.handle."""
        with connection.cursor() as cursor:
            cursor.execute(_STAGE)
            cursor.execute(_EMPTY)  # of an earlier part of the same transaction
            with cursor.copy(_COPY) as copy:
                for row in rows(batch):
                    copy.write_row(row)
            [(stored,)] = cursor.execute(_EVENTS).fetchall()
            if stored < len(batch):
                cursor.execute(_FORGET_KNOWN)
            cursor.execute(_FAILURES)
            touched = failures.touched(connection)
            cursor.execute(_MESSAGES)
            if touched:
                failures.rejoin(connection, touched)
            cursor.execute(_CONTACTS)
