"""The lease under which a worker's thread makes its calls, checked again in the moment before each of them.

Between the claim of a task and its call a thread may stand still for longer than its lease: a busy machine, a stopped
process, a wait for the rate limiter. Somebody else may have the task by then, so the call must not be made any more.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from processors.outbox.errors import OutcomeUnknown


class LeaseLost(OutcomeUnknown):
    """Leave it: the lease is over, and somebody else may have taken it up."""


#: Seconds that are left of this thread's lease; none: it works without one.
_left: ContextVar[Callable[[], float] | None] = ContextVar("lease", default=None)


@contextmanager
def lease_until(end: Callable[[], float], clock: Callable[[], float] = time.monotonic) -> Iterator[None]:
    """Make calls under a lease that is over at `end()`, in seconds of `clock`; a renewal moves it."""
    token = _left.set(lambda: end() - clock())
    try:
        yield
    finally:
        _left.reset(token)


def check_lease() -> float:
    """Seconds that are left for a call. Raises LeaseLost."""
    left = _left.get()
    if left is None:
        return math.inf
    seconds = left()
    if seconds <= 0:
        raise LeaseLost("the lease was lost")
    return seconds
