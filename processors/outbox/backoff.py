"""When a call to somebody else's service is tried again: the one formula for it."""

from __future__ import annotations

import math

from tenacity import RetryCallState, Retrying
from tenacity.wait import wait_random_exponential

#: Exponential backoff with jitter, as TextUs advises; seconds.
_BACKOFF = wait_random_exponential(multiplier=0.5, min=0.2, max=60.0)


def backoff(attempts: int, at_least: float | None = None, *, longest: float = math.inf) -> float:
    """Seconds until the next try after `attempts`: at most `longest`, but `at_least` what the service has said."""
    state = RetryCallState(Retrying(), None, (), {})
    state.attempt_number = attempts
    return max(at_least or 0.0, min(float(_BACKOFF(state)), longest))
