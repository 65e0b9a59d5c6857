"""The receipt clock never goes backwards: in a thread, between workers, across a restart."""

from __future__ import annotations

from pathlib import Path

from ingest.clock import ReceiptClock

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
