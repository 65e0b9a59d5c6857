"""Connections are kept between calls, and not used again once they are over."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from processors.http.connection_pool import ConnectionPool


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = str(self.client_address[1]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        if self.path == "/last":
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Answer) as server:
        server.daemon_threads = True
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.fixture
def kept(url: str) -> Iterator[ConnectionPool]:
    connections = ConnectionPool(url, allow_private=False)
    yield connections
    connections.close()


def ask(kept: ConnectionPool, url: str) -> bytes:
    """The port that the server was asked from."""
    with kept.stream("GET", url, seconds=10) as response:
        return b"".join(response.iter_stream())


def test_a_connection_is_used_again(kept: ConnectionPool, url: str) -> None:
    assert ask(kept, f"{url}/") == ask(kept, f"{url}/")


def test_two_calls_at_once_have_one_each_and_the_last_used_goes_first(kept: ConnectionPool, url: str) -> None:
    with kept.stream("GET", f"{url}/", seconds=10) as first:
        second = ask(kept, f"{url}/")
        assert b"".join(first.iter_stream()) != second
    with kept.stream("GET", f"{url}/", seconds=10) as again:
        assert b"".join(again.iter_stream()) != second


def test_one_that_the_server_has_closed_is_not(kept: ConnectionPool, url: str) -> None:
    closed = ask(kept, f"{url}/last")
    assert ask(kept, f"{url}/") != closed


def test_one_whose_answer_was_not_read_is_not(kept: ConnectionPool, url: str) -> None:
    with kept.stream("GET", f"{url}/", seconds=10):
        pass
    assert not kept._idle


def test_after_the_end_none_is_kept(kept: ConnectionPool, url: str) -> None:
    with kept.stream("GET", f"{url}/", seconds=10) as response:
        kept.close()
        b"".join(response.iter_stream())
    assert not kept._idle
