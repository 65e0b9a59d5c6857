"""Who revealed and changed what; and revealing itself."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, request, url_for
from werkzeug.wrappers import Response

from ops.console.context import answer, given_reason, integer_argument, operators_only, services, session
from ops.console.records import PAGE, newest_records, write_record

pages = Blueprint("records", __name__)

KINDS = ("reveal", "change", "login")


@pages.get("/records")
def page() -> str:
    """The newest records, those of one kind, or those before an id."""
    kind = request.args.get("kind")
    if kind is not None and kind not in KINDS:
        abort(400, "kind is reveal, change or login")
    with services().database.reading() as connection:
        found = newest_records(connection, before=integer_argument("before"), kind=kind)
    rows, more = found[:PAGE], len(found) > PAGE
    older = url_for("records.page", kind=kind, before=rows[-1].id) if more else None
    return answer("records.html", rows=rows, older=older, kind=kind, kinds=KINDS)


@pages.post("/reveal")
@operators_only
def reveal() -> Response:
    """Have a page show personal data for some minutes; that somebody looks is recorded first."""
    address, reason = request.form.get("page", ""), given_reason(request.form)
    if not address.startswith("/") or address.startswith("//") or "\\" in address or len(address) > 500:
        abort(400, "page is the address of a page of the console")
    with services().database.writing() as connection:
        write_record(connection, session().user.name, "reveal", "reveal", address, reason)
    services().sessions.reveal(session(), address, services().settings.reveal_minutes * 60)
    return redirect(address, 303)
