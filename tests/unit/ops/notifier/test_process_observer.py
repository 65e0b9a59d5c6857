"""A process that does not answer, hangs, or says that it is not ready."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from ops.notifier import process_observer
from ops.notifier.process_observer import ProcessObserver
from runtime import metrics
from runtime.admin import AdminServer, Readiness, admin_app

READ = frozenset({"hookline_gate_unsure"})


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Takes connections and says nothing, as a frozen process does."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def test_what_each_process_says(silent_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_observer, "TIMEOUT", 0.3)
    metrics.GATE_UNSURE.set(0)
    well = admin_app("gate", lambda: Readiness(True))
    ill = admin_app("persist", lambda: Readiness(False, "PostgreSQL does not answer"))
    with AdminServer(well, "127.0.0.1", 0) as gate, AdminServer(ill, "127.0.0.1", 0) as persist:
        ports = {"gate": gate.port, "persist": persist.port, "frozen": silent_port, "ended": 9}
        observer = ProcessObserver({name: f"http://127.0.0.1:{port}" for name, port in ports.items()}, READ)
        answers = {answer.name: answer for answer in observer.ask()}
        observer.close()

    assert [sample.name for sample in answers["gate"].samples] == ["hookline_gate_unsure"]
    assert list(answers["gate"].facts()) == []
    (not_ready,) = answers["persist"].facts()
    assert not_ready.kind == "process_not_ready"
    assert not_ready.labels == {"process": "persist", "reason": "PostgreSQL does not answer"}
    for name in ("frozen", "ended"):
        (down,) = answers[name].facts()
        assert down.kind == "process_down"
        assert down.labels == {"job": f"hookline-{name}", "instance": f"127.0.0.1:{ports[name]}"}
