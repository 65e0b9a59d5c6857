"""What is done once after PostgreSQL was restored from a copy: calls are looked up first, states published again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from processors.opt_out import publication as opt_out_states
from processors.persist import publication as message_states
from runtime.postgres import Connection

#: Tables of work that leaves the house and waits. What the copy lacks of it may have been done: each of these is looked
#: through as a whole by the triggers on `restores`, for a row may wait for long and have been done after the copy was
#: taken. New rows of events from before the restore are marked as they are made.
QUEUES = ("crm_deliveries", "enforcements")

_NOTE = "INSERT INTO restores (since, noted_by) VALUES (%s, %s)"
_ACCEPT = """
UPDATE opt_out_published SET accepted_position = position, accepted_by = %s, accepted_at = now()
WHERE position > accepted_position RETURNING position
"""


@dataclass(frozen=True, slots=True)
class AfterRestore:
    """What was done."""

    unknown: Mapping[str, int]  #: by table: rows whose outcome was known before, and is not any more
    states: int  #: phones whose opt-out state is published again
    messages: int  #: messages whose state is published again
    accepted_position: int | None  #: the published row up to which a loss is accepted; None: no loss is


def after_restore(connection: Connection, since: datetime, operator: str, *, accept_ledger: bool) -> AfterRestore:
    """Do it in the caller's transaction. Raises psycopg.Error."""
    unknown: dict[str, int] = {}
    for table in QUEUES:
        statement = f"SELECT count(*) FROM {table} WHERE status = 'pending' AND NOT doubtful"  # noqa: S608 - names of ours
        [(unknown[table],)] = connection.execute(statement).fetchall()
    connection.execute(_NOTE, (since, operator))
    opt_out_states.start_over(connection)
    message_states.start_over(connection)
    [(states, messages)] = connection.execute(
        "SELECT (SELECT count(*) FROM opt_outs), (SELECT count(*) FROM messages)"
    ).fetchall()
    accepted = connection.execute(_ACCEPT, (operator,)).fetchone() if accept_ledger else None
    return AfterRestore(unknown, states, messages, None if accepted is None else accepted[0])
