"""Group commit: many threads wait, one of them acts for all.

The first thread to arrive leads: it takes everything that waits, commits it in one go, and tells each its outcome.
Whoever arrives meanwhile waits for the next round, which one of them leads. So the busier it is, the larger the
groups; and an idle service pays nothing, for a lone thread commits at once.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")


class NotCommitted(Exception):
    """Keep the item elsewhere: its turn did not come in time, and nothing was done with it."""


class _Waiting(Generic[Item, Outcome]):
    __slots__ = ("item", "leads", "outcome", "woken")

    def __init__(self, item: Item) -> None:
        self.item = item
        self.outcome: Outcome | Exception | None = None
        self.leads = False
        # A bare lock: an Event costs a condition variable more for each request.
        self.woken = threading.Lock()
        self.woken.acquire()


class GroupCommit(Generic[Item, Outcome]):
    """Gathers the items of all threads into groups, one group at a time."""

    def __init__(
        self, commit: Callable[[Sequence[Item]], Sequence[Outcome | Exception]], *, largest: int = 500
    ) -> None:
        """`commit` takes a group and gives an outcome for each item, in order; an exception is one, too."""
        self._commit = commit
        self._largest = largest
        self._lock = threading.Lock()
        self._queue: deque[_Waiting[Item, Outcome]] = deque()
        self._led = False

    def submit(self, item: Item, *, timeout: float) -> Outcome:
        """The outcome of `item`, or the exception that it is.

        `timeout` in seconds: how long to wait for the round that takes the item; a round once begun is waited for,
        since its outcome counts. Raises NotCommitted.
        """
        waiting: _Waiting[Item, Outcome] = _Waiting(item)  # to call _Waiting[...] costs 1 us more, measured
        deadline = time.monotonic() + timeout
        with self._lock:
            self._queue.append(waiting)
            waiting.leads = not self._led
            self._led = True
        if not waiting.leads and not waiting.woken.acquire(timeout=timeout):
            self._leave(waiting)
        if waiting.leads:
            self._lead(waiting, late=time.monotonic() > deadline)
        if isinstance(waiting.outcome, Exception):
            raise waiting.outcome
        assert waiting.outcome is not None
        return waiting.outcome

    def _leave(self, waiting: _Waiting[Item, Outcome]) -> None:
        """Give up the place in the queue; too late for that, wait for the round."""
        with self._lock:
            still_queued = waiting in self._queue and not waiting.leads
            if still_queued:
                self._queue.remove(waiting)
        if still_queued:
            raise NotCommitted("its turn did not come in time")
        waiting.woken.acquire()

    def _lead(self, leader: _Waiting[Item, Outcome], *, late: bool) -> None:
        with self._lock:
            if late:  # the items behind may still be in time, but not this one
                self._queue.remove(leader)
            group = [self._queue.popleft() for _ in range(min(len(self._queue), self._largest))]
        try:
            outcomes = self._commit([waiting.item for waiting in group]) if group else []
        except Exception as error:  # noqa: BLE001 - each waiting thread raises it again
            outcomes = [error] * len(group)
        if late:
            leader.outcome = NotCommitted("its turn did not come in time")
        for waiting, outcome in zip(group, outcomes, strict=True):
            waiting.outcome = outcome
            if waiting is not leader:
                waiting.woken.release()
        with self._lock:
            if self._queue:
                self._queue[0].leads = True
                self._queue[0].woken.release()
            else:
                self._led = False
