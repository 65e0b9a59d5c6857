"""Events as the console lists them: newest first, page by page by key, each page within the console's time.

The table has a block range index of `received_at` and nothing that is ordered by it. So a page is looked for in spans
of time that grow: the span that holds a page's rows is read and sorted, and no more.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from runtime.postgres import Connection

#: Events on one page, and rows of one span that are looked through for a text at most.
PAGE, MOST_LOOKED_AT = 50, 20_000
#: The first span that is looked at, and by how much the next is longer than one that held too few.
FIRST_SPAN, GROWTH = timedelta(minutes=6), 6
#: Seconds after which a search says how far back it has looked, rather than go on.
BUDGET = 0.25

_COLUMNS = "event_id, event_type, provider, account, contact_phone, occurred_at, received_at, is_test, payload"
_IN_SPAN = f"""
SELECT {_COLUMNS} FROM (
    SELECT * FROM events WHERE received_at >= %(since)s AND received_at <= %(until)s
        AND (received_at, event_id) < (%(until)s, %(below)s)
        AND (%(type)s::text IS NULL OR event_type = %(type)s)
        AND (%(provider)s::text IS NULL OR provider = %(provider)s)
    ORDER BY received_at DESC, event_id DESC LIMIT %(looked_at)s
) AS newest WHERE %(text)s::text IS NULL OR payload::text ILIKE %(text)s
ORDER BY received_at DESC, event_id DESC LIMIT %(limit)s
"""  # noqa: S608 - our columns
_COUNT_IN_SPAN = """
SELECT count(*), min(received_at) FROM (
    SELECT received_at FROM events WHERE received_at >= %(since)s AND received_at <= %(until)s
        AND (received_at, event_id) < (%(until)s, %(below)s)
        AND (%(type)s::text IS NULL OR event_type = %(type)s)
        AND (%(provider)s::text IS NULL OR provider = %(provider)s)
    ORDER BY received_at DESC, event_id DESC LIMIT %(looked_at)s
) AS newest
"""
_OF_PHONES = f"""
SELECT {_COLUMNS} FROM events
WHERE contact_phone = ANY (%(phones)s) AND (occurred_at, event_id) < (%(until)s, %(below)s)
    AND occurred_at >= %(since)s
    AND (%(type)s::text IS NULL OR event_type = %(type)s) AND (%(provider)s::text IS NULL OR provider = %(provider)s)
    AND (%(text)s::text IS NULL OR payload::text ILIKE %(text)s)
