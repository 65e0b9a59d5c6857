"""A server that a test needs: started, or the reason why not."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeVar

import pytest

T = TypeVar("T")
Stop = Callable[[], None]


def started(what: str, start: Callable[[], tuple[T, Stop]]) -> tuple[T, Stop]:
    """What `start` returns. Where it fails the test is skipped, but in CI (CI=true) it fails, as it would unseen."""
    try:
        return start()
    except Exception as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"{what} could not be started here: {error}")
