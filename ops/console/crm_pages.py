"""The CRMs: how each is doing, and what failed there for good."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, abort, redirect, request, url_for
from werkzeug.wrappers import Response

from ops.console.context import Answer, answer, given_reason, masking, operators_only, services, session
from processors.crm_sync.backfill_progress import newest_backfills
from processors.crm_sync.report import newest_dead, states
from runtime.postgres import named_rows

pages = Blueprint("crm", __name__, url_prefix="/crm")

#: Dead deliveries that are shown, that one decision redrives at most, and backfills that are shown.
SHOWN, AT_ONCE, BACKFILLS_SHOWN = 50, 1000, 10

_OLDEST_PENDING = """
SELECT t.target, (SELECT min(received_at) FROM crm_deliveries AS p WHERE p.target = t.target AND p.status = 'pending')
FROM crm_targets AS t
"""
_CAUSES = """
SELECT target, COALESCE(detail, '') AS cause, count(*) AS deliveries, min(last_attempt_at) AS first,
    max(last_attempt_at) AS last, min(event_id::text) AS example
FROM crm_deliveries WHERE status = 'dead' GROUP BY target, COALESCE(detail, '') ORDER BY count(*) DESC LIMIT 100
"""
_OF_CAUSE = f"""
SELECT event_id FROM crm_deliveries AS d
WHERE d.status = 'dead' AND d.target = %s AND COALESCE(d.detail, '') = (
    SELECT COALESCE(detail, '') FROM crm_deliveries WHERE event_id = %s AND target = %s)
ORDER BY received_at, event_id LIMIT {AT_ONCE}
"""  # noqa: S608 - a number of ours


@pages.get("")
def page() -> Answer:
    """Every target, causes of what is dead, and the newest dead deliveries."""
    personal = masking()
    with services().database.reading() as connection:
        return answer(
            "crm.html",
            personal,
            targets=states(connection),
            oldest_pending=dict(connection.execute(_OLDEST_PENDING).fetchall()),
            causes=named_rows(connection, _CAUSES),
            dead=newest_dead(connection, None, SHOWN),
            at_once=AT_ONCE,
            backfills=newest_backfills(connection, BACKFILLS_SHOWN),
        )


@pages.get("/backfills")
def backfills() -> Answer:
    """The part of the page that refreshes itself: how far each backfill is."""
    with services().database.reading() as connection:
        return answer("crm_backfills.html", backfills=newest_backfills(connection, BACKFILLS_SHOWN))


@pages.post("/<target>/<event_id>/redrive")
@operators_only
def redrive(target: str, event_id: str) -> Response:
    """Have one dead delivery tried again, or the oldest that are dead for the same cause."""
    try:
        event = UUID(event_id)
    except ValueError:
        abort(404)
    reason, events = given_reason(request.form), [str(event)]
    if request.form.get("which") == "cause":
        with services().database.reading() as connection:
            events = [str(found) for (found,) in connection.execute(_OF_CAUSE, (target, event, target))]
    services().decisions.run("redrive", username=session().user.name, reason=reason, target=target, events=events)
    return redirect(url_for("crm.page"), 303)
