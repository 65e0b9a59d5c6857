"""The admin server of a process."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import ExitStack, suppress

import httpx
import pytest

from runtime import admin, logs
from runtime.admin import CONNECTIONS, AdminServer, Readiness, admin_app


@pytest.mark.parametrize("page", ["healthz", "readyz"])
def test_a_frozen_loop_makes_it_unhealthy_and_not_ready(page: str) -> None:
    frozen: str | None = "the worker has given no sign of life for 130 s"
    with AdminServer(admin_app("persist", lambda: Readiness(True), frozen=lambda: frozen), "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.port}/{page}"
        answer = httpx.get(url)
        assert (answer.status_code, answer.json()["reason"]) == (503, frozen)
        frozen = None
        assert httpx.get(url).status_code == 200


def test_it_tells_health_readiness_metrics_and_version() -> None:
    state = Readiness(True)
    with AdminServer(admin_app("persist", lambda: state), "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.port}"
        assert httpx.get(f"{url}/healthz").json() == {"ok": True, "process": "persist"}
        assert httpx.get(f"{url}/readyz").status_code == 200
        state = Readiness(False, "halted")
        refused = httpx.get(f"{url}/readyz")
        assert (refused.status_code, refused.json()["reason"]) == (503, "halted")
        scraped = httpx.get(f"{url}/metrics")
        assert scraped.headers["content-type"].startswith("text/plain")
        assert "hookline_records_total" in scraped.text
        assert httpx.get(f"{url}/version").json()["process"] == "persist"


def test_a_connection_that_fails_prints_no_traceback(capfd: pytest.CaptureFixture[str]) -> None:
    logs.configure("persist")
    with AdminServer(admin_app("persist", lambda: Readiness(True)), "127.0.0.1", 0) as server:
        try:
            raise BrokenPipeError(32, "Broken pipe")
        except OSError:
            server._server.handle_error(None, ("192.0.2.7", 4711))
    output = "".join(capfd.readouterr())
    assert "BrokenPipeError" in output
    assert "Traceback" not in output
    assert "192.0.2.7" not in output


def test_slow_clients_do_not_hold_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin, "DEADLINE", 2.0)
    monkeypatch.setattr(admin, "_GRACE", 0.2)
    before = threading.active_count()
    with AdminServer(admin_app("persist", lambda: Readiness(True)), "127.0.0.1", 0) as server, ExitStack() as stack:
        # Given many more clients than there are threads, all of which say little
        clients = [
            stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=20)) for _ in range(100)
        ]
        for client in clients:
            with suppress(OSError):  # one too many
                client.sendall(b"GET /healthz HT")
        time.sleep(0.3)
        # Then there are no more threads than there may be, and who asks is answered
        assert threading.active_count() - before <= 2 * CONNECTIONS + 1
        assert httpx.get(f"http://127.0.0.1:{server.port}/healthz", timeout=10).status_code == 200
        # And nobody stays longer than he may
        for client in clients:
            with suppress(ConnectionResetError):
                while client.recv(100):
                    pass
