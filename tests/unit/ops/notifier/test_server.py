"""The notifier's steps, again and again."""

from __future__ import annotations

import threading

import structlog

from ops.notifier.server import repeated


def test_a_bug_in_a_step_is_logged_with_one_traceback_and_does_not_end_it() -> None:
    stop, calls = threading.Event(), [0]

    def step() -> None:
        calls[0] += 1
        if calls[0] == 50:
            stop.set()
        raise ValueError("a bug")

    with structlog.testing.capture_logs() as logged:
        repeated("deliver", step, 0.0, stop).join(20)  # type: ignore[arg-type] # what it asks a StopSignal for
    assert calls == [50]
    [line] = [line for line in logged if line["event"] == "notifier_step_failed"]
    assert (line["step"], line["error_class"]) == ("deliver", "ValueError")
