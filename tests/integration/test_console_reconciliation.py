"""What the desk of opt-outs tells of comparisons with the targets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from processors.opt_out.reconcile import OptOutReconciler
from processors.outbox.errors import RetryLater
from tests.twins.console import PlayedConsole
from tests.twins.events import message
from tests.twins.opted_out import Desk

#: Numbers that have opted out; another is out at the target alone.
OUT, UNHEARD = [f"+1303555017{n}" for n in range(4)], "+13035550188"


@pytest.fixture
def desk(postgres: Any) -> Iterator[Desk]:
    made = Desk(postgres, "acme", "acme_north")
    yield made
    made.close()


def rows(console: PlayedConsole) -> list[list[str]]:
    """The rows of the section, as their cells read."""
    text = console.client("viv").get("/opt-outs").text
    section = text[text.index("<h2>Reconciliation") : text.index("<h2>Numbers by state")]
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in re.findall(r"<tr.*?</tr>", section)]
    return [[re.sub(r"<[^>]+>", "", cell).strip() for cell in row] for row in cells]


def target(console: PlayedConsole) -> list[str]:
    """The row of textus itself: the first that names it."""
    return next(row for row in rows(console) if row[0] == "textus")


def test_what_agreed_and_what_was_repaired_is_told_by_target_and_account(desk: Desk, console: PlayedConsole) -> None:
    # Given four numbers out everywhere, one of which an account has lost, and one that it has never told of
    desk.take(*(message(text="STOP", contact_phone=phone) for phone in OUT))
    desk.take(message(text="wrong number", contact_phone=UNHEARD))
    desk.enforce(20)
    nightly = OptOutReconciler(desk.target, desk.ledger, every=timedelta(days=1), now=desk.clock)
    nightly(desk.database)
    assert target(console)[:3] == ["textus", "waiting", "not yet"]
    desk.target.out.remove(("acme", OUT[1]))
    desk.target.out.add(("acme_north", UNHEARD))

    desk.later(days=1)
    nightly(desk.database)

    assert [target(console)[1], *target(console)[3:8]] == ["repaired", "10", "8", "1", "1", "0"]
    assert [row[1:6] for row in rows(console) if row[0] == "textus" and row[1].startswith("acme")] == [
        ["acme", "5", "4", "1", "0"],
        ["acme_north", "5", "4", "0", "1"],
    ]


def test_a_comparison_that_failed_is_told_and_the_next_one_ends_that(desk: Desk, console: PlayedConsole) -> None:
    desk.take(message(text="STOP", contact_phone=OUT[0]))
    desk.enforce()
    nightly = OptOutReconciler(desk.target, desk.ledger, every=timedelta(days=1), now=desk.clock)
    nightly(desk.database)
    for _ in range(2):
        desk.later(days=1)
        desk.target.troubles = [RetryLater(f"HTTP 503 for {OUT[0]}")]
        nightly(desk.database)
    assert (target(console)[1], target(console)[7]) == ("failed", "2")
    [why] = [row[0] for row in rows(console) if "HTTP 503" in row[0]]
    assert OUT[0][2:] not in why
    assert OUT[0][2:] not in str(desk.all("SELECT result FROM target_rounds"))
    nightly(desk.database)
    assert (target(console)[1], target(console)[7]) == ("ok", "0")
