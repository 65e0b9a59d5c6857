"""persist: every event into `events`, the current state into `messages` and `contacts`."""

from __future__ import annotations

from collections.abc import Sequence

from processors.persist import failures
from processors.processor import Delivery, Processor
from processors.settings import ProcessorSettings
from processors.sql import sql
from processors.staging import fold_contacts, stage
from runtime.postgres import Connection
from schemas.topics import EVENT_TOPICS

_EVENTS = sql(__package__, "events")
_FORGET_KNOWN = sql(__package__, "forget_known")
_FAILURES = sql(__package__, "failures")
_MESSAGES = sql(__package__, "messages")


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
        stage(connection, (one.event for one in batch), [one.record[:3] for one in batch])
        with connection.cursor() as cursor:
            # A batch that a crash of the database takes away takes its offsets with it, and Kafka has its records:
            # it is read again (docs/decisions/0011).
            cursor.execute("SET LOCAL synchronous_commit = off")
            [(stored,)] = cursor.execute(_EVENTS).fetchall()
            if stored < len(batch):
                cursor.execute(_FORGET_KNOWN)
            cursor.execute(_FAILURES)
            touched = failures.touched(connection)
            cursor.execute(_MESSAGES)
            if touched:
                failures.rejoin(connection, touched)
            fold_contacts(connection, "contacts")
