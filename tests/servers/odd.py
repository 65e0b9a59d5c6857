"""A server on loopback that answers whatever a test says, byte for byte."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

#: Writes an answer; gets a connection whose request has been read, and what says that the test is over.
Script = Callable[[socket.socket, Event], None]


@contextmanager
def answering(*scripts: Script) -> Iterator[str]:
    """Its URL. Each request gets the next of `scripts`, and the last one for ever."""
    over, remaining = Event(), list(scripts)

    def serve(connection: socket.socket) -> None:
        with connection, suppress(OSError):  # the client gives up, which is what is tested
            received = b""
            while b"\r\n\r\n" not in received:
                received += connection.recv(65536) or b"\r\n\r\n"
            (remaining.pop(0) if len(remaining) > 1 else remaining[0])(connection, over)

    def accept() -> None:
        with suppress(OSError):  # the listening socket is closed
            while True:
                Thread(target=serve, args=(listening.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        over.set()
        listening.shutdown(socket.SHUT_RDWR)


def whole(body: bytes, *headers: str, status: str = "200 OK") -> Script:
    """An answer with `body` and `headers`."""
    head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers])

    def script(connection: socket.socket, _over: Event) -> None:
        connection.sendall(head.encode("latin-1") + b"\r\n\r\n" + body)

    return script


def endless(piece: bytes, *, every: float, first: bytes = b"") -> Script:
    """`first`, and then `piece` again and again, `every` so many seconds."""

    def script(connection: socket.socket, over: Event) -> None:
        connection.sendall(first)
        while not over.is_set():
            connection.sendall(piece)
            time.sleep(every)

    return script


def silent(_connection: socket.socket, over: Event) -> None:
    """No answer, and no end."""
    over.wait(30)
