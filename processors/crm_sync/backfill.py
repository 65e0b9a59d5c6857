"""Deliveries at one target for events that PostgreSQL holds already: what a CRM missed, or was not there for.

The place that is kept is the deliveries themselves: an event that has one at the target is passed over, so that a run
that was killed goes on where it stood, and one after it finds nothing to do. Nothing here calls the target; delivery
workers work these deliveries off like any other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from processors.crm_sync.enqueue import take_in
from processors.crm_sync.settings import CrmSettings
from processors.crm_sync.text_queue import ask_for_texts
from processors.engine.isolation import land
from processors.opt_out.publication import states_of
from runtime.postgres import Connection
from schemas.events import Event, EventType

#: What crm_sync reads of what ingest writes; opt-outs come from the ledger, as they do on their topic.
EVENT_TYPES = (
    EventType.MESSAGE_RECEIVED,
    EventType.MESSAGE_SENT,
    EventType.MESSAGE_DELIVERED,
    EventType.MESSAGE_FAILED,
    EventType.MESSAGE_UNKNOWN,
    EventType.CALL_COMPLETED,
    EventType.CONTACT_CREATED,
    EventType.CONTACT_TAG_CHANGED,
)
#: Events, or phones, in one transaction: the rows of delivery workers wait for it, for a fraction of a second.
BATCH = 1000
#: Seconds that a call takes, for an estimate, where no limit says how fast it may go.
CALL_SECONDS = 0.2


class StoredEvent(NamedTuple):
    """A row of `events`: all of an event but what is in the provider's own words."""

    event_id: UUID
    event_type: str
    provider: str
    account: str
    contact_phone: str | None
    phone_valid: bool
    account_phone: str | None
    occurred_at: datetime
    time_valid: bool
    received_at: datetime
    is_test: bool
    sanitised: bool
    payload: str


@dataclass(frozen=True, slots=True)
class Stretch:
    """What is asked for, at one target."""

    target: str
    since: datetime | None = None  #: events received from then on; None: from the first
    until: datetime | None = None  #: events received before; None: all that are stored

    zone: str | None = None  #: of the days that there is a note for each of; None: there is one for each message

    def values(self) -> dict[str, object]:
        """For the statements below."""
        return {
            "target": self.target,
            "since": self.since or "-infinity",
            "until": self.until or "infinity",
            "zone": self.zone,
            "types": [event_type.value for event_type in EVENT_TYPES],
        }


@dataclass(frozen=True, slots=True)
class Extent:
    """What there is to do."""

    events: int
    contacts: int  #: phones of these events
    new_contacts: int  #: of them, those that are not known to be at the target
    notes: int  #: events, or days of a contact, that a note tells of; several events of one message share one
    tagged: int  #: contacts whose name or tags an event of their own tells
    states: int  #: phones whose opt-out state was received in the stretch
    waiting: int  #: deliveries that the target has not been brought in line with yet: they go first or between

    @property
    def calls(self) -> int:
        """About how many calls of the target it takes.

        One a note, two to look for a contact and make it, two each for tags and an opt-out state.
        """
        return self.notes + 2 * (self.new_contacts + self.tagged + self.states)

    def seconds(self, *, rate: float | None, at_once: int) -> float:
        """About how long these calls take: at `rate` calls a second, or, without a limit, `at_once` at a time."""
        return (self.calls + self.waiting) / (rate or at_once / CALL_SECONDS)


