"""When a call to somebody else's service is tried again."""

from __future__ import annotations

from tenacity import RetryCallState, Retrying
from tenacity.wait import wait_random_exponential

from processors.engine.retry import wait_as_told

#: What a service asks for itself, else exponential backoff with jitter, as TextUs advises.
_BACKOFF = wait_as_told(wait_random_exponential(multiplier=0.5, min=0.2, max=60.0))


def backoff(attempts: int, error: BaseException) -> float:
    """Seconds until the next try after so many."""
    state = RetryCallState(Retrying(), None, (), {})
    state.attempt_number = attempts
    state.set_exception((type(error), error, None))
    return float(_BACKOFF(state))
