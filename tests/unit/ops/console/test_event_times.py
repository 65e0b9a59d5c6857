"""Times that a reader types into the search of events."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from werkzeug.exceptions import BadRequest

import ops.console
from ops.console.event_pages import _time

CONSOLE = Path(ops.console.__file__).parent


@pytest.mark.parametrize(
    ("typed", "zone", "hour"),
    [
        ("2026-10-31T12:00", "America/New_York", 16),  # on the day before the clocks go back
        ("2026-11-01T12:00", "America/New_York", 17),  # and on the day after, whenever one asks
        ("2026-03-29T01:30", "Europe/Berlin", 0),
        ("2026-03-29T03:30", "Europe/Berlin", 1),
        ("2026-11-01T12:00", "", 12),  # a browser without scripts says none
    ],
)
def test_a_time_is_read_as_the_clocks_of_its_own_day_stood(typed: str, zone: str, hour: int) -> None:
    at = _time({"since": typed, "zone": zone}, "since")
    assert at is not None
    assert at.tzinfo is UTC
    assert at.hour == hour
    assert at.replace(tzinfo=None).date() == datetime.fromisoformat(typed).date()


@pytest.mark.parametrize(
    "typed",
    [
        {"since": "yesterday"},
        {"since": "0001-01-01T00:00", "zone": "Asia/Tokyo"},
        {"since": "2026-11-01", "zone": "Mars"},
    ],
)
def test_what_is_no_time_is_a_request_that_is_refused(typed: dict[str, str]) -> None:
    with pytest.raises(BadRequest):
        _time(typed, "since")


def test_the_page_s_script_fills_in_the_field_that_is_read() -> None:
    assert 'name="zone"' in (CONSOLE / "templates" / "events.html").read_text("utf-8")
    assert "input[name=zone]" in (CONSOLE / "static" / "console.js").read_text("utf-8")
