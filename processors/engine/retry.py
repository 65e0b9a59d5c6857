"""The one retry layer: tries again for as long as it takes, with tenacity, and shows that it waits.

While it waits nothing else is tried: the next try is the probe, and what goes through opens the way again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import psycopg
from tenacity import RetryCallState, Retrying, retry_if_exception
from tenacity.wait import wait_base, wait_random_exponential

from processors.engine.processor import Retryable
from processors.engine.state import State
from runtime import logs, metrics
from runtime.reminder import Reminder

log = logs.logger("processors.engine.retry")

T = TypeVar("T")

#: SQLSTATEs of a PostgreSQL that will work again, beside those that psycopg takes for operational: read-only
#: after a failover, and a session ended because it was idle.
_PASSING_STATES = ("25006", "25P03", "25P04")

#: SQLSTATE class 54, a program limit: a value too large for an index, say. psycopg takes it for operational, but the
#: record will never fit: a "phone number" of 3 KB would hold up its partition for ever.
_TOO_LARGE = "54"


class Unwanted(Exception):
    """Drop what was being tried: the process stops, or somebody else has the partitions."""


class wait_as_told(wait_base):  # noqa: N801 - tenacity's style: strategies read like the words they stand for
    """What the error asks for, if that is longer than `otherwise`."""

    def __init__(self, otherwise: wait_base) -> None:
        self._otherwise = otherwise

    def __call__(self, retry_state: RetryCallState) -> float:
        error = retry_state.outcome.exception() if retry_state.outcome else None
        wait = getattr(error, "retry_after", None) or 0.0
        return max(float(wait), self._otherwise(retry_state))


class TimeLimit:
    """Tries something again while the world is down. `sleep` returns True when the process is to stop."""

    def __init__(
        self,
        processor: str,
        state: State,
        *,
        sleep: Callable[[float], bool],
        longest: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._processor = processor
        self._state = state
        self._sleep = sleep
        self._wait = wait_as_told(wait_random_exponential(multiplier=0.1, max=longest, min=0.05))
        self._clock = clock
        self._reminder = Reminder()

    def until_done(self, attempt: Callable[[], T], still_wanted: Callable[[], bool]) -> T:
        """What `attempt` returns once it goes through. Raises what is no passing trouble, and Unwanted."""

        def sleep(seconds: float) -> None:
            if self._sleep(seconds) or not still_wanted():
                raise Unwanted

        try:
            return Retrying(
                retry=retry_if_exception(is_passing),
                wait=self._wait,
                sleep=sleep,
                before_sleep=self._pause,
                reraise=True,
            )(attempt)
        finally:
            self._reminder.reset()
            self._state.go_on()

    def _pause(self, retry_state: RetryCallState) -> None:
        error = retry_state.outcome.exception() if retry_state.outcome else None
        reason = reason_of(error)
        self._state.pause(self._clock() + retry_state.upcoming_sleep, reason)
        metrics.RETRIES.labels(self._processor, type(error).__name__).inc()
        if self._reminder.due():
            seconds = round(retry_state.upcoming_sleep, 3)
            log.warning("paused", reason=reason, seconds=seconds, attempt=retry_state.attempt_number)


def is_passing(error: BaseException) -> bool:
    """Whether trying again can help: PostgreSQL away, locked or overloaded, or whatever says so itself."""
    if is_too_large(error):
        return False
    if isinstance(error, Retryable | psycopg.OperationalError):
        return True
    return isinstance(error, psycopg.Error) and error.sqlstate in _PASSING_STATES


def is_too_large(error: BaseException) -> bool:
    """Whether a value goes beyond what PostgreSQL can hold, whatever the weather."""
    return isinstance(error, psycopg.Error) and (error.sqlstate or "").startswith(_TOO_LARGE)


def reason_of(error: BaseException | None) -> str:
    """`error` in a few words that carry nothing personal."""
    if isinstance(error, Retryable):
        return str(error)
    state = getattr(error, "sqlstate", None)
    return f"PostgreSQL: {type(error).__name__}{f' ({state})' if state else ''}"
