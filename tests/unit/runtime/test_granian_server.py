"""What runtime/granian_server.py overrides is still what Granian calls."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any
from unittest.mock import Mock

import pytest
from granian.server.common import AbstractServer, AbstractWorker
from granian.server.mp import MPServer

from runtime import granian_server
from runtime.granian_server import DEATHS_A_MINUTE, IDLE_LIMIT, MAX_HEAD, GranianServer
from tests.twins.library_source import changed


@pytest.fixture
def server() -> GranianServer:
    return GranianServer(
        "test", "127.0.0.1", 0, workers=2, threads=1, prepared=lambda _worker, build: build, on_signal=lambda: None
    )


def test_the_overridden_code_is_the_code_that_was_read() -> None:
    """Where this fails: read what has changed, see that GranianServer still does what it says, then set the digest."""
    known = {
        AbstractServer.signal_handler_interrupt: "51032c28633f",
        AbstractServer._spawn_workers: "8cccd98581d2",
        AbstractServer._serve_loop: "ba64619e3d99",
        AbstractWorker.is_alive: "319a5d4e248e",
        MPServer._respawn_workers: "2a10354ba8cc",
        MPServer._spawn_worker: "96221db421c8",
    }
    assert changed(known) == {}


def test_granian_calls_the_overridden_methods_as_they_are_written() -> None:
    assert list(inspect.signature(MPServer._spawn_worker).parameters) == ["self", "idx", "target", "callback_loader"]
    assert "self._respawn_workers(workers, spawn_target, target_loader)" in inspect.getsource(MPServer._serve_loop)


def test_idle_connections_are_closed_after_the_limit_that_the_proxies_know(server: GranianServer) -> None:
    assert server.http1_settings is not None
    assert server.http1_settings.header_read_timeout == IDLE_LIMIT * 1000


def test_heads_are_bounded_above_what_nginx_passes_on(server: GranianServer) -> None:
    assert server.http1_settings is not None
    assert 32 * 1024 < server.http1_settings.max_buffer_size == MAX_HEAD <= 64 * 1024


def test_each_worker_builds_what_is_prepared_for_its_number() -> None:
    built: list[tuple[int, Callable[[], Any]]] = []

    def prepared(worker: int, build: Callable[[], Any]) -> Callable[[], Any]:
        built.append((worker, build))
        return build

    server = GranianServer("test", "127.0.0.1", 0, workers=2, threads=1, prepared=prepared, on_signal=lambda: None)
    server._init_shared_socket()
    for number in range(2):
        server._spawn_worker(number, print, dict)
    server._drop_shared_socket()
    assert built == [(0, dict), (1, dict)]


def test_a_signal_does_not_stop_the_server_by_itself_and_stop_does(server: GranianServer) -> None:
    server.signal_handler_interrupt()
    assert not server.interrupt_signal
    server.stop()
    assert server.interrupt_signal


def test_workers_may_die_but_not_too_many_within_a_minute(
    server: GranianServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr(granian_server.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(server, "_spawn_worker", lambda **_: Mock(spec=AbstractWorker))
    server.wrks = [Mock(spec=AbstractWorker), Mock(spec=AbstractWorker)]
    server._metrics = Mock()
    for death in range(DEATHS_A_MINUTE - 1):
        now[0] = 1000.0 + death
        server._respawn_workers([0], None, None)
        assert server.respawned_wrks == {}  # so that Granian's own check finds no crash loop
    server._respawn_workers([0], None, None)
    assert server.respawned_wrks.keys() == {0}
