"""A connection to Kafka that is not made leaves no open socket, whatever ends it."""

from __future__ import annotations

import gc
import socket
import time
from collections.abc import Iterator
from typing import Any

import psutil
import pytest
from kafka.net.inet import create_connection
from kafka.net.selector import NetworkSelector

from deploy.local.ports import free_ports
from runtime.kafka.internals.direct_socket import PROXY_URL


@pytest.fixture
def no_collector() -> Iterator[None]:
    """What only the garbage collector would close stays open."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.fixture
def deaf_port() -> Iterator[int]:
    """A port whose connections are neither accepted nor refused: its queue is full."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        address = listener.getsockname()
        callers = [socket.socket() for _ in range(4)]
        for caller in callers:
            caller.setblocking(False)
            caller.connect_ex(address)
        yield address[1]
        for caller in callers:
            caller.close()


def _connecting(net: NetworkSelector, port: int, seconds: float) -> Any:
    return net.call_soon_with_future(
        create_connection, net, "127.0.0.1", port, (), PROXY_URL, time.monotonic() + seconds
    )


def _open_files() -> int:
    return psutil.Process().num_fds()


def _fails_and_leaves_nothing_open(port: int, seconds: float) -> None:
    net = NetworkSelector()
    before = _open_files()
    connecting = _connecting(net, port, seconds)
    net.poll(future=connecting)
    assert connecting.failed()
    assert _open_files() == before
    net.close()


def test_a_refused_connection(no_collector: None) -> None:
    [port] = free_ports(1)
    _fails_and_leaves_nothing_open(port, 30)


def test_a_connection_that_is_not_made_in_time(no_collector: None, deaf_port: int) -> None:
    _fails_and_leaves_nothing_open(deaf_port, 0.2)


def test_a_client_that_is_closed_while_it_connects(no_collector: None, deaf_port: int) -> None:
    before = _open_files()
    net = NetworkSelector()
    connecting = _connecting(net, deaf_port, 30)
    net.poll(timeout_ms=50)
    assert not connecting.is_done
    net.close()
    assert _open_files() == before
