"""What is done once after PostgreSQL was restored from a copy: calls are looked up first, states published again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from processors.opt_out import publication as opt_out_states
from processors.persist import publication as message_states
from runtime.postgres import Connection


@dataclass(frozen=True, slots=True)
class RestoredQueue:
    """Work that leaves the house and waits in a table. What the copy lacks of it may have been done."""

    table: str
    key: tuple[str, ...]  #: its primary key
    states: tuple[str, ...]  #: rows in these are worked off
    doubt: str | None  #: the column that has the target asked first; None: repeating the call changes nothing


#: Each is looked through as a whole: a row may wait for long and have been done after the copy was taken, so the time
#: of its event says nothing. New rows of events from before the restore are marked as they are made (trigger).
QUEUES = (
    RestoredQueue("crm_deliveries", ("event_id", "target"), ("pending",), "doubtful"),
    RestoredQueue("enforcements", ("id",), ("pending",), None),  # PUT opt_outs/PHONE
)

_NOTE = "INSERT INTO restores (since, noted_by) VALUES (%s, %s)"
_ACCEPT = """
UPDATE opt_out_published SET accepted_position = position, accepted_by = %s, accepted_at = now()
WHERE position > accepted_position RETURNING position
"""


@dataclass(frozen=True, slots=True)
class AfterRestore:
    """What was done."""

    unknown: Mapping[str, int]  #: by table: rows whose outcome was known before, and is not any more
    repeatable: Mapping[str, int]  #: by table: rows whose call is made again, which changes nothing
    states: int  #: phones whose opt-out state is published again
    messages: int  #: messages whose state is published again
    accepted_position: int | None  #: the published row up to which a loss is accepted; None: no loss is


def after_restore(connection: Connection, since: datetime, operator: str, *, accept_ledger: bool) -> AfterRestore:
    """Do it in the caller's transaction. Raises psycopg.Error."""
    unknown: dict[str, int] = {}
    repeatable: dict[str, int] = {}
    for queue in QUEUES:
        doubt = "" if queue.doubt is None else f" AND NOT {queue.doubt}"
        statement = f"SELECT count(*) FROM {queue.table} WHERE status = ANY (%s){doubt}"  # noqa: S608 - names of ours
        [(count,)] = connection.execute(statement, (list(queue.states),)).fetchall()
        (repeatable if queue.doubt is None else unknown)[queue.table] = count
    connection.execute(_NOTE, (since, operator))
    for queue in QUEUES:
        if queue.doubt is not None:
            connection.execute(
                f"UPDATE {queue.table} SET {queue.doubt} = true WHERE status = ANY (%s) AND NOT {queue.doubt}",  # noqa: S608
                (list(queue.states),),
            )
    opt_out_states.start_over(connection)
    message_states.start_over(connection)
    [(states, messages)] = connection.execute(
        "SELECT (SELECT count(*) FROM opt_outs), (SELECT count(*) FROM messages)"
    ).fetchall()
    accepted = connection.execute(_ACCEPT, (operator,)).fetchone() if accept_ledger else None
    return AfterRestore(unknown, repeatable, states, messages, None if accepted is None else accepted[0])
