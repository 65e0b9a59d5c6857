"""Whether the table of events holds all that came: otherwise nobody can tell silence from lag."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ops.notifier.postgres_observer import _is_complete
from ops.status.heartbeats import Heartbeats, HeartbeatState

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def persist(state: str = "ready", **facts: Any) -> HeartbeatState:
    return HeartbeatState("persist", "n1", "1.0", state, "ok", facts, AT, AT, 0.0)


@pytest.mark.parametrize(
    ("beats", "is_complete"),
    [
        ([], False),
        ([persist(lag_seconds=59.0)], True),
        ([persist(lag_seconds=61.0)], False),
        ([persist()], False),  # it does not know how far behind it is
        ([persist(), persist(lag_seconds=1.0)], True),  # one without partitions
        ([persist("not ready"), persist(lag_seconds=1.0)], False),
    ],
)
def test_events_are_complete_where_persist_is_known_to_have_caught_up(
    beats: list[HeartbeatState], is_complete: bool
) -> None:
    assert _is_complete(Heartbeats(beats, known=True)) is is_complete
