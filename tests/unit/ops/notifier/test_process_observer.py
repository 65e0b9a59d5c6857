"""A process that does not answer, hangs, or says that it is not ready."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from ops.notifier import process_observer
from ops.notifier.process_observer import ProcessAnswer, ProcessObserver
from runtime import metrics
from runtime.admin import AdminServer, Readiness, admin_app

READ = frozenset({"hookline_gate_unsure"})


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Takes connections and says nothing, as a frozen process does."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def answers_of(ports: dict[str, int]) -> dict[str, ProcessAnswer]:
    """What they said, by the processes' names."""
    observer = ProcessObserver({name: f"http://127.0.0.1:{port}" for name, port in ports.items()}, READ)
    with closing(observer):
        return {answer.name: answer for answer in observer.ask()}


def test_what_each_process_says() -> None:
    metrics.GATE_UNSURE.set(0)
    well = admin_app("gate", lambda: Readiness(True))
    ill = admin_app("persist", lambda: Readiness(False, "PostgreSQL does not answer"))
    with AdminServer(well, "127.0.0.1", 0) as gate, AdminServer(ill, "127.0.0.1", 0) as persist:
        answers = answers_of({"gate": gate.port, "persist": persist.port})

    assert [sample.name for sample in answers["gate"].samples] == ["hookline_gate_unsure"]
    assert list(answers["gate"].facts()) == []
    (not_ready,) = answers["persist"].facts()
    assert not_ready.kind == "process_not_ready"
    assert not_ready.labels == {"process": "persist", "reason": "PostgreSQL does not answer"}


def test_one_that_hangs_and_one_that_has_ended_are_down(silent_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_observer, "TIMEOUT", 0.3)
    ports = {"frozen": silent_port, "ended": 9}
    answers = answers_of(ports)
    for name, port in ports.items():
        (down,) = answers[name].facts()
        assert down.kind == "process_down"
        assert down.labels == {"job": f"hookline-{name}", "instance": f"127.0.0.1:{port}"}
