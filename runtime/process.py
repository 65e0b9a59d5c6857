"""Being a service: one way to start, to stop on a signal, and not to outlive one's parent."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import math
import os
import select
import signal
import sys
import weakref
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from structlog.stdlib import BoundLogger

    from runtime.settings import Configuration

_PR_SET_PDEATHSIG = 1


class StopSignal:
    """Set by SIGTERM or SIGINT (Ctrl-C); whoever works looks at it and finishes what is in flight.

    A pipe, not a threading.Event: a handler runs in the main thread between any two of its steps, also while that
    holds the Event's lock, for which the handler would wait for ever. A byte that nobody reads wakes everybody.
    """

    def __init__(self) -> None:
        self._is_set = False
        self._wakes, self._bell = os.pipe()
        os.set_blocking(self._bell, False)
        weakref.finalize(self, _close, self._wakes, self._bell)

    def install(self) -> StopSignal:
        """Listen to the signals; only the main thread can."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        return self

    def set(self) -> None:
        """Ask for the stop from within."""
        self._is_set = True
        with contextlib.suppress(BlockingIOError):  # it is full of bells
            os.write(self._bell, b"!")

    def is_set(self) -> bool:
        """Whether it is time to stop."""
        return self._is_set

    def wait(self, seconds: float) -> bool:
        """Wait for the stop at most `seconds`; True once it has come. A sleep that a signal ends."""
        if not self._is_set and seconds > 0:
            poll = select.poll()
            poll.register(self._wakes, select.POLLIN)
            poll.poll(math.ceil(seconds * 1000))
        return self._is_set

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.set()


def _close(*descriptors: int) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


def keep_for_good() -> None:
    """Spare the garbage collector what is there now, and let it look for new garbage less often.

    The opt-out rules alone are 150,000 objects. To look through them again and again, and through a batch's records
    while it is handled, took a sixth of a processor's time (measured). Only what refers to itself waits for the
    collector: at most 50,000 objects of it.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000)


def log_settings(log: BoundLogger, configuration: Configuration) -> None:
    """Write every setting that the service starts with to its log, secrets starred."""
    for variable, value, origin in configuration.rows():
        log.info("setting", variable=variable, shown=value, origin=origin)


def die_with_parent(parent: int, number: int = signal.SIGKILL) -> None:
    """Have the kernel send `number` to this process when its parent, process id `parent`, dies (Linux).

    Elsewhere there is no such call: the group has to be ended by whoever started it.
    """
    if not sys.platform.startswith("linux"):
        return
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, number) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent:  # it died before we asked
        os.kill(os.getpid(), number)
