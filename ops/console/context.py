"""What every page works with: the database, the session of the request, and how the page is answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import abort, current_app, g, render_template, request
from werkzeug.wrappers import Response

from ops.console.charts import EventCounts, HeartbeatHistory
from ops.console.database import ConsoleDatabase
from ops.console.decisions import DecisionRunner
from ops.console.sessions import Session, Sessions
from ops.console.settings import ConsoleSettings
from ops.console.trial_runner import RuleTrialRunner
from ops.trace.masking import Masking

P = ParamSpec("P")
R = TypeVar("R")

#: Under which Flask keeps the services of this app.
EXTENSION = "hookline_console"


@dataclass(frozen=True, slots=True)
class ConsoleServices:
    """What the pages need."""

    settings: ConsoleSettings
    database: ConsoleDatabase
    sessions: Sessions
    decisions: DecisionRunner
    rule_trials: RuleTrialRunner
    event_counts: EventCounts
    heartbeat_history: HeartbeatHistory
    deadline_zone: str  #: the time zone that deadlines are counted in: HOOKLINE_OPT_OUT__TIME_ZONE


def services() -> ConsoleServices:
    """Those of the app that answers the request."""
    found: ConsoleServices = current_app.extensions[EXTENSION]
    return found


def session() -> Session:
    """Of whoever asks; every page but the login has one."""
    found: Session = g.console_session
    return found


def page_address() -> str:
    """The page that is asked for, as its reveals are kept and recorded: its path and query, nothing personal."""
    return request.full_path.rstrip("?")


def masking() -> Masking:
    """How the page that is asked for shows personal data."""
    return Masking(reveal=services().sessions.is_revealed(session(), page_address()))


def answer(template: str, personal: Masking | None = None, **values: object) -> str:
    """The page; `personal`: it holds personal data, which an operator may reveal."""
    return render_template(template, personal=personal, page_address=page_address(), **values)


def operators_only(view: Callable[P, R]) -> Callable[P, R]:
    """403 for a viewer."""

    @wraps(view)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        if not session().may_change:
            abort(403)
        return view(*args, **kwargs)

    return checked


def given_reason(form: Mapping[str, str]) -> str:
    """Why somebody reveals or changes something. Aborts with 400 where it is missing or too long."""
    reason = " ".join(form.get("reason", "").split()).replace("\x00", "")
    if not 3 <= len(reason) <= 300:
        abort(400, "a reason of 3 to 300 characters is needed: it is recorded")
    return reason


def integer_argument(name: str) -> int | None:
    """A number in the address's query; None: it is not there. Aborts with 400 where it is none."""
    text = request.args.get(name)
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        abort(400, f"{name} is a number")
    return int(text)


#: What a view returns.
Answer = str | Response | tuple[str, int]
