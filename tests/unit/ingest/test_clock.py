"""The receipt clock never goes backwards: in a thread, between workers, across a restart."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.clock import SLOTS, ReceiptClock
from ingest.postgres_clock import KNOWN_FOR, PostgresClock
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


class Node:
    """Two workers of a node, the time since its start, and PostgreSQL's clock as each of them knows it."""

    def __init__(self, directory: Path) -> None:
        self.wall, self.since_boot = Wall(), 1_000 * 10**9
        self.right = self.wall.ns
        known = [PostgresClock(directory / "postgres-clock", "s1", lambda: self.since_boot) for _ in range(2)]
        self.learn = known[0].learn
        self.workers = [ReceiptClock(directory / "clock", self.wall, postgres=each.now) for each in known]

    def passes(self, ns: int) -> None:
        self.since_boot += ns
        self.right += ns
        self.wall.ns += ns

    def receipts(self) -> list[datetime]:
        return [worker.now() for worker in self.workers]


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    made = Node(tmp_path)
    yield made
    for worker in made.workers:
        worker.close()


def test_stepped_back_two_hours_it_stands_still_where_postgresql_says_so(node: Node) -> None:
    # Given a node that knows PostgreSQL's clock through one of its workers
    node.learn(at(node.right))
    begun = node.workers[0].now()
    reports = disbelieved()
    # When the clock is two hours behind
    node.passes(10**9)
    node.wall.ns -= 2 * HOUR
    # Then the receipts of both workers stand still, and it is reported by each, once
    assert node.receipts() == node.receipts() == [begun, begun]
    assert disbelieved() == reports + 2
    # And they go on when the clock is right
    node.passes(10**9)
    node.wall.ns = node.right
    assert node.receipts() == [at(node.right)] * 2


def test_a_file_from_before_and_a_start_with_a_clock_that_is_behind(tmp_path: Path) -> None:
    # Given receipts of a service that knew nothing of PostgreSQL's clock
    wall = Wall()
    earlier = ReceiptClock(tmp_path / "clock", wall)
    before = earlier.now()
    earlier.close()
    # When the machine starts anew with a clock that is two hours behind, and its first report is answered
    wall.ns -= 2 * HOUR
    known = PostgresClock(tmp_path / "postgres-clock", "s2", lambda: 10**9)
    known.learn(before)
    # Then no receipt is before those
    again = ReceiptClock(tmp_path / "clock", wall, postgres=known.now)
    assert again.now() == again.now() == before
    again.close()


def test_ten_years_ahead_are_over_at_once_where_postgresql_says_so(node: Node) -> None:
    node.wall.ns += 10 * YEAR
    assert node.receipts() == [at(node.right + 10 * YEAR)] * 2
    node.wall.ns = node.right
    node.learn(at(node.right))
    assert node.receipts() == [at(node.right)] * 2


def test_receipts_ahead_of_both_clocks_are_bounded_by_the_later(node: Node) -> None:
    # Given receipts that are ten years ahead, and then a clock that is two hours behind PostgreSQL's
    node.wall.ns += 10 * YEAR
    node.receipts()
    node.wall.ns = node.right - 2 * HOUR
    node.learn(at(node.right))
    # Then PostgreSQL's clock is believed, and after that they stand still
    assert node.receipts() == [at(node.right)] * 2
    node.passes(10**9)
    assert node.receipts() == [at(node.right - 10**9)] * 2


def test_without_postgresql_the_clock_of_now_is_believed(node: Node) -> None:
    # Given a PostgreSQL that was last heard of too long ago
    node.learn(at(node.right))
    node.passes(KNOWN_FOR * 10**9 + 1_000)
    node.receipts()
    node.wall.ns -= 2 * HOUR
    assert node.receipts() == [at(node.wall.ns)] * 2


def test_a_postgresql_whose_clock_is_behind_changes_nothing(node: Node) -> None:
    node.receipts()
    node.learn(at(node.right - 10 * YEAR))
    node.wall.ns -= 2 * HOUR
    assert node.receipts() == [at(node.wall.ns)] * 2


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
