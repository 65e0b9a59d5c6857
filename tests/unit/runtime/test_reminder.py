"""The same trouble is logged once, and again each minute."""

from __future__ import annotations

from runtime.reminder import Reminder


def test_once_then_each_minute_until_it_is_over() -> None:
    now = 0.0
    reminder = Reminder(clock=lambda: now)
    due = []
    for second in range(0, 130, 5):
        now = float(second)
        if reminder.due():
            due.append(second)
    assert due == [0, 60, 120]
    assert reminder.reset()
    assert not reminder.reset()
    assert reminder.due()
