"""When a group halts: 50 of its last 100 records set aside, counted across batches."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from processors.engine.halts import WINDOW, halt_reason
from processors.engine.processor import SetAside
from processors.engine.progress import HALT_AT, outcomes_of, records_until_halt
from runtime.kafka.consumer import Record

bits = st.text("01", max_size=160)


def halts_at(history: str) -> int | None:
    """The number of records after which it halts, said the slow way."""
    for end in range(1, len(history) + 1):
        if history[end - 1] == "1" and history[max(0, end - WINDOW) : end].count("1") >= HALT_AT:
            return end
    return None


@given(bits, bits)
def test_it_stops_at_the_very_record(recent: str, outcomes: str) -> None:
    recent = recent[-WINDOW:]
    if halts_at(recent) is not None:
        return  # it would have halted before
    expected = halts_at(recent + outcomes)
    assert records_until_halt(recent, outcomes) == (len(outcomes) if expected is None else expected - len(recent))


@given(st.lists(bits, max_size=6))
def test_batches_make_no_difference(batches: list[str]) -> None:
    history = "".join(batches)
    recent, done = "", 0
    for batch in batches:
        kept = records_until_halt(recent, batch)
        done += kept
        recent = (recent + batch[:kept])[-WINDOW:]
        if recent.count("1") >= HALT_AT:
            break
    assert done == (halts_at(history) or len(history))


def test_zeros_without_a_one_before_them_need_not_be_remembered() -> None:
    # Progress.count leaves them out where the window has no 1: the decision is the same
    assert records_until_halt("", "1" * 60) == records_until_halt("0" * 100, "1" * 60) == 50


def test_outcomes_are_in_the_order_of_the_records() -> None:
    records = [Record("t", 0, offset, 0, None, None, []) for offset in range(4)]
    aside = [SetAside(records[2], "rejected", "Rejected", "no"), SetAside(records[0], "undecodable", "U", "no")]
    places = [record[:3] for record in records]
    assert outcomes_of(places, aside, lambda _letter: True) == "1010"
    assert outcomes_of(places, aside, lambda letter: letter.record.offset > 0) == "-010"


@given(bits, bits, st.data())
def test_records_that_do_not_count_change_nothing(recent: str, outcomes: str, data: st.DataObject) -> None:
    recent = recent[-WINDOW:]
    if halts_at(recent) is not None:
        return
    spread = "".join(outcome + "-" * data.draw(st.integers(0, 3)) for outcome in outcomes)
    kept = records_until_halt(recent, spread)
    without = records_until_halt(recent, outcomes)
    assert spread[:kept].replace("-", "") == outcomes[:without]


def test_a_halt_says_which_records_and_who_wrote_them() -> None:
    set_aside = ["rejected on t, E, by /providers/textus/acme"] * 2 + ["undecodable on t, U, by /providers/x/y"]
    assert halt_reason("1" * 50, set_aside) == (
        "50 of the last 100 records were set aside (2 x rejected on t, E, by /providers/textus/acme;"
        " 1 x undecodable on t, U, by /providers/x/y); mend the cause, then resume"
    )
    assert halt_reason("1" * 50) == "50 of the last 100 records were set aside; mend the cause, then resume"
