"""Waiting until a server that was just started answers."""

from __future__ import annotations

from collections.abc import Callable

from tenacity import RetryError, Retrying, retry_if_exception_type, stop_before_delay, wait_fixed


def wait_for_answer(look: Callable[[], None], failure: type[Exception], refusal: str, timeout: float) -> None:
    """Return once `look` no longer raises `failure`. Raises `failure` with `refusal` after `timeout` seconds."""
    waiting = Retrying(retry=retry_if_exception_type(failure), stop=stop_before_delay(timeout), wait=wait_fixed(0.05))
    try:
        waiting(look)
    except RetryError as error:
        raise failure(f"{refusal} within {timeout:g} s") from error
