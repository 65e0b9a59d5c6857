"""When a group halts: 50 of its last 100 records set aside, counted across batches."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from processors.processor import SetAside
from processors.progress import HALT_AT, WINDOW, outcomes_of, records_until_halt
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
    assert outcomes_of([record[:3] for record in records], aside) == "1010"
