"""A row of the view `opt_out_certainty` under which the gate is sure: all has caught up, no spool holds anything."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from runtime.postgres import Connection

READ_AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
#: What opt-out reads there.
READ_TOPICS = ("sms.messages.v1", "redrive.opt-out")
#: Caught up half a second ago, and no node with anything in its spool.
SURE = (
    READ_AT, READ_AT - timedelta(seconds=0.5), list(READ_TOPICS), None, 0, None, None,
    READ_AT - timedelta(seconds=0.4), "a", None, None,
)  # fmt: skip


def make_certain(connection: Connection) -> None:
    """Have opt-out's word in PostgreSQL that it has caught up with all of READ_TOPICS, and a node's, of just now."""
    ids = [uuid4() for _ in READ_TOPICS]
    connection.execute(
        "INSERT INTO consumer_freshness VALUES ('hookline-opt-out', %s, now(), %s, %s, %s, %s, %s,"
        " array_fill(now(), ARRAY[%s]))",
        (uuid4(), list(READ_TOPICS), ids, [1] * len(ids), ids, [0] * len(ids), len(ids)),
    )
    note_node(connection)


def note_node(connection: Connection, node: str = "a") -> None:
    """Have a node's word that its spool is empty."""
    connection.execute(
        "INSERT INTO ingest_nodes (node, spooled, heard_at) VALUES (%s, 0, clock_timestamp())"
        " ON CONFLICT (node) DO UPDATE SET heard_at = EXCLUDED.heard_at",
        (node,),
    )
