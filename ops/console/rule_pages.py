"""What rule sets of opt-outs would decide: about a text, and about what was received. Nothing is changed here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, redirect, request, url_for
from werkzeug.wrappers import Response

from ops.console.context import Answer, answer, masking, operators_only, services, session
from ops.console.events import EventPosition, EventRow, event_rows
from processors.opt_out.rules import VERSION

pages = Blueprint("rules", __name__, url_prefix="/opt-outs/rules")

#: Characters of a text that is tried: longer than any SMS.
LONGEST = 2000
#: Messages of each kind of difference that are shown.
EXAMPLES = 5


@pages.get("")
def page() -> Answer:
    """The forms, and the outcome of a trial of this session."""
    key = request.args.get("trial")
    outcome = None if key is None else session().trials.get(key)
    if key is not None and outcome is None:
        return redirect(url_for("rules.page"), 303)  # of a session before this one
    common: dict[str, Any] = {"newest": VERSION, "longest": LONGEST, "trial": key}
    if outcome is None or "text" in outcome:
        return answer("rules.html", tried=outcome, comparison=None, **common)
    place = outcome["place"]
    return answer(
        "rules.html",
        masking(),
        tried=None,
        comparison=outcome,
        examples=_examples(outcome),
        reached=None if place is None else EventPosition.read(place).at,
        **common,
    )


@pages.post("/text")
@operators_only
def try_text() -> Response:
    """Try a text by some rule sets; it stands in no address."""
    text = request.form.get("text", "").replace("\x00", "")
    if not text.strip() or len(text) > LONGEST:
        abort(400, f"a text has 1 to {LONGEST} characters")
    sets = sorted({_rule_set(number) for number in request.form.getlist("sets")} or {VERSION}, reverse=True)
    outcome = services().rule_trials.run(text=text, sets=sets)
    return _shown(session().remember_trial({"text": text, "sets": outcome["sets"]}))


@pages.post("/history")
@operators_only
def compare() -> Response:
    """Compare two rule sets over the newest messages, or go on with a comparison further back."""
    key = request.form.get("trial", "")
    so_far = session().trials.get(key) if key else None
    if so_far is not None and so_far.get("place") is None:
        abort(409, "that comparison has come to its end")
    if so_far is None:
        older, newer = (_rule_set(request.form.get(name, "")) for name in ("older", "newer"))
        if older >= newer:
            abort(400, "the older rule set has the smaller number")
        so_far = {"older": older, "newer": newer, "place": None, "messages": 0, "unreadable": 0, "kinds": []}
    request_fields = {name: so_far[name] for name in ("older", "newer", "place")}
    outcome = _together(so_far, services().rule_trials.run(**request_fields))
    if key not in session().trials:
        key = session().remember_trial(outcome)
    session().trials[key] = outcome
    return _shown(key)


def _together(so_far: Mapping[str, Any], step: Mapping[str, Any]) -> dict[str, Any]:
    """A comparison with one more step of it."""
    kinds: dict[tuple[str, str, str], dict[str, Any]] = {}
    for kind in (*so_far["kinds"], *step["kinds"]):
        known = kinds.setdefault((kind["from"], kind["to"], kind["rule"]), kind | {"messages": 0, "examples": []})
        known["messages"] += kind["messages"]
        known["examples"] = [*known["examples"], *kind["examples"]][:EXAMPLES]
    return {
        "older": so_far["older"],
        "newer": so_far["newer"],
        "place": step["place"],
        "messages": so_far["messages"] + step["messages"],
        "unreadable": so_far["unreadable"] + step["unreadable"],
        "kinds": sorted(kinds.values(), key=lambda kind: -int(kind["messages"])),
    }


def _examples(outcome: Mapping[str, Any]) -> dict[str, EventRow]:
    """The messages that a comparison shows, by their ids. Raises psycopg.Error, ConsoleBusy."""
    ids = [UUID(event_id) for kind in outcome["kinds"] for event_id in kind["examples"]]
    with services().database.reading() as connection:
        return {str(row.event_id): row for row in event_rows(connection, ids)}


def _rule_set(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 4 and 0 < int(text) <= VERSION):
        abort(400, f"there are rule sets 1 to {VERSION}")
    return int(text)


def _shown(key: str) -> Response:
    return redirect(url_for("rules.page", trial=key), 303)
