"""Clients that announce a body and do not send it, straight at the port: the others are answered all the same."""

from __future__ import annotations

import socket
import struct
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from runtime.request_bodies import DEADLINE
from tests.integration.test_draining import BODY, HEAD, Servers, exchange
from tests.integration.test_ingest import wait_until
from tests.twins.workers import workers_of

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="stalled bodies are found on Linux")

SLOTS = 8  #: requests that each of the two workers handles at once
ATTACKERS = 16 * SLOTS  #: many more than that

HALF = b"POST /webhooks/textlink HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n" + BODY
CHUNKED = b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"
#: HTTP/2 as RFC 9113 has it: preface, SETTINGS, then HEADERS of a POST (static table: :method POST, :scheme http,
#: :path /) without END_STREAM, half of a body and RST_STREAM.
H2 = (
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
    + b"\x00\x00\x03\x01\x04\x00\x00\x00\x01\x83\x86\x84"
    + b"\x00\x00\x05\x00\x00\x00\x00\x00\x01hello"
    + b"\x00\x00\x04\x03\x00\x00\x00\x00\x01\x00\x00\x00\x08"
)
COMPLETE = HEAD + b"\r\n" + BODY


@pytest.fixture
def port() -> Iterator[int]:
    servers = Servers()
    process = servers.start()
    wait_until(lambda: servers.listeners() == 2, "both workers listen")
    yield servers.port
    process.terminate()
    process.wait(30)


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=30)


def is_answered(port: int, seconds: float) -> bool:
    """Whether a genuine request is, on each of enough connections that both workers get some."""
    for _ in range(12):
        with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
            connection.settimeout(seconds)
            if exchange(connection, keep=True)[0] != "answered":
                return False
    return True


STALLED = [
    HALF,
    HALF[: -len(BODY)],
    CHUNKED,
    COMPLETE + HALF,  # in one piece: its data came before the answer to the first request went out
]


@pytest.mark.slow
def test_stalled_bodies_do_not_hold_the_threads(port: int) -> None:
    with ExitStack() as stack:
        # Given more clients than requests are handled at once, each with a body that stalls
        attackers = [stack.enter_context(connect(port)) for _ in range(ATTACKERS)]
        for number, attacker in enumerate(attackers):
            attacker.sendall(STALLED[number % len(STALLED)])
        # Then genuine requests are answered meanwhile
        assert is_answered(port, DEADLINE / 2)
        # And the others are told that their time is over (400: a moment before it is, together with one of theirs)
        for number, attacker in enumerate(attackers):
            received = b""
            while chunk := attacker.recv(4096):
                received += chunk
            assert received.rpartition(b"HTTP/1.1 ")[2][:3] in (b"408", b"400"), STALLED[number % len(STALLED)]
        assert is_answered(port, 1)


@pytest.mark.slow
def test_a_body_that_drips_has_the_same_deadline(port: int) -> None:
    # Given one client, who sends a byte now and then, and one with the same address who is answered meanwhile
    with connect(port) as attacker, connect(port) as other:
        attacker.sendall(HALF)
        began = time.monotonic()
        attacker.settimeout(0.5)
        answer = b""
        while not answer and time.monotonic() - began < 2 * DEADLINE:
            try:
                attacker.sendall(b" ")
                answer = attacker.recv(4096)
            except TimeoutError:
                assert exchange(other, keep=True)[0] == "answered"
        # Then it is told that its time is over, and nobody else is
        assert answer.startswith(b"HTTP/1.1 408")
        # The deadline itself is what is promised, however slowly the bytes come
        assert DEADLINE - 1 < time.monotonic() - began < DEADLINE + 5
        assert exchange(other, keep=True)[0] == "answered"


def gone(attacker: socket.socket) -> None:
    attacker.close()


def reset(attacker: socket.socket) -> None:
    attacker.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    attacker.close()


def half_closed(attacker: socket.socket) -> None:
    attacker.shutdown(socket.SHUT_WR)


@pytest.mark.parametrize("sent", [pytest.param(HALF, id="HTTP/1.1"), pytest.param(H2, id="HTTP/2, prior knowledge")])
@pytest.mark.parametrize("abort", [gone, reset, half_closed])
def test_aborted_bodies_let_go_of_their_threads_at_once(
    port: int, sent: bytes, abort: Callable[[socket.socket], None]
) -> None:
    for _ in range(ATTACKERS):
        with connect(port) as attacker:
            attacker.sendall(sent)
            abort(attacker)
    assert is_answered(port, 2)


def test_only_http_1_is_spoken(port: int) -> None:
    with connect(port) as client:
        client.sendall(H2)
        answer = client.recv(4096)
        assert b"\x00\x00\x00\x04" not in answer[:16], "a SETTINGS frame"
    with connect(port) as client:
        client.sendall(
            HEAD + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n\r\n" + BODY
        )
        assert client.recv(4096).startswith(b"HTTP/1.1 200")


def test_a_server_that_does_not_answer_ends_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a server whose workers are frozen
    monkeypatch.setenv("SELF_CHECK_PATIENCE", "2")
    servers = Servers()
    process = servers.start()
    wait_until(lambda: servers.listeners() == 2, "both workers listen")
    assert is_answered(servers.port, 2)
    for worker in workers_of(process.pid):
        worker.suspend()
    # Then it ends as one that failed, for its supervisor to start it again, and leaves nobody behind
    assert process.wait(60) == 70
    with pytest.raises(ConnectionRefusedError):
        connect(servers.port)
