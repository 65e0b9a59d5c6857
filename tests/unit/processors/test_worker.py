"""One piece of work after the other, and nothing that is no longer wanted."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from processors.engine.progress import Fenced
from processors.engine.retry import Unwanted
from processors.engine.worker import Worker
from runtime.loops import LoopWatch


@pytest.fixture
def worker() -> Iterator[Worker]:
    made = Worker(lambda: False, LoopWatch())
    made.start()
    yield made
    assert made.finish(5)


class Gate:
    """Work that waits until it is let go."""

    def __init__(self, answer: object = "gate") -> None:
        self.begun, self.go = threading.Event(), threading.Event()
        self.wanted_at_the_end: bool | None = None
        self._answer = answer

    def __call__(self, expected: Callable[[], bool]) -> object:
        self.begun.set()
        assert self.go.wait(5)
        self.wanted_at_the_end = expected()
        return self._answer


def answers(worker: Worker, count: int) -> list[object]:
    found: list[object] = []
    for _ in range(500):
        found += [answer.result for answer in worker.answers()]
        if len(found) >= count:
            return found
        threading.Event().wait(0.01)
    raise AssertionError(found)


def test_work_is_done_in_order(worker: Worker) -> None:
    for number in range(5):
        worker.give(lambda _is_wanted, number=number: number)  # type: ignore[misc]
    assert answers(worker, 5) == [0, 1, 2, 3, 4]


def test_room_is_what_waits_and_not_what_is_under_way(worker: Worker) -> None:
    gate = Gate()
    worker.give(gate)
    assert gate.begun.wait(5)
    assert worker.wait_for_room(1, 0)
    worker.give(lambda _is_wanted: None)
    assert not worker.wait_for_room(1, 0.01)
    assert not worker.wait_until_idle(0.01)
    gate.go.set()
    assert worker.wait_for_room(1, 5)
    assert worker.wait_until_idle(5)


def test_what_is_dropped_is_not_begun_and_its_answer_not_heard(worker: Worker) -> None:
    gate = Gate()
    worker.give(gate)
    worker.give(lambda _is_wanted: "never")
    assert gate.begun.wait(5)
    worker.drop()
    worker.give(lambda _is_wanted: "new")
    gate.go.set()
    assert answers(worker, 1) == ["new"]
    assert gate.wanted_at_the_end is False


def test_fenced_is_an_answer_and_unwanted_is_none(worker: Worker) -> None:
    def fenced(_is_wanted: Callable[[], bool]) -> object:
        raise Fenced

    def unwanted(_is_wanted: Callable[[], bool]) -> object:
        raise Unwanted

    worker.give(fenced)
    worker.give(unwanted)
    first, second = answers(worker, 2)
    assert isinstance(first, Fenced)
    assert second is None


def test_a_failure_is_raised_where_answers_are_heard() -> None:
    worker = Worker(lambda: False, LoopWatch())
    worker.start()

    def fails(_is_wanted: Callable[[], bool]) -> object:
        raise KeyError("ours")

    worker.give(fails)
    with pytest.raises(KeyError):
        answers(worker, 1)
    assert worker.finish(5)


def test_finishing_waits_for_what_is_under_way_and_drops_the_rest() -> None:
    worker = Worker(lambda: False, LoopWatch())
    worker.start()
    gate, begun = Gate(), []
    worker.give(gate)
    worker.give(lambda _is_wanted: begun.append(1))
    assert gate.begun.wait(5)
    assert not worker.finish(0.01)
    gate.go.set()
    assert worker.finish(5)
    assert begun == []
    assert [answer.result for answer in worker.answers()] == ["gate"]
