"""A loop that gives no sign of life is found; one that has nothing to do is not frozen."""

from __future__ import annotations

import threading

from runtime.loops import LoopWatch, WatchedStop
from tests.twins.clock import Clock


def test_a_loop_that_gives_no_sign_for_longer_than_its_limit_is_frozen() -> None:
    clock = Clock()
    watch = LoopWatch(clock)
    watch.register("the poll loop", 60)
    clock.now = 60
    assert watch.frozen() is None
    clock.now = 61
    assert watch.frozen() == "the poll loop has given no sign of life for 61 s"
    watch.beat()
    assert watch.frozen() is None


def test_a_loop_that_rests_is_not_frozen_and_one_that_has_ended_is_forgotten() -> None:
    clock = Clock()
    watch = LoopWatch(clock)
    watch.register("the worker", 10)
    watch.rest()
    clock.now = 1000
    assert watch.frozen() is None
    watch.beat()
    clock.now = 1011
    assert watch.frozen() is not None
    watch.leave()
    assert watch.frozen() is None


def test_signs_of_a_thread_that_is_no_loop_count_for_no_loop() -> None:
    clock = Clock()
    watch = LoopWatch(clock)
    watch.register("the worker", 10)
    clock.now = 11
    other = threading.Thread(target=watch.beat)
    other.start()
    other.join()
    assert watch.frozen() is not None


def test_waiting_for_the_stop_is_resting() -> None:
    clock = Clock()
    watch = LoopWatch(clock)
    stop = WatchedStop(watch)
    seen: list[str | None] = []
    begun = threading.Event()

    def loop() -> None:
        watch.register("a chore", 10)
        begun.set()
        stop.wait(60)
        seen.append(watch.frozen())

    thread = threading.Thread(target=loop)
    thread.start()
    assert begun.wait(5)
    while watch._loops and next(iter(watch._loops.values())).sign is not None:
        pass
    clock.now = 1000
    assert watch.frozen() is None
    stop.set()
    thread.join(5)
    assert seen == [None]
