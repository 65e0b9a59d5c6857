"""What was set aside: dead letters by cause, and records that opt-out parked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, redirect, request, url_for
from werkzeug.wrappers import Response

from ops.console.context import Answer, answer, given_reason, masking, operators_only, services, session
from ops.console.records import write_record
from ops.console.requests import MOST, amount, stop_request
from runtime.postgres import Connection, named_rows
from schemas.kafka_access import PROCESSOR_READS

pages = Blueprint("dead_letters", __name__, url_prefix="/dead-letters")

#: Dead letters and parked records that are shown, and requests: the newest.
SHOWN, REQUESTS_SHOWN = 50, 10
#: The longest value of a field of a request's form.
LONGEST = 300

_CAUSES = """
SELECT consumer_group, string_agg(DISTINCT topic, ', ') AS topics, disposition, error_class, ours,
    count(*) AS letters, min(failed_at) AS first, max(failed_at) AS last
FROM dead_letters GROUP BY consumer_group, disposition, error_class, ours ORDER BY count(*) DESC LIMIT 100
"""
_DECIDED = """
SELECT processor, count(*) AS discarded, max(discarded_at) AS last FROM discarded_letters GROUP BY processor ORDER BY 1
"""
_NEWEST = f"""
SELECT consumer_group, topic, partition, record_offset, event_id, event_type, disposition, error_class, error_message,
    attempts, failed_at
FROM dead_letters ORDER BY failed_at DESC LIMIT {SHOWN}
"""  # noqa: S608 - a number of ours
_PARKED = f"""
SELECT p.topic, p.partition, p.record_offset, p.disposition, p.error_class, p.writer, p.parked_at, p.review_id,
    r.decision, r.position
FROM opt_out_parked AS p LEFT JOIN opt_out_reviews AS r ON r.id = p.review_id ORDER BY p.id DESC LIMIT {SHOWN}
"""  # noqa: S608 - as above
_REQUESTS = f"""
SELECT id, processor, action, disposition, error_class, writer, most, canary, requested_by, reason, requested_at,
    stopped_by, state, expected, handled, kept, detail, changed_at, state IN ('waiting', 'running') AS open
FROM dead_letter_requests ORDER BY id DESC LIMIT {REQUESTS_SHOWN}
"""  # noqa: S608 - as above
_REQUEST = """
INSERT INTO dead_letter_requests (processor, action, disposition, error_class, writer, most, canary, requested_by,
    reason) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING id
"""
_STOP = """
UPDATE dead_letter_requests SET stopped_by = %s
WHERE id = %s AND stopped_by IS NULL AND state IN ('waiting', 'running')
"""


@pages.get("")
def page() -> Answer:
    """Counts by cause, and the newest of each."""
    personal = masking()
    with services().database.reading() as connection:
        return answer(
            "dead_letters.html",
            personal,
            most=MOST,
            requests=_requests(connection),
            causes=named_rows(connection, _CAUSES),
            decided=named_rows(connection, _DECIDED),
            newest=named_rows(connection, _NEWEST),
            parked=named_rows(connection, _PARKED),
        )


@pages.get("/requests")
def requests() -> Answer:
    """The part of the page that refreshes itself: what was asked for, and how far it is."""
    with services().database.reading() as connection:
        return answer("dead_letter_requests.html", requests=_requests(connection))


@pages.post("/requests")
@operators_only
def add_request() -> Response:
    """Have the processor send dead letters of one cause back to itself, or discard them."""
    form = request.form
    action, processor = form.get("action", ""), form.get("processor", "")
    if action not in ("redrive", "discard") or processor not in PROCESSOR_READS:
        abort(400, "what is to be done, and with whose dead letters?")
    canary = amount(form, "canary", 0) if action == "redrive" else 0
    most = amount(form, "most", 1)
    cause = [_chosen(form, name) for name in ("disposition", "error_class", "writer")]
    if cause[2] not in (None, "ours", "unknown"):
        abort(400, "a writer is ours or unknown")
    reason, username = given_reason(form), session().user.name
    with services().database.writing() as connection:
        row = (processor, action, *cause, most, canary or None, username, reason)
        [(number,)] = connection.execute(_REQUEST, row).fetchall()
        subject = f"request {number}: dead letters of {processor}"
        write_record(connection, username, "change", f"{action} dead letters", subject, reason)
    return redirect(url_for("dead_letters.page"), 303)


@pages.post("/requests/<int:number>/stop")
@operators_only
def stop(number: int) -> Response:
    """End a request before it is done; what was sent back stays sent back."""
    stop_request(_STOP, number, "dead letters")
    return redirect(url_for("dead_letters.page"), 303)


def _requests(connection: Connection) -> list[dict[str, Any]]:
    return named_rows(connection, _REQUESTS)


def _chosen(form: Mapping[str, str], name: str) -> str | None:
    text = form.get(name, "").replace("\x00", "")
    if len(text) > LONGEST:
        abort(400, f"{name} is longer than any of ours")
    return text or None
