"""The thread that drains the spool goes on, whatever fails: nobody else would drain it."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import pytest
import structlog

from ingest.durable.replay_loop import FAILED, ReplayLoop
from ingest.durable.spool.state import SharedState


class Draining:
    """A replayer that empties the spool at once, unless its disk or its code fails."""

    def __init__(self, state: SharedState) -> None:
        self._state = state
        self.failures: list[Exception] = []

    def begin(self) -> None:
        if self.failures:
            raise self.failures.pop()

    def step(self) -> bool:
        self._state.spooling = 0
        return True


@pytest.fixture
def state(tmp_path: Path) -> Iterator[SharedState]:
    with closing(SharedState(tmp_path / "state")) as shared:
        shared.spooling = 1
        yield shared


def run(replayer: Draining, state: SharedState, folder: Path, *, lock_fails: bool = False) -> list[float]:
    """Run until the spool is empty, or for ten turns; the pauses."""
    pauses: list[float] = []

    def wait(seconds: float) -> bool:
        pauses.append(seconds)
        return not state.spooling or len(pauses) > 10

    loop = ReplayLoop(replayer, state, folder, wait)  # type: ignore[arg-type] # the part of a Replayer that it uses
    take, failures = loop._lock.take, [OSError(errno.ENOLCK, "No locks available")] * lock_fails

    def taken() -> bool:
        if failures:
            raise failures.pop()
        return take()

    loop._lock.take = taken  # type: ignore[method-assign, assignment]
    loop.run()
    loop._lock.close()
    return pauses


def test_a_lock_that_cannot_be_asked_for_is_asked_for_again(state: SharedState, tmp_path: Path) -> None:
    assert FAILED in run(Draining(state), state, tmp_path, lock_fails=True)
    assert not state.spooling


def test_a_bug_at_the_beginning_of_a_drain_ends_no_thread(state: SharedState, tmp_path: Path) -> None:
    replayer = Draining(state)
    replayer.failures = [OverflowError("a bug of ours")]
    assert FAILED in run(replayer, state, tmp_path)
    assert not state.spooling


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
