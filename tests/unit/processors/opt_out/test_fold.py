"""The fold: one state, whatever the order of arrival, the duplicates, the replays and the clocks."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.opt_out.entry import GENESIS, Entry
from processors.opt_out.fold import fold, later, unvoided
from tests.twins.events import T0

PROVIDERS = ("textlink", "textus", None)


def row(position: int, action: str, said: float, received: float | None = None, **given: Any) -> Entry:
    """A row that was said and received so many minutes after T0."""
    received_at = T0 + timedelta(minutes=said if received is None else received)
    occurred_at: datetime | None = T0 + timedelta(minutes=said)
    details: dict[str, Any] = {
        "phone": "+13035550142", "echo": False, "tier": None, "rule": None, "rule_set": None, "actor": "contact",
        "reason": None, "provider": "textlink", "account": "textlink", "account_phone": None,
        "event_id": UUID(int=position), "message_id": None, "decided_at": received_at, "deadline": None,
        "event_hash": None, "topic": None, "partition": None, "record_offset": None, "corrects": None,
        "evidence_digest": None, "previous_hash": GENESIS,
        "occurred_at": occurred_at, "received_at": received_at,
    }  # fmt: skip
    details |= given
    occurred = details["occurred_at"]
    details["effective_at"] = details["received_at"] if occurred is None else min(occurred, details["received_at"])
    return Entry(position=position, action=action, **details)  # type: ignore[arg-type]


def textus(position: int, action: str, said: float, received: float | None = None, **given: Any) -> Entry:
    return row(position, action, said, received, **{"provider": "textus", "account": "acme"} | given)


def state(*rows: Entry, **given: Any) -> str | None:
    standing = fold(rows, **given)
    return None if standing is None else standing.state


@st.composite
def ledgers(draw: st.DrawFn) -> list[Entry]:
    """Rows of one phone: any actions, clocks that are wrong, corrections of what came before."""
    rows: list[Entry] = []
    for position in range(1, draw(st.integers(1, 8)) + 1):
        actions = ["out", "in", "hold", "release"] + (["correction"] if rows else [])
        action = draw(st.sampled_from(actions))
        provider = draw(st.sampled_from(PROVIDERS))
        said, received = draw(st.integers(-3, 6)), draw(st.integers(0, 6))
        own = {"provider": provider, "account": draw(st.sampled_from(("a", "b"))), "echo": action == "out"}
        if draw(st.booleans()):
            own["occurred_at"] = None
        if action == "correction":
            own["corrects"] = draw(st.integers(1, position - 1))
        rows.append(row(position, action, said, received, **own))
    return rows


@given(ledgers(), st.randoms(use_true_random=False), st.sampled_from(["organisation", "account"]))
def test_order_duplicates_and_replays_make_no_difference(rows: list[Entry], shuffle: random.Random, scope: Any) -> None:
    once = fold(rows, scope)
    again = rows + [one for one in rows if shuffle.random() < 0.5]
    shuffle.shuffle(again)
    assert fold(again, scope) == once


@given(ledgers(), st.randoms(use_true_random=False))
def test_every_order_of_arrival_ends_in_the_same_state(rows: list[Entry], shuffle: random.Random) -> None:
    """However the rows came, one by one, the last state is the one of all of them."""
    arrived: list[Entry] = []
    for one in shuffle.sample(rows, len(rows)):
        arrived.append(one)
        fold(arrived)
    assert fold(arrived) == fold(rows)


@given(ledgers())
def test_in_again_only_by_an_opt_in_later_than_every_opt_out(rows: list[Entry]) -> None:
    valid = unvoided(rows)
    outs = [one for one in valid if one.action == "out"]
    ins = [one for one in valid if one.action == "in"]
    reopened = any(all(later(one, out) for out in outs) for one in ins)
    assert (state(*rows) == "out") == (bool(outs) and not reopened)


@given(ledgers(), st.integers(-3, 6), st.integers(0, 6))
def test_one_more_opt_out_never_makes_texting_allowed(rows: list[Entry], said: int, received: int) -> None:
    before = state(*rows)
    after = state(*rows, row(99, "out", said, received))
    assert not (before in ("out", "hold") and after == "in" and not _holds_ended_by(rows, said, received))
    if before == "out":
        assert after == "out"


def _holds_ended_by(rows: list[Entry], said: int, received: int) -> bool:
    """An opt-out that an opt-in undid may still be what ends an older hold."""
    new = row(99, "out", said, received)
    return any(later(new, one) for one in rows if one.action == "hold")


@given(ledgers(), st.timedeltas(timedelta(hours=-1), timedelta(hours=1)))
def test_all_clocks_stepped_alike_change_nothing(rows: list[Entry], step: timedelta) -> None:
    moved = [
        Entry(**{name: _moved(getattr(one, name), step) for name in one.__slots__})  # type: ignore[attr-defined]
        for one in rows
    ]
    assert state(*moved) == state(*rows)


def _moved(value: Any, step: timedelta) -> Any:
    return value + step if isinstance(value, datetime) else value


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], None),
        ([row(1, "out", 1)], "out"),
        ([row(1, "in", 1)], "in"),
        ([row(1, "out", 1), row(2, "in", 2)], "in"),
        # The opt-in arrived first
        ([row(1, "in", 2), row(2, "out", 1)], "in"),
        # Equal is doubtful
        ([row(1, "out", 1), row(2, "in", 1)], "out"),
        # A phone's clock an hour ahead proves nothing: receipt says that the stop came last
        ([row(1, "in", 60, 1), row(2, "out", 2, 2)], "out"),
        # A phone's clock behind: the opt-in says that it is older than the stop, though it came later
        ([row(1, "out", 2, 2), row(2, "in", -60, 3)], "out"),
        # TextUs's own clock decides between two of its rows, whatever the order of their receipt
        ([textus(1, "in", 2, 3), textus(2, "out", 1, 4)], "in"),
        # ... but not between it and TextLink
        ([textus(1, "in", 2, 3), row(2, "out", 1, 4)], "out"),
        # ... nor where it gave no time that can be believed
        ([textus(1, "in", 2, 3), textus(2, "out", 1, 4, occurred_at=None)], "out"),
        # One opt-in has to be later than every opt-out
        ([row(1, "out", 1), row(2, "in", 2), row(3, "out", 3)], "out"),
        ([row(1, "out", 1), row(2, "in", 2), row(3, "out", 3), row(4, "in", 4)], "in"),
        # An echo is an opt-out
        ([textus(1, "out", 1, echo=True)], "out"),
        # Holds end with what is later
        ([row(1, "hold", 1)], "hold"),
        ([row(1, "hold", 1), row(2, "release", 2)], "in"),
        ([row(1, "hold", 1), row(2, "in", 2)], "in"),
        ([row(1, "hold", 1), row(2, "out", 2)], "out"),
        ([row(1, "release", 1), row(2, "hold", 2)], "hold"),
        # A release ends no opt-out
        ([row(1, "out", 1), row(2, "release", 2)], "out"),
        # What was out and is in again can be held anew
        ([row(1, "out", 1), row(2, "in", 2), row(3, "hold", 3)], "hold"),
        # A correction voids the row that it names, and may be voided itself
        ([row(1, "out", 1), row(2, "correction", 2, corrects=1)], "in"),
        ([row(1, "out", 1), row(2, "correction", 2, corrects=1), row(3, "correction", 3, corrects=2)], "out"),
        ([row(1, "out", 1), row(2, "in", 2), row(3, "correction", 3, corrects=2)], "out"),
        ([row(1, "hold", 1), row(2, "release", 2), row(3, "correction", 3, corrects=2)], "hold"),
    ],
)
def test_cases(rows: list[Entry], expected: str | None) -> None:
    assert state(*rows) == expected


def test_an_opt_in_may_be_kept_to_its_own_account() -> None:
    rows = [textus(1, "out", 1), textus(2, "out", 1, account="other"), textus(3, "in", 2)]
    assert state(*rows) == "in"
    assert state(*rows, scope="account") == "out"
    assert state(*rows, textus(4, "in", 2, account="other"), scope="account") == "in"
