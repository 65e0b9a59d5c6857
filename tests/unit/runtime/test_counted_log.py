from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from runtime.counted_log import INTERVAL, MAX_KINDS, CountedLog


class Lines:
    """What was logged, and the minutes that are under way."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []
        self.due: list[Callable[[], None]] = []

    def warning(self, event: str, **facts: Any) -> None:
        self.lines.append({"event": event, **facts})

    def exception(self, event: str, **facts: Any) -> None:
        self.lines.append({"event": event, "traceback": True, **facts})

    def error(self, event: str, **facts: Any) -> None:
        self.lines.append({"event": event, **facts})

    def schedule(self, seconds: float, call: Callable[[], None]) -> None:
        assert seconds == INTERVAL
        self.due.append(call)

    def end_minute(self) -> None:
        due, self.due = self.due, []
        for call in due:
            call()


def counted() -> tuple[CountedLog, Lines]:
    lines = Lines()
    return CountedLog(lines, schedule=lines.schedule), lines  # type: ignore[arg-type]


def test_a_flood_is_a_line_a_kind_and_minute() -> None:
    log, lines = counted()
    # Given a flood of two kinds
    for number in range(3000):
        log.warning("refused", reason="wrong_secret" if number % 3 else "not_json")
    # Then there is a line of each, at once
    assert lines.lines == [{"event": "refused", "reason": "not_json"}, {"event": "refused", "reason": "wrong_secret"}]
    # And another at the end of the minute, with the count
    lines.end_minute()
    assert lines.lines[2:] == [
        {"event": "refused", "reason": "not_json", "more": 999, "seconds": INTERVAL},
        {"event": "refused", "reason": "wrong_secret", "more": 1999, "seconds": INTERVAL},
    ]
    # After a quiet minute the next one is logged at once again, and nothing is left behind
    lines.end_minute()
    assert not lines.due
    log.warning("refused", reason="not_json")
    assert len(lines.lines) == 5


def test_more_kinds_than_are_counted_are_logged() -> None:
    log, lines = counted()
    for number in range(MAX_KINDS + 10):
        log.warning("refused", reason=str(number))
        log.warning("refused", reason=str(number))
    assert len(lines.lines) == MAX_KINDS + 20


def test_a_bug_that_comes_every_second_has_one_traceback() -> None:
    log, lines = counted()
    for error in (ValueError("a"), ValueError("b"), KeyError("c"), ValueError("d")):
        try:
            raise error
        except Exception:
            log.exception("step_failed", step="replay")
    facts = {"event": "step_failed", "step": "replay"}
    assert lines.lines == [
        {**facts, "traceback": True, "error_class": "ValueError"},
        {**facts, "traceback": True, "error_class": "KeyError"},
    ]
    lines.end_minute()
    assert lines.lines[2:] == [{**facts, "error_class": "ValueError", "more": 2, "seconds": INTERVAL}]


@given(st.lists(st.sampled_from(["a", "b", "minute"]), max_size=200))
def test_every_line_is_counted_once(moves: list[str]) -> None:
    log, lines = counted()
    for move in moves:
        if move == "minute":
            lines.end_minute()
        else:
            log.warning(move)
    lines.end_minute()
    for event in "ab":
        logged = [line for line in lines.lines if line["event"] == event]
        assert sum(line.get("more", 1) for line in logged) == moves.count(event)
