from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from runtime import draining
from runtime.draining import ConnectionDrain, reject_new_connections
from runtime.sockets import minimum_ttl, set_minimum_ttl, tcp_sockets

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="new connections are rejected on Linux")


@pytest.fixture(params=["127.0.0.1", "::1", "::"])
def listener(request: pytest.FixtureRequest) -> Iterator[socket.socket]:
    host: str = request.param
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, 0), family=family, dualstack_ipv6=host == "::")
    except OSError as error:
        pytest.skip(f"no {host} here: {error.strerror}")
    with listening:
        yield listening


def port_of(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])


def addresses_of(listener: socket.socket) -> list[tuple[str, int]]:
    host = listener.getsockname()[0]
    return [(reached, port_of(listener)) for reached in (["127.0.0.1", "::1"] if host == "::" else [host])]


def is_taken(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address, timeout=0.2).close()
    except TimeoutError:
        return False
    return True


def test_new_connections_are_rejected_and_those_made_live_on(listener: socket.socket) -> None:
    with ExitStack() as stack:
        enter = stack.enter_context
        other = enter(socket.create_server(("127.0.0.1", 0)))
        # Given connections that were accepted, and connections that were made and not yet accepted
        clients, accepted = [], []
        for address in addresses_of(listener):
            clients.append(enter(socket.create_connection(address)))
            accepted.append(enter(listener.accept()[0]))
        waiting = [enter(socket.create_connection(address)) for address in addresses_of(listener)]
        # When new ones are rejected
        reject_new_connections(port_of(listener))
        assert [is_taken(address) for address in addresses_of(listener)] == [False] * len(clients)
        assert is_taken(("127.0.0.1", port_of(other)))
        # Then those go on
        accepted += [enter(listener.accept()[0]) for _ in waiting]
        for client, server in zip(clients + waiting, accepted, strict=True):
            client.sendall(b"a webhook")
            assert server.recv(100) == b"a webhook"
            server.sendall(b"an answer")
            assert client.recv(100) == b"an answer"


def test_a_connection_whose_handshake_was_under_way_is_heard(listener: socket.socket) -> None:
    with ExitStack() as stack:
        # Given a connection that has inherited a minimum from its listening socket
        set_minimum_ttl(listener, 2)
        client = stack.enter_context(socket.create_connection(addresses_of(listener)[0]))
        server = stack.enter_context(listener.accept()[0])
        assert minimum_ttl(server) == 2
        # When the drain looks at the sockets again
        reject_new_connections(port_of(listener))
        # Then the connection has none any more, and the listening socket has the largest
        assert (minimum_ttl(server), minimum_ttl(listener)) == (0, 255)
        client.sendall(b"a webhook")
        assert server.recv(100) == b"a webhook"


def test_only_sockets_of_the_port_are_found(listener: socket.socket) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, socket.socket(socket.AF_UNIX):
        assert {found.getsockname()[1] for found in tcp_sockets(port_of(other))} == {port_of(other)}


def test_responses_close_their_connections_once_the_drain_begins() -> None:
    # Given a worker (a process, because it closes its own end of what tells it)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        drain = ConnectionDrain(port_of(listener))
        results, written = os.pipe()
        worker = os.fork()
        if worker == 0:
            os._exit(_respond_until_draining(drain, written))
        os.close(written)
        # When the drain has begun
        assert os.read(results, 100) == b"keeps"
        assert is_taken(("127.0.0.1", port_of(listener)))
        drain.begin()
        # Then responses close their connections, and nobody new gets in
        assert os.read(results, 100) == b"closes"
        os.close(results)
        assert os.waitpid(worker, 0)[1] == 0


def _respond_until_draining(drain: ConnectionDrain, results: int) -> int:
    headers: list[list[tuple[str, str]]] = []

    def app(_environ: object, start_response: object) -> list[bytes]:
        start_response("200 OK", [("A", "b")])  # type: ignore[operator]
        return [b"answer"]

    served = drain.drained(app)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        assert served({}, lambda _status, found: headers.append(found)) == [b"answer"]
        if len(headers) == 1:
            os.write(results, b"keeps")
        if headers[-1] != [("A", "b")]:
            os.write(results, b"closes")
            return int(headers[-1] != [("A", "b"), ("Connection", "close")])
        time.sleep(0.01)
    return 1


def test_responses_close_their_connections_also_where_new_ones_cannot_be_rejected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Given a kernel that does not know the option
    def refused(_found: socket.socket, _lowest: int) -> None:
        raise OSError(92, "Protocol not available")

    logged: list[tuple[str, dict[str, object]]] = []
    monkeypatch.setattr(draining, "set_minimum_ttl", refused)
    monkeypatch.setattr(draining.log, "error", lambda event, **fields: logged.append((event, fields)))
    headers: list[list[tuple[str, str]]] = []

    def app(_environ: object, start_response: object) -> list[bytes]:
        start_response("200 OK", [("A", "b")])  # type: ignore[operator]
        return [b"answer"]

    with socket.create_server(("127.0.0.1", 0)) as listener:
        # When a worker drains; here it holds the only writing end, so that the drain begins at once
        served = ConnectionDrain(port_of(listener)).drained(app)
        deadline = time.monotonic() + 20
        while not logged and time.monotonic() < deadline:
            time.sleep(0.01)
        # Then that is logged, new connections are taken, and each response closes its connection
        assert logged == [("new_connections_not_rejected", {"error": "Protocol not available"})]
        assert is_taken(("127.0.0.1", port_of(listener)))
        assert served({}, lambda _status, found: headers.append(found)) == [b"answer"]
        assert headers == [[("A", "b"), ("Connection", "close")]]
