"""What the heartbeats make facts of, without PostgreSQL; integration/test_notifier.py has the rest."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ops.alarms.catalogue import RULES
from ops.alarms.findings import ObservedItem
from ops.notifier.postgres_observer import _clocks
from ops.notifier.watch import findings_of
from ops.status.heartbeats import Heartbeats, HeartbeatState

AT = datetime(2026, 1, 2, tzinfo=UTC)


def node(name: str, off: float | None, state: str = "ready") -> HeartbeatState:
    facts = {} if off is None else {"clock_off_seconds": off}
    return HeartbeatState("ingest", name, "1.0", state, "", facts, AT, AT, 0.0)


@pytest.mark.parametrize("state", ["ready", "not ready"])
@pytest.mark.parametrize("off", [600.0, -600.0])
def test_a_node_whose_clock_is_off_is_named(off: float, state: str) -> None:
    items = list(_clocks(Heartbeats([node("n1", 0.0), node("n2", off, state), node("n3", None)])))

    assert items == [ObservedItem("clock_off", {"node": "n2"}, 600.0)]
    assert [(found.rule, found.labels["node"]) for found in findings_of(items)] == [("HooklineClockOff", "n2")]
    assert "HooklineClockOff" in {rule.name for rule in RULES}


def test_what_a_node_that_is_missing_said_last_is_no_fact() -> None:
    assert list(_clocks(Heartbeats([node("n1", 600.0, "missing"), node("n2", 5.0)]))) == []