ORDER BY occurred_at DESC, event_id DESC LIMIT %(limit)s
"""  # noqa: S608 - our columns

#: The highest uuid, below which every event's id is.
HIGHEST = UUID(int=(1 << 128) - 1)
#: Before this nobody sent a webhook.
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class EventRow:
    """One event of a list."""

    event_id: UUID
    event_type: str
    provider: str
    account: str
    contact_phone: str | None
    occurred_at: datetime
    received_at: datetime
    is_test: bool
    payload: Any

    @property
    def message_text(self) -> str | None:
        """What was written, where the payload has it under an ordinary name."""
        return text_of(self.payload)


@dataclass(frozen=True, slots=True)
class EventPosition:
    """Where the next page begins: below this time and id."""

    at: datetime
    event_id: UUID

    def __str__(self) -> str:
        return f"{self.at.astimezone(UTC).strftime('%Y%m%dT%H%M%S.%f')}-{self.event_id.hex}"

    @classmethod
    def read(cls, text: str) -> EventPosition:
        """Raises ValueError."""
        at, _, event_id = text.partition("-")
        return cls(datetime.strptime(at, "%Y%m%dT%H%M%S.%f").replace(tzinfo=UTC), UUID(hex=event_id))


@dataclass(frozen=True, slots=True)
class Criteria:
    """What is looked for; None: anything."""

    phones: tuple[str, ...] = ()
    text: str | None = None  #: part of the payload as text
    event_type: str | None = None
    provider: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def values(self) -> dict[str, object]:
        """As the statements name them."""
        return {
            "type": self.event_type,
            "provider": self.provider,
            "text": None if self.text is None else f"%{_escaped(self.text)}%",
        }


@dataclass(frozen=True, slots=True)
class EventPage:
    """Rows, and how to go on."""

    rows: list[EventRow]
    next: EventPosition | None  #: None: there is nothing older
    looked_back_to: datetime | None = None  #: the search stopped here for want of time; `next` goes on


def find_events(
    connection: Connection, criteria: Criteria, below: EventPosition | None, clock: Callable[[], float] = time.monotonic
) -> EventPage:
    """The newest page of `criteria`, or the one below a place. Raises psycopg.Error."""
    return (
        _of_phones(connection, criteria, below) if criteria.phones else _by_receipt(connection, criteria, below, clock)
    )


def _of_phones(connection: Connection, criteria: Criteria, below: EventPosition | None) -> EventPage:
    start = below or EventPosition(criteria.until or datetime(9999, 1, 1, tzinfo=UTC), HIGHEST)
    values = criteria.values() | {
        "phones": list(criteria.phones),
        "since": criteria.since or BEGINNING,
        "until": start.at,
        "below": start.event_id,
        "limit": PAGE + 1,
    }
    rows = [EventRow(*row) for row in connection.execute(_OF_PHONES, values)]
    more = EventPosition(rows[PAGE - 1].occurred_at, rows[PAGE - 1].event_id) if len(rows) > PAGE else None
    return EventPage(rows[:PAGE], more)


def _by_receipt(
    connection: Connection, criteria: Criteria, below: EventPosition | None, clock: Callable[[], float]
) -> EventPage:
    begun, rows = clock(), list[EventRow]()
    [(now,)] = connection.execute("SELECT clock_timestamp() + interval '5 minutes'").fetchall()
    place = below or EventPosition(min(criteria.until or now, now), HIGHEST)
    oldest, span = criteria.since or BEGINNING, FIRST_SPAN
    while place.at >= oldest:
        since = oldest if place.at - oldest <= span else place.at - span  # a time before the year 1 is none
        found, place, is_whole = _in_span(connection, criteria, place, since, PAGE + 1 - len(rows))
        rows += found
        if len(rows) > PAGE:
            return EventPage(rows[:PAGE], _place_of(rows[PAGE - 1]))
        if is_whole:
            if since <= oldest:
                return EventPage(rows, None)
            span *= GROWTH
            if span > timedelta(days=1) and not _is_any_older(connection, place, oldest):
                return EventPage(rows, None)
        if clock() - begun > BUDGET:
            return EventPage(rows, place, looked_back_to=place.at)
    return EventPage(rows, None)


def _in_span(
    connection: Connection, criteria: Criteria, place: EventPosition, since: datetime, limit: int
) -> tuple[list[EventRow], EventPosition, bool]:
    """Rows of a span, where to go on below it, and whether all of the span has been looked at."""
    values: Mapping[str, object] = criteria.values() | {
        "since": since,
        "until": place.at,
        "below": place.event_id,
        "limit": limit,
        "looked_at": MOST_LOOKED_AT if criteria.text is not None else limit,
    }
    rows = [EventRow(*row) for row in connection.execute(_IN_SPAN, values)]
    if len(rows) >= limit:
        return rows, _place_of(rows[-1]), False
    if criteria.text is not None:
        [(count, lowest)] = connection.execute(_COUNT_IN_SPAN, values).fetchall()
        if count >= MOST_LOOKED_AT:
            return rows, EventPosition(lowest, UUID(int=0)), False
    return rows, EventPosition(since, UUID(int=0)), True


def _is_any_older(connection: Connection, place: EventPosition, oldest: datetime) -> bool:
    query = "SELECT EXISTS (SELECT FROM events WHERE received_at < %s AND received_at >= %s)"
    [(found,)] = connection.execute(query, (place.at, oldest)).fetchall()
    return bool(found)


def _place_of(row: EventRow) -> EventPosition:
    return EventPosition(row.received_at, row.event_id)


#: Names under which the providers' payloads have a message's text.
_TEXT_NAMES = ("text", "message", "body", "content")


def text_of(payload: Any, depth: int = 3) -> str | None:
    """The text of a message in a provider's JSON; None: none is found under an ordinary name."""
    if not isinstance(payload, dict):
        return None
    for name in _TEXT_NAMES:
        if isinstance(payload.get(name), str):
            return str(payload[name])
    if depth:
        for value in payload.values():
            found = text_of(value[0] if isinstance(value, list) and value else value, depth - 1)
            if found is not None:
                return found
    return None


def _escaped(text: str) -> str:
    """`text` as it stands in jsonb's text form, with LIKE's own signs taken literally."""
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    return quoted.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


_BY_ID = f"SELECT {_COLUMNS} FROM events WHERE event_id = ANY (%s) ORDER BY occurred_at DESC, event_id DESC"  # noqa: S608


def event_rows(connection: Connection, event_ids: Sequence[UUID]) -> list[EventRow]:
    """These events, the newest first. Raises psycopg.Error."""
    return [EventRow(*row) for row in connection.execute(_BY_ID, (list(event_ids),))]
