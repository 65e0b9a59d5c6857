"""Group commit: everyone gets their own outcome, one group at a time, nobody is forgotten."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from ingest.durable.group_commit import GroupCommit, NotCommitted

DEADLINE = 30.0  # seconds; far beyond what any of these takes


def test_a_lone_thread_commits_at_once() -> None:
    group: GroupCommit[int, str] = GroupCommit(lambda items: [str(item) for item in items])
    assert group.submit(7, timeout=DEADLINE) == "7"


def test_each_of_many_threads_gets_its_own_outcome() -> None:
    active, most, sizes = 0, 0, []

    def commit(items: Sequence[int]) -> list[int]:
        nonlocal active, most
        active += 1
        most = max(most, active)
        sizes.append(len(items))
        active -= 1
        return [item * 2 for item in items]

    group: GroupCommit[int, int] = GroupCommit(commit)
    with ThreadPoolExecutor(32) as pool:
        outcomes = list(pool.map(lambda item: group.submit(item, timeout=DEADLINE), range(5_000)))
    assert outcomes == [item * 2 for item in range(5_000)]
    assert most == 1, "one group at a time"
    assert sum(sizes) == 5_000


def test_whoever_comes_during_a_round_goes_together_in_the_next() -> None:
    # Given a round that is under way
    begun, go_on = threading.Event(), threading.Event()
    groups: list[list[int]] = []

    def commit(items: Sequence[int]) -> list[int]:
        groups.append(list(items))
        begun.set()
        assert go_on.wait(DEADLINE)
        return list(items)

    group: GroupCommit[int, int] = GroupCommit(commit)
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(group.submit, 0, timeout=DEADLINE)
        assert begun.wait(DEADLINE)
        # When five more arrive before it ends
        later = [pool.submit(group.submit, item, timeout=DEADLINE) for item in range(1, 6)]
        wait_for_queue(group, 5)
        go_on.set()
        # Then they are one group
        assert first.result(DEADLINE) == 0
        assert sorted(future.result(DEADLINE) for future in later) == [1, 2, 3, 4, 5]
    assert [len(items) for items in groups] == [1, 5]


def test_an_exception_as_an_outcome_reaches_only_its_own_thread() -> None:
    group: GroupCommit[int, int] = GroupCommit(
        lambda items: [ValueError("odd") if item % 2 else item for item in items]
    )
    assert group.submit(2, timeout=DEADLINE) == 2
    with pytest.raises(ValueError, match="odd"):
        group.submit(3, timeout=DEADLINE)


def test_a_commit_that_raises_fails_its_group_and_not_the_next() -> None:
    fails = [True]

    def commit(items: Sequence[int]) -> list[int]:
        if fails.pop():
            raise OSError("disk")
        return list(items)

    fails.insert(0, False)
    group: GroupCommit[int, int] = GroupCommit(commit)
    with pytest.raises(OSError, match="disk"):
        group.submit(1, timeout=DEADLINE)
    assert group.submit(1, timeout=DEADLINE) == 1


def test_whose_turn_does_not_come_in_time_was_never_committed() -> None:
    begun, go_on = threading.Event(), threading.Event()
    seen: list[int] = []

    def commit(items: Sequence[int]) -> list[int]:
        seen.extend(items)
        begun.set()
        assert go_on.wait(DEADLINE)
        return list(items)

    group: GroupCommit[int, int] = GroupCommit(commit)
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(group.submit, 0, timeout=DEADLINE)
        assert begun.wait(DEADLINE)
        with pytest.raises(NotCommitted):
            group.submit(1, timeout=0.01)
        go_on.set()
        assert first.result(DEADLINE) == 0
    assert group.submit(2, timeout=DEADLINE) == 2
    assert seen == [0, 2]


def wait_for_queue(group: GroupCommit[int, int], length: int) -> None:
    """Until `length` items wait; their threads have no other way to show it."""
    moment = threading.Event()
    for _ in range(3_000):
        if len(group._queue) == length:
            return
        moment.wait(0.01)
    pytest.fail(f"{len(group._queue)} items wait, not {length}")
