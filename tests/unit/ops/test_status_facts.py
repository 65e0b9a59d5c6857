"""What heartbeats tell, planted and named."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import psycopg
import pytest

from ops.status.heartbeats import Heartbeats, HeartbeatState, last_events

AT = datetime(2026, 1, 2, tzinfo=UTC)


def beat(state: str = "ready", reason: str = "ok", **facts: Any) -> HeartbeatState:
    return HeartbeatState("persist", "n1", "1.0", state, reason, facts, AT, AT, 0.0)


def lately(webhooks: int, refused: int, seconds: float = 300.0) -> dict[str, float]:
    return {"webhooks": webhooks, "refused": refused, "seconds": seconds}


@pytest.mark.parametrize(
    ("beats", "severity", "expected"),
    [
        (Heartbeats([beat("missing", "not heard of for 12 s")]), "error", "persist on n1 is missing: not heard of"),
        (Heartbeats([beat("not ready", "paused")]), "error", "persist on n1 is not ready: paused"),
        (
            Heartbeats([beat(lag_records=970, lag_seconds=75.2)]),
            "error",
            "persist on n1 is 970 records and 75 s behind",
        ),
        (
            Heartbeats([beat(webhooks_lately={"textus": lately(500, 0), "textlink": lately(100, 30)})]),
            "error",
            "30% of the webhooks of textlink were answered 401 on n1 in the last 5 minutes",
        ),
        (
            Heartbeats([beat(webhooks_lately={"textlink": lately(20, 20, 3600.0)})]),
            "error",
            "100% of the webhooks of textlink were answered 401 on n1 in the last 60 minutes",
        ),
        (Heartbeats([beat(quarantined=20)]), "warning", "20 webhooks wait in the quarantine of n1"),
        (Heartbeats([beat(clock_off_seconds=600.04)]), "warning", "the clock of n1 is 600.0 s ahead of PostgreSQL's"),
        (Heartbeats([beat(clock_off_seconds=-5.1)]), "warning", "the clock of n1 is 5.1 s behind PostgreSQL's"),
        (Heartbeats(restarts={"persist": 3}), "warning", "persist was started again within an hour (3 x)"),
    ],
)
def test_what_is_wrong_is_named(beats: Heartbeats, severity: str, expected: str) -> None:
    [finding] = beats.findings()

    assert expected in str(finding)
    assert finding.severity == severity


@pytest.mark.parametrize(
    "well",
    [
        beat(lag_records=5, lag_seconds=59.0),
        beat(webhooks_lately={"textlink": lately(19, 19)}, quarantined=19),
        beat(webhooks_lately={"textlink": lately(100, 20)}),
        beat(webhooks_lately={"textlink": lately(0, 0)}),
        beat(clock_off_seconds=-5.0),
        beat(),
    ],
)
def test_what_is_well_is_no_problem(well: HeartbeatState) -> None:
    assert list(Heartbeats([well]).findings()) == []


def test_a_process_that_was_named_already_is_not_named_again() -> None:
    assert list(Heartbeats([beat("missing", "silent")]).findings({"persist"})) == []


def test_only_a_node_that_is_heard_tells_of_refusals() -> None:
    facts = {"webhooks_lately": {"textlink": lately(100, 0)}}
    assert Heartbeats([beat(), beat(**facts)]).tell_refusals
    assert not Heartbeats([beat(), beat("missing", "silent", **facts)]).tell_refusals


class EventTables:
    """A connection to the tables of events: what each query finds, and from when on it looked."""

    def __init__(self, arrivals: dict[str, datetime], events: dict[str, datetime], *, slow: bool = False) -> None:
        self._arrivals, self._events, self._slow = arrivals, events, slow
        self.since: list[timedelta] = []  #: how far back

    def transaction(self) -> nullcontext[None]:
        return nullcontext()

    def execute(self, query: str, values: tuple[datetime, ...] = ()) -> EventTables:
        self._found = self._arrivals
        if "FROM events" in query:
            now = datetime.now(UTC)
            since = min(values[0], now - timedelta(hours=1))
            self.since.append(now - since)
            if self._slow and now - since > timedelta(hours=2):
                raise psycopg.errors.QueryCanceled
            self._found = {provider: at for provider, at in self._events.items() if at > since}
        return self

    def fetchall(self) -> list[tuple[str, datetime]]:
        return list(self._found.items())


def ago(**passed: float) -> datetime:
    return (datetime.now(UTC) - timedelta(**passed)).replace(second=0, microsecond=0)


def test_the_last_event_of_a_provider_that_is_silent_stays() -> None:
    # Given a notifier that has read everything, and a provider that was last heard of three hours ago
    quiet, busy, newest = ago(hours=3), ago(minutes=1), ago(seconds=0)
    tables = EventTables({"textus": quiet, "textlink": busy}, {"textlink": newest})
    assert last_events(cast(Any, tables)) == {"textlink": newest, "textus": quiet}
    assert max(tables.since) < timedelta(hours=1, minutes=1), "the last hour is enough"


def test_what_came_after_the_notifier_had_ended_is_found() -> None:
    quiet, later = ago(days=3), ago(hours=2)
    tables = EventTables({"textus": quiet, "textlink": ago(days=2)}, {"textus": later, "textlink": later})
    assert last_events(cast(Any, tables)) == {"textlink": later, "textus": later}


def test_without_a_notifier_the_events_tell() -> None:
    quiet, newest = ago(days=20), ago(minutes=1)
    tables = EventTables({}, {"textus": quiet, "textlink": newest})
    assert last_events(cast(Any, tables)) == {"textlink": newest, "textus": quiet}


def test_where_that_takes_too_long_the_last_hour_is_told_and_nothing_old() -> None:
    newest = ago(minutes=1)
    tables = EventTables({"textus": ago(days=9)}, {"textus": ago(hours=2), "textlink": newest}, slow=True)
    assert last_events(cast(Any, tables)) == {"textlink": newest}
