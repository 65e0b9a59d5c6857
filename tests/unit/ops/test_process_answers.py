"""Whom `hookline status` believes over HTTP: the process that it asked, and nobody else."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from flask import Flask

from ingest.app import create_app
from ops.status.heartbeats import Heartbeats, HeartbeatState
from ops.status.places import places
from ops.status.process_answers import ProcessAddress, ask_metrics, ask_process, seen_by
from ops.status.snapshot import ProcessState
from runtime.admin import AdminServer, Readiness, admin_app

AT = datetime(2026, 1, 2, tzinfo=UTC)
VARIABLES = "HOOKLINE_INGEST__HOST and HOOKLINE_INGEST__PORT"


@contextmanager
def serving(status: int, body: bytes, **headers: str) -> Iterator[str]:
    """Any web server."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing on the test's output."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def serve() -> Iterator[Callable[[Flask], str]]:
    """Serves an app of ours for the time of the test; its URL."""
    with ExitStack() as servers:

        def begin(app: Flask) -> str:
            return f"http://127.0.0.1:{servers.enter_context(AdminServer(app, '127.0.0.1', 0)).port}"

        yield begin


def heartbeats(*states: str) -> Heartbeats:
    return Heartbeats(
        [HeartbeatState("ingest", "n1", "1.0", state, "a reason", {}, AT, AT, 0.0) for state in states], known=True
    )


def state_at(url: str, said: Heartbeats, *, certain: bool) -> ProcessState:
    address = ProcessAddress("ingest", url, url, certain, VARIABLES)
    return seen_by(said, ask_process(address), certain=certain)


STRANGERS = {
    "a page": (200, b"<html>welcome</html>", {}),
    "a page that is not found": (404, b"<html>", {}),
    "a service with the same answer": (200, b'{"ok": true}', {}),
    "another process of ours": (200, b'{"ok": true, "process": "persist", "reason": "ok"}', {}),
    "a list": (200, b"[]", {}),
    "a broken encoding": (200, b"not gzip", {"Content_Encoding": "gzip"}),
}


@pytest.mark.parametrize("name", STRANGERS)
def test_a_stranger_at_the_address_is_not_believed(name: str) -> None:
    status, body, headers = STRANGERS[name]
    with serving(status, body, **headers) as url:
        assert ask_metrics(ProcessAddress("ingest", url, url)) == []
        # Where the address is only a setting's, heartbeats tell
        assert state_at(url, heartbeats("ready"), certain=False).state == "ready"
        for said, certain in ((heartbeats(), False), (heartbeats("ready"), True)):
            found = state_at(url, said, certain=certain)
            assert found.state == "unreachable"
            assert VARIABLES in found.reason


def test_ingest_and_the_processors_are_believed(serve: Callable[[Flask], str]) -> None:
    readiness = Readiness(False, "kafka_unreachable")
    for app in (create_app(None, lambda: readiness), admin_app("ingest", lambda: readiness)):  # type: ignore[arg-type]
        found = state_at(serve(app), heartbeats("ready"), certain=False)
        assert (found.state, found.reason) == ("not ready", "kafka_unreachable")


def test_ready_at_an_address_that_is_not_certain_takes_heartbeats_that_agree(serve: Callable[[Flask], str]) -> None:
    url = serve(create_app(None, lambda: Readiness(True)))  # type: ignore[arg-type]
    assert state_at(url, heartbeats(), certain=False) == ProcessState("ingest", url, "ready", "")
    assert state_at(url, heartbeats("ready"), certain=False) == ProcessState("ingest", url, "ready", "")
    assert state_at(url, heartbeats("ready", "missing"), certain=False).state == "unreachable"
    assert state_at(url, heartbeats("missing"), certain=True).state == "ready"


@pytest.mark.parametrize("host", ["a..b", "[fe80::1%25eth0", "a" * 64 + ".example"])
def test_an_address_that_cannot_be_one_is_told_with_its_setting(host: str) -> None:
    address = ProcessAddress("ingest", f"http://{host}:9000", f"http://{host}:9000", variables=VARIABLES)
    found = ask_process(address)
    assert found.state == "unreachable"
    assert VARIABLES in found.reason
    assert ask_metrics(address) == []
    assert ask_process(replace(address, certain=False)).state == "not reachable from here"


def test_an_answer_without_an_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ops.status.process_answers.MOST_BYTES", 1_000)
    with serving(200, b"x" * 2_000) as url:
        assert "does not end" in ask_process(ProcessAddress("ingest", url, None)).reason


def test_every_address_from_a_setting_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOKLINE_OPT_OUT__ADMIN_PORT", "9012")
    found = {address.name: address.variables for address in places()}
    assert found["ingest"] == VARIABLES
    assert found["opt-out"] == "HOOKLINE_OPT_OUT__ADMIN_HOST and HOOKLINE_OPT_OUT__ADMIN_PORT"
    assert all(found.values())
