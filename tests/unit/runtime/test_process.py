"""Stopping on a signal, at whatever moment it comes."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
import time
import weakref

from runtime.process import StopSignal, keep_for_good

#: The main thread waits again and again, and signals come all the while.
HAIL = """
import os, signal, threading
from runtime.process import StopSignal

stop = StopSignal().install()
over = []

def hail():
    for _ in range(20_000):
        os.kill(os.getpid(), signal.SIGTERM)
    over.append(True)

threading.Thread(target=hail).start()
while not over:
    stop.wait(1)
print("stopped" if stop.wait(60) else "missed")
"""


def test_a_signal_may_come_at_any_moment() -> None:
    """Python runs a handler between any two steps of the main thread, also while that holds a lock."""
    done = subprocess.run([sys.executable, "-c", HAIL], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "stopped\n"


def test_a_wait_ends_with_the_signal() -> None:
    stop = StopSignal()
    assert not stop.is_set()
    assert stop.wait(0.0) is False
    sender = threading.Thread(target=lambda: (time.sleep(0.05), os.kill(os.getpid(), signal.SIGTERM)))
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        stop.install()
        sender.start()
        assert stop.wait(60) is True
        assert stop.is_set()
        assert stop.wait(60) is True  # for ever, and for everybody
    finally:
        sender.join()
        for number, handler in before.items():
            signal.signal(number, handler)


def test_any_number_of_threads_may_wait() -> None:
    stop = StopSignal()
    ended: list[bool] = []
    waiting = [threading.Thread(target=lambda: ended.append(stop.wait(60))) for _ in range(3)]
    for thread in waiting:
        thread.start()
    stop.set()
    stop.set()
    for thread in waiting:
        thread.join(10)
    assert ended == [True] * 3


def test_what_stands_at_the_start_is_not_looked_through_again_and_new_garbage_is_found() -> None:
    class Garbage:
        pass

    collected: list[str] = []
    thresholds = gc.get_threshold()
    stands = [object()]
    try:
        keep_for_good()
        assert not any(found is stands for found in gc.get_objects())
        refers_to_itself = Garbage()
        refers_to_itself.itself = refers_to_itself  # type: ignore[attr-defined]
        weakref.finalize(refers_to_itself, collected.append, "garbage")
        del refers_to_itself
        new = [[number] for number in range(60_000)]
        assert len(new) == 60_000
        assert collected == ["garbage"]
    finally:
        gc.unfreeze()
        gc.set_threshold(*thresholds)
