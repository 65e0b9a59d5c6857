"""Events: the list and its search, one event with every step that it took, and everything about its number."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, abort, redirect, request, url_for
from werkzeug.wrappers import Response

from ops.console.context import Answer, answer, masking, page_address, services, session
from ops.console.events import PAGE, Criteria, EventPosition, EventRow, event_rows, find_events
from ops.console.numbers import number_facts
from ops.trace.event_phones import event_phones
from ops.trace.hops import steps_of
from ops.trace.reveals import record_reveal
from ops.trace.subject import SubjectKind, find_subject
from runtime.postgres import Connection
from runtime.settings import checked_time_zone
from schemas.events import EventType

pages = Blueprint("events", __name__, url_prefix="/events")

#: Characters of a search.
LONGEST = 200
#: Digits from which on what was typed is taken for a phone number.
PHONE_DIGITS = 7


@pages.get("")
def listing() -> Answer:
    """The newest events, those of a search, or a page below a place."""
    typed = session().searches.get(request.args.get("search", ""))
    if typed is None and "search" in request.args:
        return redirect(url_for("events.listing"), 303)  # of a session before this one
    typed, below = typed or {}, _place(request.args.get("below"))
    personal = masking()
    with services().database.reading() as connection:
        criteria, special = _criteria(connection, typed)
    if special is not None:
        return special
    if criteria.text is not None:
        _record_text_search(criteria.text)
    with services().database.reading() as connection:
        found = find_events(connection, criteria, below)
    older = None if found.next is None else url_for("events.listing", **_search_argument(), below=str(found.next))
    values = {
        "rows": found.rows,
        "older": older,
        "first": url_for("events.listing", **_search_argument()) if below else None,
        "looked_back_to": found.looked_back_to,
        "typed": typed,
        "types": [kind.value for kind in EventType],
        "message": None,
    }
    return answer("events.html", personal, **values)


@pages.post("/search")
def search() -> Answer:
    """Remember what was typed in the session and go to its page: a number stands in no address."""
    names = ("query", "type", "provider", "since", "until", "zone")
    typed = {name: request.form.get(name, "").strip()[:LONGEST].replace("\x00", "") for name in names}
    for name in ("since", "until"):
        _time(typed, name)
    return redirect(url_for("events.listing", search=session().remember_search(typed)), 303)


@pages.get("/message/<event_id>")
def message(event_id: str) -> Answer:
    """Every event of the message that an event is about."""
    personal = masking()
    with services().database.reading() as connection:
        row = _event(connection, event_id)
        found = connection.execute("SELECT message_key FROM events WHERE event_id = %s", (row.event_id,)).fetchone()
        key = None if found is None else found[0]
        subject = None if key is None else find_subject(connection, key, region=_region(), limit=PAGE)
        ids = (row.event_id,) if subject is None else subject.event_ids
        steps = steps_of(connection, ids, personal)
    return answer("steps.html", personal, events=steps, title="Message")


@pages.get("/<event_id>")
def event(event_id: str) -> Answer:
    """One event: what it says, and every step from the webhook to the effects."""
    personal = masking()
    with services().database.reading() as connection:
        identity = _uuid(event_id)
        subject = find_subject(connection, str(identity), region=_region(), limit=1)
        if subject is None or subject.kind is not SubjectKind.EVENT:
            abort(404, "No event of that id is known. An event is known once persist has stored it.")
        steps = steps_of(connection, subject.event_ids, personal)
        rows = event_rows(connection, [identity])
    return answer("event.html", personal, event=rows[0] if rows else None, steps=steps[0])


@pages.get("/<event_id>/number")
def number(event_id: str) -> Answer:
    """Everything about the number of an event; the event, because a number stands in no address."""
    personal = masking()
    with services().database.reading() as connection:
        row = _event(connection, event_id)
        if row.contact_phone is None:
            abort(404, "The event names no number.")
        facts = number_facts(connection, row.contact_phone, _region())
    return answer("number.html", personal, facts=facts)


def _criteria(connection: Connection, typed: dict[str, str] | object) -> tuple[Criteria, Response | None]:
    """What is looked for; or where to go instead, where one event or message is meant."""
    given = dict(typed) if isinstance(typed, dict) else {}
    query = given.get("query", "")
    filters = {
        "event_type": given.get("type") or None,
        "provider": given.get("provider") or None,
        "since": _time(given, "since"),
        "until": _time(given, "until"),
    }
    if not query:
        return Criteria(**filters), None  # type: ignore[arg-type] # each has its own type
    if _looks_like_phone(query):
        phones = tuple(event_phones(connection, query, _region()))
        return Criteria(phones=phones, **filters), None  # type: ignore[arg-type] # as above
    subject = find_subject(connection, query, region=_region(), limit=PAGE)
    if subject is not None and subject.kind is SubjectKind.EVENT:
        return Criteria(), redirect(url_for("events.event", event_id=subject.text), 303)
    if subject is not None and subject.kind is SubjectKind.MESSAGE:
        return Criteria(), redirect(url_for("events.message", event_id=str(subject.event_ids[-1])), 303)
    return Criteria(text=query, **filters), None  # type: ignore[arg-type] # as above


def _record_text_search(text: str) -> None:
    """Write down that somebody searches texts, before it is told what was found. Aborts with 403 for a viewer.

    What is found or not tells whether a masked number or text has these characters, so it shows personal data.
    """
    if not session().may_change:
        abort(403, "Texts are searched by operators alone. Search by phone, event id, message id, type or time.")
    with services().database.writing() as connection:
        record_reveal(
            connection,
            by=session().user.name,
            surface=f"console {page_address()}",
            event_ids=[],
            reason=f"searched texts for {len(text)} characters",
        )


def _looks_like_phone(text: str) -> bool:
    has_letters = any(character.isalpha() for character in text)
    return not has_letters and sum(character.isdecimal() for character in text) >= PHONE_DIGITS


def _time(typed: dict[str, str], name: str) -> datetime | None:
    """A time as the form has it, in the reader's zone, as the zone's clocks stood then. Aborts with 400."""
    text = typed.get(name, "")
    if not text:
        return None
    try:
        zone = ZoneInfo(checked_time_zone(typed.get("zone") or "UTC"))
    except ValueError:
        abort(400, "the time zone of your browser is not known here: search without times")
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        abort(400, f"{name} is a date and time, such as 2026-11-28T14:30")


def _event(connection: Connection, event_id: str) -> EventRow:
    rows = event_rows(connection, [_uuid(event_id)])
    if not rows:
        abort(404, "No event of that id is stored.")
    return rows[0]


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        abort(404, "That is no event's id.")


def _place(text: str | None) -> EventPosition | None:
    try:
        return None if text is None else EventPosition.read(text)
    except ValueError:
        abort(400, "below is a place, as the links of this page have it")


def _search_argument() -> dict[str, Any]:
    return {"search": request.args["search"]} if "search" in request.args else {}


def _region() -> str | None:
    return services().settings.default_region
