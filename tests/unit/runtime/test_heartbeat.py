"""The heartbeat of a process goes on, whatever cannot be known or reached for a while."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from runtime import heartbeat
from runtime.admin import Readiness
from runtime.heartbeat import Heartbeat, beating


class Postgres:
    """The part of a connection that a heartbeat uses."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []  #: state and reason
        self.failures: list[Exception] = []
        self.beaten = threading.Condition()

    def execute(self, statement: str, values: Any = None) -> None:
        if "INTO process_heartbeats" in statement:
            if self.failures:
                raise self.failures.pop()
            with self.beaten:
                self.said.append((values[4], values[5]))
                self.beaten.notify_all()

    def close(self) -> None:
        pass

    def wait_for(self, beats: int) -> None:
        with self.beaten:
            assert self.beaten.wait_for(lambda: len(self.said) >= beats, 10)


@pytest.fixture
def postgres(monkeypatch: pytest.MonkeyPatch) -> Postgres:
    monkeypatch.setattr(heartbeat, "EVERY", 0.01)
    return Postgres()


def test_a_readiness_that_raises_is_said_and_ends_no_heartbeat(postgres: Postgres) -> None:
    failures: list[Exception] = [OSError("the users file is gone")]

    def readiness() -> Readiness:
        if failures:
            raise failures.pop()
        return Readiness(True)

    with beating(Heartbeat("console"), readiness, lambda: postgres):  # type: ignore[arg-type, return-value]
        postgres.wait_for(2)
    assert postgres.said[0] == ("not ready", "nobody knows whether it is ready: OSError")
    assert postgres.said[1] == ("ready", "ok")


def test_a_beat_that_fails_is_tried_again(postgres: Postgres) -> None:
    postgres.failures = [UnicodeEncodeError("utf-8", "\udcff", 0, 1, "surrogates not allowed")]
    begun = time.monotonic()
    with beating(Heartbeat("gate"), lambda: Readiness(True), lambda: postgres):  # type: ignore[arg-type, return-value]
        postgres.wait_for(1)
    assert time.monotonic() - begun < 10
