"""The charts: what they say is what the tables hold, and each look counts what it has time for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from ops.console.charts import DAY, Chart, EventCounts
from ops.console.database import connect_for_console
from runtime.admin import Readiness
from runtime.heartbeat import Heartbeat
from tests.integration.test_console import stored
from tests.twins.console import PlayedConsole
from tests.twins.opted_out import Desk
from tests.twins.stored import webhook

NOW = datetime(2026, 3, 2, 12, 30, 20, tzinfo=UTC)


@pytest.fixture
def desk(postgres: Any) -> Iterator[Desk]:
    made = Desk(postgres, "acme")
    yield made
    made.close()


def texts_at(*moments: datetime) -> list[Any]:
    return [
        webhook("textlink", "received", at, phone_number=f"+1303555{n:04}", text=f"text {n}")
        for n, at in enumerate(moments)
    ]


def by_minute(charts: list[Chart]) -> Counter[datetime]:
    return Counter(
        {
            at: int(value)
            for chart in charts
            for values in chart.series.values()
            for at, value in zip(chart.times, values, strict=True)
            if value
        }
    )


def test_a_day_is_counted_step_by_step_and_what_comes_is_added(desk: Desk) -> None:
    # Given an event every 50 minutes for 30 hours, and three of one minute
    moments = [NOW - timedelta(minutes=50 * n) for n in range(36)] + [NOW - timedelta(hours=3)] * 3
    stored(desk, *texts_at(*moments))
    end = NOW.replace(second=0)
    expected = Counter(at.replace(second=0) for at in moments if end - DAY <= at < end)
    ticks = count()
    counts = EventCounts(clock=lambda: 0.1 * next(ticks))  # each look has time for one or two hours
    with connect_for_console(desk.postgres.dsn("console"), 5.0) as connection:
        first = counts.read(connection, NOW)
        assert 0 < by_minute(first).total() < expected.total()
        for _ in range(24):
            charts = counts.read(connection, NOW)
        assert by_minute(charts) == expected
        [chart] = charts
        assert len(chart.times) == 1440
        assert sum(values["message.received"] or 0 for _, values in chart.hours()) == expected.total()
        # When more comes, late by some minutes, it is there; an hour later it is still there
        stored(desk, *texts_at(NOW - timedelta(minutes=4), NOW + timedelta(minutes=1)))
        later = NOW + timedelta(minutes=2)
        assert by_minute(counts.read(connection, later)).total() == expected.total() + 3
        # And a console that nobody has looked at for hours begins anew
        for _ in range(26):
            charts = counts.read(connection, NOW + timedelta(hours=5))
        assert by_minute(charts).total() == len([at for at in moments if at > NOW - timedelta(hours=19)]) + 2


def test_the_page_the_data_and_the_tables_say_the_same(desk: Desk, console: PlayedConsole) -> None:
    client = console.client("viv")
    assert "Nothing is known yet." in client.get("/charts").text
    now = datetime.now(UTC)
    stored(desk, *texts_at(now - timedelta(minutes=3), now - timedelta(minutes=3)))
    counts = {"textlink": {"webhooks": 50, "refused": 5, "seconds": 300}}
    Heartbeat("ingest", node="n1").beat(desk.owner, Readiness(True), {"webhooks_lately": counts})
    Heartbeat("ingest", node="n2").beat(desk.owner, Readiness(True), {"webhooks_lately": counts | {"textus": {}}})
    Heartbeat("persist", node="n1").beat(desk.owner, Readiness(True), {"lag_records": 7, "lag_seconds": 1.5})
    for minute in range(2):
        console.history.look(now + timedelta(minutes=minute))

    charts = {chart["name"]: chart for chart in client.get("/charts/data").json["charts"]}  # type: ignore[index]

    [line] = charts["events-textlink"]["series"]
    assert (line["name"], sum(line["values"])) == ("message.received", 2)
    assert charts["refused"]["series"] == [{"name": "textlink", "values": [10.0, 10.0]}]
    assert charts["lag"]["series"] == [{"name": "persist", "values": [1.5, 1.5]}]
    page = client.get("/charts").text
    assert '<td class="num">10.0</td>' in page
    assert '<td class="num">1.5</td>' in page
    assert page.count("data-chart=") == 3
    assert "style=" not in page
    assert "555" not in page


def test_while_postgresql_is_away_nothing_is_added(tmp_path: Path) -> None:
    console = PlayedConsole(tmp_path)
    console.history.look(NOW)
    assert [chart.series for chart in console.history.charts()] == [{}, {}]
    assert console.client().get("/charts/data", headers={"Accept": "application/json"}).status_code == 401
    console.close()
