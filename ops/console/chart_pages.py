"""Charts: events a minute, the share of 401, the lag in seconds; each with a table that says the same by hour."""

from __future__ import annotations

from flask import Blueprint, jsonify
from werkzeug.wrappers import Response

from ops.console.charts import Chart
from ops.console.context import Answer, answer, services

pages = Blueprint("charts", __name__, url_prefix="/charts")


@pages.get("")
def page() -> Answer:
    """The charts' places, which the script fills, and the tables."""
    return answer("charts.html", charts=_charts())


@pages.get("/data")
def data() -> Response:
    """What the script draws; it asks again every minute."""
    return jsonify(charts=[chart.data() for chart in _charts()])


def _charts() -> list[Chart]:
    with services().database.reading() as connection:
        [(now,)] = connection.execute("SELECT clock_timestamp()").fetchall()
        return [*services().event_counts.read(connection, now), *services().heartbeat_history.charts()]
