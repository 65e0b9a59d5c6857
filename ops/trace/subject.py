"""Which events somebody asks about: by an event's id, a message's id or a phone number."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from ops.trace.event_phones import event_phones
from runtime.postgres import Connection


class SubjectKind(StrEnum):
    """What was asked about."""

    EVENT = "event"
    MESSAGE = "message"
    PHONE = "phone"


@dataclass(frozen=True, slots=True)
class Subject:
    """What was asked about, and the events that it has."""

    kind: SubjectKind
    text: str  #: as it was found: a phone in E.164 where possible
    event_ids: tuple[UUID, ...]  #: oldest first
    more: bool = False  #: there are older ones, which are left out


#: Every table that may know an event's id, each by an index.
_IS_KNOWN = """
SELECT EXISTS (SELECT FROM events WHERE event_id = %(id)s) OR EXISTS (SELECT FROM dead_letters WHERE event_id = %(id)s)
    OR EXISTS (SELECT FROM crm_deliveries WHERE event_id = %(id)s)
    OR EXISTS (SELECT FROM opt_out_ledger WHERE event_id = %(id)s)
"""
#: A message's events have its phone and lie between its first and its last, so no index on their own key is needed.
_OF_MESSAGE = """
WITH found AS (
    SELECT * FROM messages WHERE message_key = %(id)s
    UNION SELECT * FROM messages WHERE provider_message_id = %(id)s
    UNION SELECT * FROM messages WHERE custom_id = %(id)s
    UNION SELECT * FROM messages WHERE failure_id = %(id)s
    UNION SELECT * FROM messages WHERE failure_key = %(id)s
)
SELECT e.event_id FROM found AS m JOIN events AS e ON e.contact_phone = m.contact_phone
    AND e.occurred_at BETWEEN m.first_at AND m.last_at AND e.message_key IN (m.message_key, m.failure_key)
ORDER BY e.occurred_at DESC, e.event_id DESC LIMIT %(limit)s
"""
_OF_PHONE = """
SELECT event_id FROM events WHERE contact_phone = ANY (%(phones)s)
ORDER BY occurred_at DESC, event_id DESC LIMIT %(limit)s
"""


def find_subject(connection: Connection, text: str, *, region: str | None, limit: int) -> Subject | None:
    """The newest `limit` events that `text` has; None: nothing is known of it.

    `region`: what a number without a country code is taken for, as ingest's setting says.
    """
    text = text.strip().replace("\x00", "")
    try:
        event_id = UUID(text)
    except ValueError:
        pass
    else:
        [(known,)] = connection.execute(_IS_KNOWN, {"id": event_id}).fetchall()
        if known:
            return Subject(SubjectKind.EVENT, str(event_id), (event_id,))
    if not text.startswith("+"):
        found = _found(connection, _OF_MESSAGE, {"id": text}, limit)
        if found:
            return Subject(SubjectKind.MESSAGE, text, *_oldest_first(found, limit))
    phones = event_phones(connection, text, region)
    found = _found(connection, _OF_PHONE, {"phones": phones}, limit)
    return Subject(SubjectKind.PHONE, phones[0], *_oldest_first(found, limit)) if found else None


def _found(connection: Connection, query: str, values: dict[str, object], limit: int) -> list[UUID]:
    rows = connection.execute(query, values | {"limit": limit + 1}).fetchall()
    return [event_id for (event_id,) in rows]


def _oldest_first(found: list[UUID], limit: int) -> tuple[tuple[UUID, ...], bool]:
    return tuple(reversed(found[:limit])), len(found) > limit
