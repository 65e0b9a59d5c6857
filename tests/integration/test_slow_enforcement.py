"""A call that hangs takes one place; every other opt-out is made true beside it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.twins.events import message
from tests.twins.opted_out import Desk

SLOW = "a0"


@pytest.fixture
def desk(postgres: Any) -> Iterator[Desk]:
    desk = Desk(postgres, *(f"a{number}" for number in range(8)))
    yield desk
    desk.close()


def test_one_slow_call_delays_nobody_else(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given an account whose call does not come back
    answered, opt_out = threading.Event(), desk.target.opt_out

    def slow_at_one(account: str, phone: str) -> None:
        if account == SLOW:
            answered.wait(60)
        opt_out(account, phone)

    monkeypatch.setattr(desk.target, "opt_out", slow_at_one)
    # When somebody says stop, and soon afterwards somebody else
    desk.take(message(text="STOP", contact_phone="+13035550142"))
    for _ in range(10):
        desk.enforce(1)
        desk.later(seconds=2)
    desk.take(message(text="STOP", contact_phone="+13035550143"))
    for _ in range(10):
        desk.enforce(1)
        desk.later(seconds=2)
    # Then every other call is made, while that one is still under way
    waiting = desk.all("SELECT account, status FROM enforcements WHERE status <> 'done' ORDER BY phone")
    assert waiting == [(SLOW, "pending"), (SLOW, "pending")]
    assert len(desk.target.calls) == 14
    # And once it is over, what came of it is recorded
    answered.set()
    desk.enforcer.finish(desk.database, 60)
    assert desk.all("SELECT DISTINCT status FROM enforcements") == [("done",)]
