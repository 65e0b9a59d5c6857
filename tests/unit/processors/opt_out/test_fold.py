"""The fold: one state, whatever the order of arrival, the duplicates, the replays and the clocks."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from processors.opt_out.entry import GENESIS, Entry
from processors.opt_out.fold import fold, is_surely_new, later, unvoided
from schemas.provider_facts import CAREFUL
from tests.twins.events import T0, event_id
from tests.twins.facts import DECLARED

PROVIDERS = ("textlink", "textus", None)


def fresh_id(number: int) -> UUID:
    """A UUIDv7: what an event gets that nothing identifies. `event_id` gives what a repeat has too."""
    return UUID(int=0x7 << 76 | 0x8 << 60 | number)


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
    facts = DECLARED.get(details["provider"], CAREFUL)
    return Entry(position=position, action=action, facts=facts, **details)  # type: ignore[arg-type]


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
        own["event_id"] = draw(st.sampled_from((event_id, fresh_id)))(position)
        own["actor"] = draw(st.sampled_from(("contact", "operator:kim")))
        if draw(st.booleans()):
            own["occurred_at"] = None
        if action == "correction":
            own["corrects"] = draw(st.integers(1, position - 1))
        rows.append(row(position, action, said, received, **own))
    return rows


@given(ledgers(), st.randoms(use_true_random=False), st.sampled_from(["organisation", "account"]))
def test_order_duplicates_and_replays_make_no_difference(rows: list[Entry], shuffle: random.Random, scope: Any) -> None:
    once = fold(rows, scope)
    again = rows + [row for row in rows if shuffle.random() < 0.5]
    shuffle.shuffle(again)
    assert fold(again, scope) == once


@given(ledgers(), st.randoms(use_true_random=False))
def test_every_order_of_arrival_ends_in_the_same_state(rows: list[Entry], shuffle: random.Random) -> None:
    """However the rows came, one by one, the last state is the one of all of them."""
    arrived: list[Entry] = []
    for row in shuffle.sample(rows, len(rows)):
        arrived.append(row)
        fold(arrived)
    assert fold(arrived) == fold(rows)


@given(ledgers())
def test_in_again_only_by_an_opt_in_later_than_every_opt_out(rows: list[Entry]) -> None:
    valid = unvoided(rows)
    outs = [row for row in valid if row.action == "out"]
    ins = [row for row in valid if row.action == "in" and is_surely_new(row)]
    reopened = any(all(later(row, out) for out in outs) for row in ins)
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
    return any(later(new, held_row) for held_row in rows if held_row.action == "hold")


@given(ledgers(), st.timedeltas(timedelta(hours=-1), timedelta(hours=1)))
def test_all_clocks_stepped_alike_change_nothing(rows: list[Entry], step: timedelta) -> None:
    moved = [Entry(**{name: _moved(getattr(row, name), step) for name in row.__slots__}) for row in rows]
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


@given(ledgers(), st.lists(st.integers(0, 9), min_size=1, max_size=4), st.sampled_from(["organisation", "account"]))
def test_an_opt_in_that_may_be_a_repeat_never_turns_out_or_hold_into_in(
    rows: list[Entry], receipts: list[int], scope: Any
) -> None:
    before = state(*rows, scope=scope)
    untimed = [
        row(100 + n, "in", 0, minutes, event_id=fresh_id(100 + n), occurred_at=None, account=account)
        for n, (minutes, account) in enumerate(zip(receipts, "abab", strict=False))
    ]
    assert state(*rows, *untimed, scope=scope) == (before or "in")


_minutes = st.integers(0, 4)


@given(
    st.lists(st.tuples(st.sampled_from(["out", "hold"]), _minutes, _minutes), min_size=1, max_size=3),
    st.tuples(_minutes, _minutes),
    st.lists(st.integers(1, 6), min_size=1, max_size=3),
    st.sampled_from(["organisation", "account"]),
)
@example([("out", 1, 1)], (4, 0), [2], "organisation")  # a phone's clock ahead of the stop's
def test_an_opt_in_told_again_under_other_ids_changes_nothing(
    stops: list[tuple[str, int, int]], opt_in: tuple[int, int], minutes_later: list[int], scope: Any
) -> None:
    """As a proxy does that tries again with a request id of its own: the message and its time are the same."""
    said, received = opt_in
    rows = [row(n, action, *times) for n, (action, *times) in enumerate(stops, start=1)]
    rows.append(row(10, "in", said, received, message_id="m"))
    repeats = [
        row(10 + n, "in", said, received + minutes, message_id="m") for n, minutes in enumerate(minutes_later, start=1)
    ]
    assert state(*rows, *repeats, scope=scope) == state(*rows, scope=scope)


UNTIMED: dict[str, Any] = {"occurred_at": None, "event_id": fresh_id(9)}


@pytest.mark.parametrize(
    ("opt_in", "expected"),
    [
        # A START of TextLink without a time, and one whose request id a proxy numbers: nobody knows when it was said
        (row(2, "in", 2, **UNTIMED), "out"),
        (row(2, "in", 2, occurred_at=None, event_id=event_id(2)), "out"),
        # TextUs without a delivery id and a time
        (textus(2, "in", 2, **UNTIMED), "out"),
        # TextUs numbers its deliveries: a new number is a new delivery
        (textus(2, "in", 2, occurred_at=None, event_id=event_id(2)), "in"),
        # A time of its own
        (row(2, "in", 2, event_id=fresh_id(2)), "in"),
        # A person decided
        (row(2, "in", 2, actor="operator:kim", **UNTIMED), "in"),
    ],
)
@pytest.mark.parametrize("first", ["out", "hold"])
def test_an_opt_in_without_a_time_counts_only_where_its_provider_numbers_it(
    first: str, opt_in: Entry, expected: str
) -> None:
    standing = fold([row(1, first, 1), opt_in])
    assert standing is not None
    assert standing.state == (first if expected == "out" else "in")
    assert standing.doubtful == ((opt_in,) if expected == "out" else ())


def test_only_what_would_reopen_is_asked_about() -> None:
    early, late = row(2, "in", 2, **UNTIMED), row(4, "in", 4, **UNTIMED)
    standing = fold([row(1, "out", 1), early, row(3, "out", 3), late])
    assert standing is not None
    assert standing.doubtful == (late,)
    # Voided, it asks nothing any more
    voided = fold([row(1, "out", 1), early, row(5, "correction", 5, corrects=2)])
    assert voided is not None
    assert voided.doubtful == ()
    # What is not closed needs no opt-in
    assert fold([early]).doubtful == ()  # type: ignore[union-attr]
    # By account, where that is the scope
    elsewhere = row(2, "in", 2, **UNTIMED, account="b")
    assert fold([row(1, "out", 1), elsewhere], "account").doubtful == ()  # type: ignore[union-attr]
