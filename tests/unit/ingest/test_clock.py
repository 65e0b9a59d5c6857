"""The receipt clock never goes backwards: in a thread, between workers, across a restart."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.clock import SLOTS, ReceiptClock
from runtime import metrics

HOUR = 3_600 * 10**9


class Wall:
    """A wall clock that somebody steps, in nanoseconds."""

    def __init__(self) -> None:
        self.ns = 1_800_000_000 * 10**9

    def __call__(self) -> int:
        return self.ns


def test_it_follows_the_wall(tmp_path: Path) -> None:
    wall = Wall()
    clock = ReceiptClock(tmp_path / "clock", wall)
    before = clock.now()
    wall.ns += HOUR
    assert (clock.now() - before).total_seconds() == 3_600
    clock.close()


def test_stepped_back_an_hour_it_stands_still(tmp_path: Path) -> None:
    wall = Wall()
    clock = ReceiptClock(tmp_path / "clock", wall)
    before = clock.now()
    wall.ns -= HOUR
    assert clock.now() == before
    clock.close()


def test_workers_and_restarts_share_it(tmp_path: Path) -> None:
    # Given two workers, the second with a wall clock an hour behind
    ahead, behind = Wall(), Wall()
    behind.ns -= HOUR
    first, second = ReceiptClock(tmp_path / "clock", ahead), ReceiptClock(tmp_path / "clock", behind)
    # Then a receipt of the second is not before one that the first gave
    given = first.now()
    assert second.now() >= given
    first.close()
    second.close()
    # And neither is one after a restart
    again = ReceiptClock(tmp_path / "clock", behind)
    assert again.now() >= given
    again.close()


def test_however_many_workers_share_it(tmp_path: Path) -> None:
    # Given more workers than the slots that are always read, the last of them an hour ahead
    ahead = Wall()
    ahead.ns += HOUR
    workers = [ReceiptClock(tmp_path / "clock", Wall()) for _ in range(11)]
    last = ReceiptClock(tmp_path / "clock", ahead)
    given = last.now()
    # Then no receipt of the others is before its
    assert [worker.now() >= given for worker in workers] == [True] * 11
    for worker in (*workers, last):
        worker.close()


YEAR = 365 * 24 * HOUR


def disbelieved() -> float:
    return metrics.RECEIPTS_AHEAD._value.get()


def test_an_hour_ten_years_ahead_does_not_last(tmp_path: Path) -> None:
    # Given a service of two workers whose clock was ten years ahead, one of which has ended
    wall = Wall()
    right = wall.ns
    wall.ns += 10 * YEAR
    worker, gone = ReceiptClock(tmp_path / "clock", wall), ReceiptClock(tmp_path / "clock", wall)
    assert worker.now() == gone.now() == at(right + 10 * YEAR)
    gone.close()
    reports = disbelieved()
    # When the clock is right again
    wall.ns = right
    # Then so are the receipts, of the worker that lives and of the next; and it was reported
    after = ReceiptClock(tmp_path / "clock", wall)
    assert worker.now() == after.now() == at(right)
    assert disbelieved() > reports
    reports = disbelieved()
    # And no earlier than those before, from now on, without more reports
    wall.ns -= HOUR // 2
    assert worker.now() == after.now() == at(right)
    assert disbelieved() == reports
    worker.close()
    after.close()


def at(ns: int) -> datetime:
    return datetime.fromtimestamp(ns / 10**9, UTC)


steps = st.integers(-12 * YEAR, 12 * YEAR) | st.integers(-2 * HOUR, 2 * HOUR) | st.integers(0, 10**6)


@given(
    st.lists(st.tuples(st.integers(0, 11), st.sampled_from(["receipt", "restart"]), steps), max_size=40),
    st.sampled_from([0.0, 1.0, 3600.0]),
)
def test_whatever_the_clock_does(moves: list[tuple[int, str, int]], ahead: float) -> None:
    # Given workers that share a clock (more than the slots that are always read) and come and go as it is stepped
    wall = Wall()
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "clock"
        workers = [ReceiptClock(file, wall, ahead=ahead) for _ in range(12)]
        before: datetime | None = None
        for number, move, step in moves:
            wall.ns = max(0, wall.ns + step) // 1000 * 1000
            if move == "restart":
                workers[number].close()
                workers[number] = ReceiptClock(file, wall, ahead=ahead)
            receipt = workers[number].now()
            # Then a receipt is never before the clock nor far ahead of it, nor before another that is not
            off = (receipt - at(wall.ns)).total_seconds()
            assert -1e-5 <= off <= ahead + 1e-5
            if before is not None and (before - at(wall.ns)).total_seconds() < ahead - 1e-5:
                assert receipt >= before
            before = receipt
        for worker in workers:
            worker.close()


@pytest.mark.parametrize("content", [b"\xff" * 512, b"\x80" * 100, b"abc", b"\0" * 5000, b"\xff" * 2000])
def test_a_damaged_file_refuses_no_webhook(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "clock").write_bytes(content)
    wall = Wall()
    clock, other = ReceiptClock(tmp_path / "clock", wall), ReceiptClock(tmp_path / "clock", wall)
    assert [each.now() for each in (clock, clock, other, clock)] == [at(wall.ns)] * 4
    clock.close()
    other.close()


def test_slots_run_out(tmp_path: Path) -> None:
    workers = [ReceiptClock(tmp_path / "clock", Wall()) for _ in range(SLOTS)]
    with pytest.raises(OSError, match="running twice"):
        ReceiptClock(tmp_path / "clock", Wall())
    for worker in workers:
        worker.close()
