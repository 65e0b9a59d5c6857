"""Refused webhooks in the nodes' quarantines, by reason, and having them brought back; no webhook itself is shown."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, abort, redirect, request, url_for
from werkzeug.wrappers import Response

from ops.console.context import Answer, answer, given_reason, operators_only, services, session
from ops.console.records import write_record
from ops.console.requests import MOST, amount, stop_request
from runtime.postgres import Connection, named_rows

pages = Blueprint("quarantine", __name__, url_prefix="/quarantine")

#: Requests that are shown, the newest; the longest value of a field of their form.
SHOWN, LONGEST = 10, 100

_NODES = """
SELECT DISTINCT ON (node) node, (facts ->> 'quarantined')::bigint AS webhooks,
    (facts ->> 'quarantine_bytes')::bigint AS bytes, (facts ->> 'refused_lately')::bigint AS refused, at,
    facts -> 'quarantine_kinds' AS kinds
FROM process_heartbeats WHERE name = 'ingest' AND state <> 'stopped' AND facts ? 'quarantined' ORDER BY node, at DESC
"""
_REQUESTS = f"""
SELECT id, node, provider, refusal, most, requested_by, reason, requested_at, stopped_by, state, expected, handled,
    kept, detail, changed_at, state IN ('waiting', 'running') AS open
FROM quarantine_requests ORDER BY id DESC LIMIT {SHOWN}
"""  # noqa: S608 - a number of ours
_ADD = """
INSERT INTO quarantine_requests (node, provider, refusal, most, requested_by, reason) VALUES (%s, %s, %s, %s, %s, %s)
RETURNING id
"""
_STOP = """
UPDATE quarantine_requests SET stopped_by = %s
WHERE id = %s AND stopped_by IS NULL AND state IN ('waiting', 'running')
"""


@pages.get("")
def page() -> Answer:
    """What each node holds, by provider and reason, and what was asked for."""
    with services().database.reading() as connection:
        nodes = named_rows(connection, _NODES)
        kinds = [_kind(node["node"], kind) for node in nodes for kind in node["kinds"] or ()]
        return answer("quarantine.html", nodes=nodes, kinds=kinds, requests=_requests(connection), most=MOST)


@pages.get("/requests")
def requests() -> Answer:
    """The part of the page that refreshes itself: what was asked for, and how far it is."""
    with services().database.reading() as connection:
        return answer("quarantine_requests.html", requests=_requests(connection))


@pages.post("/requests")
@operators_only
def add_request() -> Response:
    """Have a node bring back webhooks of one provider that were refused for one reason, as far as they verify now."""
    form = request.form
    node, provider, refusal = (form.get(name, "").replace("\x00", "") for name in ("node", "provider", "refusal"))
    if not all(0 < len(text) <= LONGEST for text in (node, provider, refusal)):
        abort(400, "which node, which provider, and why were they refused?")
    most, reason, username = amount(form, "most", 1), given_reason(form), session().user.name
    with services().database.writing() as connection:
        values = (node, provider, refusal, most, username, reason)
        [(number,)] = connection.execute(_ADD, values).fetchall()
        subject = f"request {number}: quarantine of {node}, {provider} {refusal}"
        write_record(connection, username, "change", "replay quarantine", subject, reason)
    return redirect(url_for("quarantine.page"), 303)


@pages.post("/requests/<int:number>/stop")
@operators_only
def stop(number: int) -> Response:
    """End a request before it is done; what was brought back stays so."""
    stop_request(_STOP, number, "a quarantine")
    return redirect(url_for("quarantine.page"), 303)


def _requests(connection: Connection) -> list[dict[str, Any]]:
    return named_rows(connection, _REQUESTS)


def _kind(node: str, kind: dict[str, Any]) -> dict[str, Any]:
    return kind | {"node": node, "oldest": datetime.fromisoformat(kind["oldest"])}
