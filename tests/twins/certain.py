"""A gate that may rely on the ledger, for tests that are about something else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from runtime.postgres import Connection

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
#: What opt-out reads, as far as these tests go.
TOPICS = ("sms.messages.v1", "redrive.opt-out")
#: A row of opt_out_certainty: caught up half a second ago, and no node with anything in its spool.
SURE = (NOW, NOW - timedelta(seconds=0.5), list(TOPICS), None, 0, None, None, NOW - timedelta(seconds=0.4), "a")
#: Seconds that it stays so, for a whole test.
FRESH = 3600.0


def beside(rows: list[tuple[Any, ...]], certainty: tuple[Any, ...] = SURE, columns: int = 5) -> list[tuple[Any, ...]]:
    """`rows` of states of so many columns as the gate's statement gives them."""
    return [(*certainty, *row) for row in rows or [(None,) * columns]]


def make_certain(connection: Connection) -> None:
    """Have opt-out's word in PostgreSQL that it has caught up with all of TOPICS just now."""
    ids = [uuid4() for _ in TOPICS]
    numbers = [0] * len(TOPICS)
    connection.execute(
        "INSERT INTO consumer_freshness VALUES ('hookline-opt-out', %s, now(), %s, %s, %s, %s, %s,"
        " array_fill(now(), ARRAY[%s]))",
        (uuid4(), list(TOPICS), ids, [1] * len(TOPICS), ids, numbers, len(TOPICS)),
    )
