"""The thread in which the spool is drained: what it does with a bug."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import structlog

from ingest.durable.replay_loop import FAILED, ReplayLoop
from ingest.durable.spool.state import SharedState


class Broken:
    """A Replayer with a bug."""

    def begin(self) -> None:
        """It is asked to."""

    def step(self) -> bool:
        raise ValueError("not a port")


class Spooling:
    """The flag of a node whose spool holds events."""

    spooling = 1


def test_a_bug_that_comes_every_second_is_logged_with_one_traceback(tmp_path: Path) -> None:
    waits: list[float] = []

    def wait(seconds: float) -> bool:
        waits.append(seconds)
        return len(waits) > 200

    state = cast(SharedState, Spooling())
    with structlog.testing.capture_logs() as logged:
        ReplayLoop(cast(Any, Broken()), state, tmp_path, wait).run()
    assert waits.count(FAILED) == 100
    [line] = [line for line in logged if line["event"] == "replayer_failed"]
    assert (line["error_class"], line["log_level"]) == ("ValueError", "error")
    assert line["exc_info"]
