"""A log of what may be repeated thousands of times a second: a line a kind and minute, with its count."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Hashable
from typing import Any

from structlog.stdlib import BoundLogger

#: Seconds in which lines of one kind are counted.
INTERVAL = 60.0
#: Kinds that are counted at once; a line of one more is logged as it comes.
MAX_KINDS = 1000

Schedule = Callable[[float, Callable[[], None]], None]
#: A method of a logger: the event, and its facts as keywords.
_LogLine = Callable[..., Any]


def _in_a_thread(seconds: float, call: Callable[[], None]) -> None:
    timer = threading.Timer(seconds, call)
    timer.daemon = True
    timer.start()


class CountedLog:
    """Logs the first line of a kind at once, and how many more came within each minute after it at its end.

    A kind is an event with its facts; there must be few.
    """

    def __init__(self, log: BoundLogger, *, schedule: Schedule = _in_a_thread) -> None:
        """`schedule` calls a function after so many seconds."""
        self._log = log
        self._schedule = schedule
        self._more: dict[tuple[str, Hashable], int] = {}
        self._lock = threading.Lock()

    def warning(self, event: str, **facts: Any) -> None:
        """Log or count `event` with `facts`."""
        self._count(self._log.warning, self._log.warning, event, facts)

    def exception(self, event: str, **facts: Any) -> None:
        """Log `event` with the traceback of the exception that is being handled, or count it by that one's class."""
        facts["error_class"] = type(sys.exception()).__name__
        self._count(self._log.exception, self._log.error, event, facts)

    def _count(self, log: _LogLine, log_more: _LogLine, event: str, facts: dict[str, Any]) -> None:
        kind = (event, tuple(facts.items()))
        with self._lock:
            more = self._more.get(kind)
            if more is not None:
                self._more[kind] = more + 1
                return
            is_counted = len(self._more) < MAX_KINDS
            if is_counted:
                self._more[kind] = 0
        if is_counted:
            self._schedule(INTERVAL, lambda: self._end(kind, log_more, event, facts))
        log(event, **facts)

    def _end(self, kind: tuple[str, Hashable], log_more: _LogLine, event: str, facts: dict[str, Any]) -> None:
        """At the end of a minute: say how many more came; without any, the next one is a first again."""
        with self._lock:
            more = self._more.pop(kind)
            if more:
                self._more[kind] = 0
        if more:
            self._schedule(INTERVAL, lambda: self._end(kind, log_more, event, facts))
            log_more(event, **facts, more=more, seconds=INTERVAL)
