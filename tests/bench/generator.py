"""The bundled load generator: `python -m tests.bench.generator PORT CONNECTIONS SECONDS RUN [--rate N] [--ask PATH]`.

Sockets and epoll, nothing else, so that it stays well ahead of what it measures. Without a rate each connection
sends as soon as it has its answer; with one the nth webhook is due n / rate seconds after the start, and its latency
counts from then, whether or not a connection was free: a stall is not hidden by sending less.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import selectors
import socket
import time
from collections import deque
from collections.abc import Iterator

from tests.bench.webhooks import CONTACTS, phone, requests

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_EVENT_ID = re.compile(rb"x-event-id: *([0-9a-f-]{36})", re.IGNORECASE)

#: Seconds that answers may still come after the end.
TIME_LIMIT = 10.0


class Connection:
    """One kept-alive connection with at most one request under way."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=5)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.due = 0.0
        self._received = b""

    def send(self, request: bytes, due: float) -> None:
        """Send, on a socket whose buffer is empty: it takes a webhook whole."""
        self.due, self._received = due, b""
        self.socket.sendall(request)

    def answer(self) -> bytes | None:
        """The answer once it is whole, b"" when the server has closed instead."""
        got = self.socket.recv(65_536)
        self._received += got
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not got:
            return b""
        length = _LENGTH.search(head) if found else None
        return self._received if length and len(body) >= int(length[1]) else None


class Run:
    """One run against one server."""

    def __init__(self, port: int, connections: int, seconds: float, wire: Iterator[bytes], rate: float | None) -> None:
        self._port = port
        self._seconds = seconds
        self._rate = rate
        self._requests = wire
        self._selector = selectors.DefaultSelector()
        self._idle = deque(Connection(port) for _ in range(connections))
        for connection in self._idle:
            self._selector.register(connection.socket, selectors.EVENT_READ, connection)
        self._busy = 0
        self._latencies: list[float] = []
        self._sent: list[tuple[float, float, str]] = []
        self._errors = 0
        self._number = 0

    def go(self) -> dict[str, object]:
        """Send, and tell what came of it. Times are the wall clock's, whose steps on one machine are rare."""
        began = time.time()
        end = began + self._seconds
        while (now := time.time()) < end:
            due = self._due(began, now)
            while self._idle and due <= now:
                self._send(due)
                due = self._due(began, now)
            self._drain_results(end - now if not self._idle else max(0.0, min(end, due) - now))
        finished = time.time()
        answered = len(self._latencies)
        while self._busy and time.time() < end + TIME_LIMIT:
            self._drain_results(0.1)
        self._errors += self._busy
        ordered = sorted(self._latencies)
        return {
            # What was under way at the end belongs to no rate, but with a rate every webhook counts.
            "requests": answered if self._rate is None else self._number,
            "seconds": finished - began,
            "p50_ms": _quantile(ordered, 0.50),
            "p99_ms": _quantile(ordered, 0.99),
            "errors": self._errors,
            "sent": self._sent,
        }

    def _due(self, began: float, now: float) -> float:
        return now if self._rate is None else began + self._number / self._rate

    def _send(self, due: float) -> None:
        connection = self._idle.popleft()
        self._number += 1
        self._busy += 1
        connection.send(next(self._requests), due)

    def _drain_results(self, timeout: float) -> None:
        for key, _ in self._selector.select(timeout):
            connection: Connection = key.data
            answer = connection.answer()
            if answer is None:
                continue
            now = time.time()
            self._busy -= 1
            self._latencies.append(now - connection.due)
            if not answer.startswith(b"HTTP/1.1 200 "):
                self._errors += 1
            elif self._rate is not None and (found := _EVENT_ID.search(answer)):
                self._sent.append((connection.due, now, found[1].decode()))
            if not answer:
                self._selector.unregister(connection.socket)
                connection.socket.close()
                connection = Connection(self._port)
                self._selector.register(connection.socket, selectors.EVENT_READ, connection)
            self._idle.append(connection)


def _wire(run: int) -> Iterator[bytes]:
    for path, body in requests(run, random.Random(run)):
        yield b"POST %b HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n%b" % (path.encode(), len(body), body)


def lookups(path: str, token: str, run: int) -> Iterator[bytes]:
    """GET `path`, in which PHONE stands for one contact after another."""
    chance = random.Random(run)
    head = f"HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n\r\n"
    while True:
        target = path.replace("PHONE", phone(chance.randrange(CONTACTS)).replace("+", "%2B"))
        yield f"GET {target} {head}".encode()


def _quantile(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000 if ordered else 0.0


def main() -> None:
    """Run, and print what came of it as one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("connections", type=int)
    parser.add_argument("seconds", type=float)
    parser.add_argument("run", type=int)
    parser.add_argument("--rate", type=float)
    parser.add_argument("--ask", help="GET this path in place of posting webhooks; PHONE in it is a contact's")
    parser.add_argument("--token", default="", help="of those who ask")
    given = parser.parse_args()
    wire = lookups(given.ask, given.token, given.run) if given.ask else _wire(given.run)
    print(json.dumps(Run(given.port, given.connections, given.seconds, wire, given.rate).go()))


if __name__ == "__main__":
    main()
