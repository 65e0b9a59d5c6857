"""`sms.message-state.v1`: what all events of a message come to, published whenever `messages` changes.

TextLink's events of one message do not always share a key: only the fold knows which failure belongs to which message.
A trigger notes the keys of what changed in the transaction that changed it; a note goes once Kafka has confirmed the
states. So nothing can be lost between the two, and after a crash the same states are published again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid5

from processors.engine.publication import Backlog, StatePublication
from runtime import metrics
from runtime.kafka.producer import BulkProducer, OutgoingRecord
from runtime.phones import read_phone
from runtime.postgres import Connection
from schemas import cloudevents
from schemas.codec import Codec
from schemas.events import EventType, MessageState
from schemas.times import tellable
from schemas.topics import MESSAGE_STATE

#: Notes that one round covers at most: each has the messages that one batch of persist changed.
NOTES = 10
#: Messages after which a round takes no further note: what waits for Kafka's confirmation then is 0.1 s of work.
ENOUGH = 2_000
#: Messages that one group of records holds.
GROUP = 500
_NAMESPACE = UUID("0f0fd7de-9a0d-4a52-8a54-5b6f0f6b3c21")

_TAKE = """
DELETE FROM message_changes WHERE number IN (
    SELECT number FROM (
        SELECT number, sum(size) OVER (ORDER BY number) - size AS in_earlier_ones FROM (
            SELECT number, cardinality(message_keys) AS size FROM message_changes ORDER BY number LIMIT %s
        ) AS oldest
    ) AS counted WHERE in_earlier_ones < %s
) RETURNING message_keys
"""
_ALL_CHANGED = """
INSERT INTO message_changes (message_keys)
SELECT array_agg(message_key) FROM (SELECT message_key, row_number() OVER () / %s AS part FROM messages) AS numbered
GROUP BY part
"""
_WAITING = "SELECT count(*) FROM message_changes"
_STATES = """
SELECT message_key, provider, account, contact_phone, account_phone, direction, text, state, state_at,
    provider_message_id, conversation_id, custom_id, failure_id, sim_card_id, portal, first_at, last_at, updated_at
FROM messages WHERE message_key = ANY (%s)
"""


class MessageStatePublication(StatePublication):
    """Publishes the state of every message that has changed."""

    lock = 0x484C4D5347535441  # "HLMSGSTA"
    interval = 0.5

    def __init__(self, producer: BulkProducer, codec: Codec, backlog: Backlog | None = None) -> None:
        super().__init__(producer, backlog)
        self._codec = codec

    def publish_next(self, connection: Connection) -> bool:
        notes = connection.execute(_TAKE, (NOTES, ENOUGH)).fetchall()
        keys = sorted({key for (keys,) in notes for key in keys})
        for start in range(0, len(keys), GROUP):
            self._publish(connection, keys[start : start + GROUP])
        [(waiting,)] = connection.execute(_WAITING).fetchall()
        metrics.MESSAGE_STATES_WAITING.set(waiting)
        return bool(waiting)

    def _publish(self, connection: Connection, keys: Sequence[str]) -> None:
        states = {state.message_key: state for state in states_of(connection, keys)}
        self.confirmed([self._record(key, states.get(key)) for key in keys])
        metrics.MESSAGE_STATES_PUBLISHED.inc(len(keys))

    def _record(self, key: str, state: MessageState | None) -> OutgoingRecord:
        """Without a value where the message is gone: compaction then forgets it too."""
        if state is None:
            return OutgoingRecord(MESSAGE_STATE.name, key.encode(), None, [])  # type: ignore[arg-type]
        return OutgoingRecord(MESSAGE_STATE.name, key.encode(), self._codec.encode(state), cloudevents.headers(state))


def start_over(connection: Connection) -> None:
    """Have the state of every message published again."""
    connection.execute(_ALL_CHANGED, (GROUP,))


def states_of(connection: Connection, keys: Sequence[str]) -> list[MessageState]:
    """What is published about each of `keys` that is in `messages`: the same event for the same row."""
    return [_state(*row) for row in connection.execute(_STATES, (list(keys),))]


def _state(
    message_key: str,
    provider: str,
    account: str,
    contact_phone: str,
    account_phone: str | None,
    direction: str,
    text: str | None,
    state: str,
    state_at: datetime,
    provider_message_id: str | None,
    conversation_id: str | None,
    custom_id: str | None,
    failure_id: str | None,
    sim_card_id: str | None,
    portal: bool | None,
    first_at: datetime,
    last_at: datetime,
    updated_at: datetime,
) -> MessageState:
    known = read_phone(contact_phone, None)
    return MessageState(
        event_id=uuid5(_NAMESPACE, f"{updated_at.timestamp()}:{state}:{message_key}"),
        event_type=EventType.MESSAGE_STATE.value,
        provider=provider,
        account=account,
        contact_phone=contact_phone,
        phone_valid=known is not None and known.valid,
        account_phone=account_phone,
        occurred_at=tellable(state_at),
        time_valid=True,
        received_at=updated_at,
        is_test=False,
        sanitised=False,
        payload="{}",
        message_key=message_key,
        direction=direction,
        state=state,
        text=text,
        provider_message_id=provider_message_id,
        conversation_id=conversation_id,
        custom_id=custom_id,
        failure_id=failure_id,
        sim_card_id=sim_card_id,
        portal=portal,
        first_at=tellable(first_at),
        last_at=tellable(last_at),
    )
