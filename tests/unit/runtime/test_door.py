from __future__ import annotations

import socket
import sys
from collections.abc import Iterator

import pytest

from runtime.door import Door, hear_no_knocks

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the filter is Linux's")


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as one:
        yield one


def port_of(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])


def is_heard(listener: socket.socket) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port_of(listener)), timeout=0.2).close()
    except TimeoutError:
        return False
    return True


def test_nobody_comes_in_and_who_is_in_stays(listener: socket.socket) -> None:
    address = ("127.0.0.1", port_of(listener))
    with (
        socket.create_server(("127.0.0.1", 0)) as other,
        socket.create_connection(address) as guest,
        listener.accept()[0] as host,
        socket.create_connection(address) as waiting,
    ):
        hear_no_knocks(port_of(listener))
        assert not is_heard(listener)
        assert is_heard(other)
        # Who came in, and who has come in and was not fetched yet
        with listener.accept()[0] as fetched:
            for client, server in ((guest, host), (waiting, fetched)):
                client.sendall(b"a webhook")
                assert server.recv(100) == b"a webhook"
                server.sendall(b"an answer")
                assert client.recv(100) == b"an answer"


def test_answers_close_their_connections_once_it_closes(listener: socket.socket) -> None:
    door = Door(port_of(listener))
    answers: list[tuple[object, ...]] = []

    def app(_environ: object, start_response: object) -> list[bytes]:
        start_response("200 OK", [("A", "b")])  # type: ignore[operator]
        return [b"answer"]

    served = door.around(app)
    for _ in range(2):
        assert served({}, lambda *answer: answers.append(answer)) == [b"answer"]  # type: ignore[arg-type, func-returns-value]
        assert is_heard(listener) == (len(answers) == 1)
        door.close()
    assert answers == [("200 OK", [("A", "b")]), ("200 OK", [("A", "b"), ("Connection", "close")])]
