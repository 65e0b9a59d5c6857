"""The first page: how everything is, refreshed by itself; and what its alarms mean."""

from __future__ import annotations

import psycopg
from flask import Blueprint, current_app

from ops.alarms.catalogue import GROUPS
from ops.console.admin_ports import ask_all
from ops.console.context import Answer, answer, services
from ops.console.database import ConsoleBusy
from ops.console.overview import OverviewReader
from ops.exits import failure

pages = Blueprint("overview", __name__)

#: Under which Flask keeps the reader of this app.
_READER = "hookline_console_overview"


@pages.get("/")
def page() -> Answer:
    """The whole page."""
    return _page("overview.html")


@pages.get("/overview/live")
def live() -> Answer:
    """The part of it that refreshes itself."""
    return _page("overview_live.html")


@pages.get("/runbook")
def runbook() -> Answer:
    """What each alarm means and what to do, as docs/runbook.md has it."""
    return answer("runbook.html", groups=GROUPS)


def _page(template: str) -> Answer:
    reader = current_app.extensions.setdefault(_READER, OverviewReader(services().database))
    try:
        overview = reader.read()
    except (psycopg.Error, ConsoleBusy) as error:
        # What the tables would tell is not known: whoever can be asked is asked. 200, or htmx would not show it.
        why = "busy" if isinstance(error, ConsoleBusy) else failure(error).message
        readiness = ask_all(services().settings.admin_ports, "/readyz")
        return answer(template, overview=None, why=why, readiness=readiness)
    return answer(template, overview=overview)
