"""What heartbeats tell, planted and named."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ops.status.heartbeats import Heartbeats, HeartbeatState

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
