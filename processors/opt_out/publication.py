"""`sms.opt-out-state.v1`: what the ledger says about each phone, published from a cursor over the ledger.

The cursor moves only once Kafka has confirmed what lies behind it. Nothing is written twice by the side of a
ledger's row, so nothing can be lost between two writes: after a crash the same states are published again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from processors.engine.publication import StatePublication
from runtime import metrics
from runtime.kafka.producer import BulkProducer, OutgoingRecord
from runtime.phones import read_phone
from runtime.postgres import Connection
from schemas import cloudevents
from schemas.codec import Codec
from schemas.events import EventType, OptOutState
from schemas.times import tellable
from schemas.topics import OPT_OUT_STATE

#: Rows of the ledger that one round covers.
ROWS = 500
_NAMESPACE = UUID("5d1c1b44-6f6a-4d0c-9d5e-1f0e6f1b7a10")

_CURSOR = "SELECT position FROM opt_out_cursors WHERE name = 'state'"
_ROWS = "SELECT position, phone FROM opt_out_ledger WHERE position > %s ORDER BY position LIMIT %s"
_STATES = """
SELECT o.phone, o.state, o.since, o.reason, o.last_position, o.provider, o.account, l.received_at, l.account_phone
FROM opt_outs AS o JOIN opt_out_ledger AS l ON l.position = o.position WHERE o.phone = ANY (%s)
    AND NOT starts_with(o.phone, 'erased:') ORDER BY o.phone
"""
_MOVE = "UPDATE opt_out_cursors SET position = %s WHERE name = 'state' AND position = %s"


class Publication(StatePublication):
    """Publishes what is new in the ledger."""

    lock = 0x484C4F5053544154  # "HLOPSTAT"
    interval = 0.25

    def __init__(self, producer: BulkProducer, codec: Codec) -> None:
        super().__init__(producer)
        self._codec = codec

    def publish_next(self, connection: Connection) -> bool:
        [(cursor,)] = connection.execute(_CURSOR).fetchall()
        rows = connection.execute(_ROWS, (cursor, ROWS)).fetchall()
        if rows:
            self._publish(states_of(connection, sorted({phone for _, phone in rows})))
            connection.execute(_MOVE, (rows[-1][0], cursor))
        return len(rows) == ROWS

    def _publish(self, states: Sequence[OptOutState]) -> None:
        metrics.OPT_OUT_UNPUBLISHED.set(len(states))
        self.confirmed(
            [
                OutgoingRecord(
                    OPT_OUT_STATE.name,
                    str(state.contact_phone).encode(),
                    self._codec.encode(state),
                    cloudevents.headers(state),
                )
                for state in states
            ]
        )
        metrics.OPT_OUT_STATES_PUBLISHED.inc(len(states))
        metrics.OPT_OUT_UNPUBLISHED.set(0)


def start_over(connection: Connection) -> None:
    """Have everything published again from the ledger's beginning."""
    connection.execute("UPDATE opt_out_cursors SET position = 0 WHERE name = 'state'")


def states_of(connection: Connection, phones: Sequence[str]) -> list[OptOutState]:
    """What is published about each of `phones` that the ledger knows: the same event for the same state."""
    return [_state(*row) for row in connection.execute(_STATES, (phones,))]


def _state(
    phone: str,
    state: str,
    since: datetime,
    reason: str,
    position: int,
    provider: str | None,
    account: str | None,
    received_at: datetime,
    account_phone: Any,
) -> OptOutState:
    known = read_phone(phone, None)
    return OptOutState(
        event_id=uuid5(_NAMESPACE, f"{position}:{phone}:{state}"),
        event_type=EventType.OPT_OUT_STATE.value,
        provider=provider or "hookline",
        account=account or "hookline",
        contact_phone=phone,
        phone_valid=known is not None and known.valid,
        account_phone=account_phone,
        occurred_at=tellable(since),
        time_valid=True,
        received_at=tellable(received_at),
        is_test=False,
        sanitised=False,
        payload="{}",
        state=state,
        since=tellable(since),
        reason=reason,
        position=position,
    )
