"""Who revealed and changed what; and revealing itself."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from uuid import UUID

from flask import Blueprint, abort, redirect, request, url_for
from werkzeug.wrappers import Response

from ops.console.context import answer, given_reason, operators_only, services, session
from ops.console.records import PAGE, newest_records
from ops.trace.reveals import record_reveal

pages = Blueprint("records", __name__)

KINDS = ("reveal", "change", "login")
#: A page of the console: its path and query. What a browser could take for another site's address is none.
_PAGE_ADDRESS = re.compile(r"/(?:[A-Za-z0-9_.~%=&?-][A-Za-z0-9_.~%=&?/-]*)?")
_EVENT_PAGE = re.compile(r"/events/([0-9a-f-]{36})(?:/number)?")


@pages.get("/records")
def page() -> str:
    """The newest records, those of one kind, or those before a time."""
    kind, before = request.args.get("kind"), request.args.get("before")
    if kind is not None and kind not in KINDS:
        abort(400, "kind is reveal, change or login")
    try:
        at = None if before is None else datetime.fromisoformat(before).astimezone(UTC)
    except (ValueError, OverflowError):
        abort(400, "before is a time, as the links of this page have it")
    with services().database.reading() as connection:
        found = newest_records(connection, before=at, kind=kind)
    rows, more = found[:PAGE], len(found) > PAGE
    older = url_for("records.page", kind=kind, before=rows[-1].at.isoformat()) if more else None
    return answer("records.html", rows=rows, older=older, kind=kind, kinds=KINDS)


@pages.post("/reveal")
@operators_only
def reveal() -> Response:
    """Have a page show personal data for some minutes; that somebody looks is recorded first."""
    address, reason = request.form.get("page", ""), given_reason(request.form)
    if len(address) > 500 or _PAGE_ADDRESS.fullmatch(address) is None:
        abort(400, "page is the address of a page of the console")
    events = []
    if event := _EVENT_PAGE.fullmatch(address):
        try:
            events.append(UUID(event[1]))
        except ValueError:
            abort(400, "page is the address of a page of the console")
    with services().database.writing() as connection:
        record_reveal(
            connection,
            by=session().user.name,
            surface=f"console {address}",
            event_ids=events,
            reason=reason,
        )
    services().sessions.reveal(session(), address, services().settings.reveal_minutes * 60)
    return redirect(address, 303)
