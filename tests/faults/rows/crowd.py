"""Connections that want nothing, and bodies that come byte by byte."""

from __future__ import annotations

import resource
import selectors
import socket
import threading
from types import TracebackType


class Crowd:
    """Use it in a `with` block."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._idle: list[socket.socket] = []
        self._slow: list[socket.socket] = []
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._drip, daemon=True)
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 20_000)), hard))

    def __enter__(self) -> Crowd:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stopped.set()
        self._thread.join()
        for connection in (*self._idle, *self._slow):
            connection.close()

    def idle(self, count: int) -> None:
        """Connect, and say nothing."""
        for _ in range(count):
            self._idle.append(socket.create_connection(("127.0.0.1", self._port), timeout=5))

    def connected(self) -> int:
        """How many of the idle ones the server has not closed."""
        with selectors.DefaultSelector() as selector:
            for connection in self._idle:
                selector.register(connection, selectors.EVENT_READ)
            closed = sum(not key.fileobj.recv(1, socket.MSG_PEEK) for key, _ in selector.select(0))  # type: ignore[union-attr]
        return len(self._idle) - closed

    def slow_bodies(self, count: int) -> None:
        """Begin to post, and take half a minute over it."""
        head = b"POST /webhooks/textlink/received HTTP/1.1\r\nHost: x\r\nContent-Length: 60\r\n\r\n{"
        for _ in range(count):
            connection = socket.create_connection(("127.0.0.1", self._port), timeout=5)
            connection.sendall(head)
            self._slow.append(connection)

    def _drip(self) -> None:
        while not self._stopped.wait(0.5):
            for connection in list(self._slow):
                try:
                    connection.sendall(b" ")
                except OSError:
                    self._slow.remove(connection)
