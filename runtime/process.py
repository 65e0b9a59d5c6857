"""Being a service: one way to start, to stop on a signal, and not to outlive one's parent."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from structlog.stdlib import BoundLogger

    from runtime.settings import Configuration

_PR_SET_PDEATHSIG = 1


class StopSignal:
    """Set by SIGTERM or SIGINT (Ctrl-C); whoever works looks at it and finishes what is in flight."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def install(self) -> StopSignal:
        """Listen to the signals; only the main thread can."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        return self

    def set(self) -> None:
        """Ask for the stop from within."""
        self._event.set()

    def is_set(self) -> bool:
        """Whether it is time to stop."""
        return self._event.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait for the stop at most `seconds`; True once it has come. A sleep that a signal ends."""
        return self._event.wait(seconds)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._event.set()


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
