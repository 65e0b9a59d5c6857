"""The desk of opt-outs: what waits for a person, how every number stands, and the proof of one to print."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, request, url_for
from werkzeug.wrappers import Response

from ops.console.context import (
    Answer,
    answer,
    given_reason,
    integer_argument,
    masking,
    operators_only,
    services,
    session,
)
from ops.console.numbers import number_facts
from ops.console.reconciliation import account_rounds, target_rounds
from runtime.phone_lookup import number_query
from runtime.postgres import named_rows

pages = Blueprint("opt_outs", __name__, url_prefix="/opt-outs")

#: Rows of a page of states, of the reviews and of the calls that are late.
PAGE = 50
STATES = ("out", "hold", "in")

_REVIEWS = f"""
SELECT r.id, r.kind, r.phone, r.position, r.event_id, r.question, r.opened_at, r.due_at, e.text AS evidence
FROM opt_out_reviews AS r LEFT JOIN opt_out_ledger AS l ON l.position = r.position
LEFT JOIN opt_out_evidence AS e ON e.digest = l.evidence_digest
WHERE r.decision IS NULL ORDER BY r.due_at, r.id LIMIT {PAGE}
"""  # noqa: S608 - a number of ours
_OPEN = """
SELECT count(*) AS open, count(*) FILTER (WHERE due_at < now()) AS overdue FROM opt_out_reviews WHERE decision IS NULL
"""
_LATE = f"""
SELECT phone, target, account, position, status, attempts, deadline, detail FROM enforcements
WHERE status IN ('pending', 'failed', 'parked') ORDER BY deadline, id LIMIT {PAGE}
"""  # noqa: S608 - as above
# By the index of state and since; below a time and a phone that the last page's last row had, found by its position.
_NUMBERS = """
SELECT o.phone, o.state, o.since, o.reason, o.position, o.provider, o.account FROM opt_outs AS o
WHERE o.state = %(state)s AND (%(below)s::bigint IS NULL OR (o.since, o.phone) < (
    SELECT last.since, last.phone FROM opt_outs AS last WHERE last.phone = (
        SELECT phone FROM opt_out_ledger WHERE position = %(below)s)))
ORDER BY o.since DESC, o.phone DESC LIMIT %(limit)s
"""
_PHONE_AT = "SELECT phone FROM opt_out_ledger WHERE position = %s"
_POSITION_OF = "SELECT last_position FROM opt_outs WHERE phone = ANY (%s) ORDER BY updated_at DESC LIMIT 1"


@pages.get("")
def desk() -> Answer:
    """Reviews with their clocks, calls that are not done, and numbers by state."""
    state = request.args.get("state", "hold")
    if state not in STATES:
        abort(400, "state is out, hold or in")
    personal = masking()
    with services().database.reading() as connection:
        values = {"state": state, "below": integer_argument("below"), "limit": PAGE + 1}
        cursor = connection.execute(_NUMBERS, values)
        columns = [column.name for column in cursor.description or ()]
        numbers = [dict(zip(columns, row, strict=True)) for row in cursor]
        shown = numbers[:PAGE]
        older = url_for("opt_outs.desk", state=state, below=shown[-1]["position"]) if len(numbers) > PAGE else None
        return answer(
            "opt_outs.html",
            personal,
            reviews=named_rows(connection, _REVIEWS),
            counts=named_rows(connection, _OPEN)[0],
            late=named_rows(connection, _LATE),
            rounds=target_rounds(connection),
            accounts=account_rounds(connection),
            numbers=shown,
            older=older,
            state=state,
            states=STATES,
        )


@pages.post("/find")
def find() -> Answer:
    """The page of a number that was typed, which stands in no address."""
    typed = request.form.get("phone", "").strip()[:60].replace("\x00", "")
    number = number_query(typed, services().settings.default_region)
    with services().database.reading() as connection:
        phones = [typed, number.phone.number]
        found = connection.execute(_POSITION_OF, (phones,)).fetchone()
        if found is not None:
            return redirect(url_for("opt_outs.number", position=found[0]), 303)
    key = session().remember_search({"phone": number.phone.number or typed})
    return redirect(url_for("opt_outs.typed_number", search=key), 303)


@pages.get("/number")
def typed_number() -> Answer:
    """A number that the ledger does not know by that text, from what the session remembers."""
    typed = session().searches.get(request.args.get("search", ""))
    if typed is None or "phone" not in typed:
        return redirect(url_for("opt_outs.desk"), 303)
    personal = masking()
    with services().database.reading() as connection:
        facts = number_facts(connection, typed["phone"], services().settings.default_region)
    return answer("number.html", personal, facts=facts)


@pages.get("/<int:position>")
def number(position: int) -> Answer:
    """Everything about the number of a row of the ledger: the proof, as a page to print."""
    personal = masking()
    with services().database.reading() as connection:
        found = connection.execute(_PHONE_AT, (position,)).fetchone()
        if found is None:
            abort(404, f"The ledger has no row {position}.")
        facts = number_facts(connection, found[0], services().settings.default_region)
    return answer("number.html", personal, facts=facts)


@pages.post("/<int:position>/release")
@operators_only
def release(position: int) -> Response:
    """End a hold."""
    _decide("release", position=position)
    return redirect(url_for("opt_outs.number", position=position), 303)


@pages.post("/<int:position>/hold")
@operators_only
def hold(position: int) -> Response:
    """Put the number of a row of the ledger on hold."""
    _decide("hold_row", position=position)
    return redirect(url_for("opt_outs.number", position=position), 303)


@pages.post("/add")
@operators_only
def add() -> Response:
    """Put a number that was typed on hold, or opt it out."""
    phone, action = request.form.get("phone", "").strip()[:60], request.form.get("action", "")
    if action not in ("hold", "add"):
        abort(400, "action is hold or add")
    _decide(action, phone=phone.replace("\x00", ""))
    return redirect(url_for("opt_outs.desk", state="hold" if action == "hold" else "out"), 303)


@pages.post("/reviews/<int:review>")
@operators_only
def answer_review(review: int) -> Response:
    """Answer a review: it was a stop, or it was none."""
    _decide("answer", review=review, answer=request.form.get("answer", ""))
    return redirect(url_for("opt_outs.desk"), 303)


def _decide(action: str, **arguments: object) -> str:
    reason = given_reason(request.form)
    return services().decisions.run(action, username=session().user.name, reason=reason, **arguments)