_COLUMNS = ", ".join(f"e.{name}{'::text' if name == 'payload' else ''}" for name in StoredEvent._fields)
_MISSING = """
FROM events AS e WHERE e.received_at >= %(since)s AND e.received_at < %(until)s
    AND NOT e.is_test AND e.contact_phone IS NOT NULL AND e.event_type = ANY (%(types)s)
    AND %(target)s::text <> e.provider || ':' || e.account
    AND NOT EXISTS (SELECT FROM crm_deliveries AS d WHERE d.event_id = e.event_id AND d.target = %(target)s)
"""
_EVENTS = f"SELECT {_COLUMNS} {_MISSING} ORDER BY e.received_at, e.event_id"
_EVENT = f"SELECT {_COLUMNS} FROM events AS e WHERE e.event_id = %s"  # noqa: S608 - our columns
_EXTENT = f"""
WITH missing AS MATERIALIZED (SELECT e.event_type, e.contact_phone, e.occurred_at {_MISSING}),
    phones AS (SELECT DISTINCT contact_phone FROM missing)
SELECT (SELECT count(*) FROM missing), (SELECT count(*) FROM phones),
    (SELECT count(*) FROM phones WHERE NOT EXISTS (SELECT FROM crm_links AS l WHERE l.target = %(target)s
        AND l.kind = 'contact' AND l.key = contact_phone AND l.remote_id IS NOT NULL)),
    (SELECT CASE WHEN %(zone)s::text IS NULL THEN count(*)
            ELSE count(DISTINCT (contact_phone, (occurred_at AT TIME ZONE %(zone)s)::date)) END
        FROM missing WHERE event_type NOT LIKE 'contact.%%'),
    (SELECT count(DISTINCT contact_phone) FROM missing WHERE event_type LIKE 'contact.%%'),
    (SELECT count(*) FROM opt_outs AS o JOIN opt_out_ledger AS l ON l.position = o.position
        WHERE l.received_at >= %(since)s AND l.received_at < %(until)s AND NOT starts_with(o.phone, 'erased:')),
    (SELECT count(*) FROM crm_deliveries WHERE target = %(target)s AND status = 'pending')
"""  # noqa: S608 - our statements
_PHONES = """
SELECT o.phone FROM opt_outs AS o JOIN opt_out_ledger AS l ON l.position = o.position
WHERE l.received_at >= %(since)s AND l.received_at < %(until)s AND NOT starts_with(o.phone, 'erased:') ORDER BY o.phone
"""


def extent(connection: Connection, stretch: Stretch) -> Extent:
    """What there is to do for `stretch`."""
    [row] = connection.execute(_EXTENT, stretch.values()).fetchall()
    return Extent(*row)


def missing_events(connection: Connection, stretch: Stretch) -> Iterator[list[StoredEvent]]:
    """Events without a delivery, in order of receipt, a batch at a time; within a transaction of `connection`."""
    with connection.cursor("missing_events") as cursor:
        cursor.itersize = BATCH
        cursor.execute(_EVENTS, stretch.values())
        while rows := cursor.fetchmany(BATCH):
            yield [StoredEvent(*row) for row in rows]


def phones_with_states(connection: Connection, stretch: Stretch) -> Iterator[list[str]]:
    """Phones whose opt-out state was received in `stretch`, a batch at a time; within a transaction."""
    with connection.cursor("phones_with_states") as cursor:
        cursor.execute(_PHONES, stretch.values())
        while rows := cursor.fetchmany(BATCH):
            yield [phone for (phone,) in rows]


def stored_event(connection: Connection, event_id: UUID) -> StoredEvent | None:
    """One event as `events` keeps it."""
    row = connection.execute(_EVENT, (event_id,)).fetchone()
    return None if row is None else StoredEvent(*row)


def order(
    connection: Connection,
    target: str,
    events: Sequence[Event],
    phones: Sequence[str] = (),
    *,
    texts: CrmSettings | None = None,
) -> tuple[int, int]:
    """Order what `events` ask for at `target`, with the opt-out states of their phones and of `phones`.

    All of it in the transaction of `connection`. How many deliveries that made, and how many events PostgreSQL
    refuses, each of which would stop all that come after it. `texts`: have those fetched that these settings ask for.
    """
    named = sorted({*phones, *(str(event.contact_phone) for event in events)})
    made = 0

    def handle(part: Sequence[Event], inner: Connection) -> None:
        nonlocal made
        made += take_in(inner, part, [target])
        if texts is not None:
            ask_for_texts(inner, texts)

    refused = land([*events, *states_of(connection, named)], handle, connection, lambda event, _: event)
    return made, len(refused)
