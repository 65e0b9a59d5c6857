"""What a stop costs those who post meanwhile, as a user without privileges: no request that was sent."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from deploy.local.ports import free_ports
from tests.integration.test_ingest import wait_until

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="new connections are rejected on Linux")

BODY = b'{"text":"STOP"}'
HEAD = b"POST /webhooks/textlink HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n" % len(BODY)
CLIENTS = 16
STOPS = 5


class Servers:
    """Web servers of ours on one port, in generations."""

    def __init__(self) -> None:
        [self.port] = free_ports(1)
        self.running: list[subprocess.Popen[bytes]] = []

    def start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.servers.unprivileged_web", str(self.port), "2", "8"]
        process = subprocess.Popen(command)
        self.running.append(process)
        return process

    def listeners(self) -> int:
        """How many sockets listen on the port: one a worker."""
        assert self.running[-1].poll() is None, "it has ended"
        port = f":{self.port:04X}"
        with open("/proc/net/tcp", encoding="ascii") as table:
            lines = [line.split() for line in table]
        return sum(line[1].endswith(port) and line[3] == "0A" for line in lines)

    def uid_of(self, process: subprocess.Popen[bytes]) -> int:
        with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[2]) for line in status if line.startswith("Uid:"))


@pytest.fixture
def servers() -> Iterator[Servers]:
    servers = Servers()
    yield servers
    for process in servers.running:
        process.terminate()
        process.wait(30)


def exchange(connection: socket.socket, *, keep: bool) -> tuple[str, bool]:
    """Post once on an open connection: how it ended, and whether the connection may be used again."""
    try:
        connection.sendall(HEAD + (b"\r\n" if keep else b"Connection: close\r\n\r\n") + BODY)
    except OSError as error:
        return f"lost while sending: {type(error).__name__}", False
    answer = b""
    while not answer.endswith(BODY):
        try:
            received = connection.recv(4096)
        except OSError as error:
            return f"lost: {type(error).__name__}", False
        if not received:
            return f"lost: closed after {answer!r}", False
        answer += received
    if not answer.startswith(b"HTTP/1.1 200"):
        return f"answered {answer[:12]!r}", False
    return "answered", keep and b"connection: close" not in answer.lower()


def post_until(port: int, stop: Event, *, keep: bool, until_refused: bool) -> Counter[str]:
    """Post without a pause; a kept connection is used until its response closes it."""
    ended: Counter[str] = Counter()
    connection: socket.socket | None = None
    while not stop.is_set():
        if connection is None:
            try:
                connection = socket.create_connection(("127.0.0.1", port), timeout=20)
            except OSError as error:
                ended[f"not connected: {type(error).__name__}"] += 1
                if until_refused:
                    break
                time.sleep(0.01)
                continue
        outcome, usable = exchange(connection, keep=keep)
        ended[outcome] += 1
        if not usable:
            connection.close()
            connection = None
    if connection is not None:
        connection.close()
    return ended


def test_a_stop_loses_no_request_that_was_sent(servers: Servers) -> None:
    total: Counter[str] = Counter()
    for _ in range(STOPS):
        # Given clients that make a connection for each request, and clients that keep theirs
        process = servers.start()
        wait_until(lambda: servers.listeners() == 2, "both workers listen")
        assert servers.uid_of(process) != 0
        never = Event()
        with ThreadPoolExecutor(CLIENTS) as clients:
            posting = [
                clients.submit(post_until, servers.port, never, keep=number % 2 == 0, until_refused=True)
                for number in range(CLIENTS)
            ]
            time.sleep(0.7)
            # When it is stopped
            process.terminate()
            for client in posting:
                total += client.result()
        assert process.wait(30) == 0
    # Then each request that was sent is answered, and the first that is not is refused before anything was sent
    assert total.pop("not connected: ConnectionRefusedError") == CLIENTS * STOPS
    assert set(total) == {"answered"}, total
    assert total["answered"] > 1000


def test_the_next_generation_on_the_same_port_takes_over(servers: Servers) -> None:
    # Given a generation that serves, under load
    old = servers.start()
    wait_until(lambda: servers.listeners() == 2, "both workers listen")
    stop = Event()
    with ThreadPoolExecutor(CLIENTS) as clients:
        posting = [
            clients.submit(post_until, servers.port, stop, keep=number % 2 == 0, until_refused=False)
            for number in range(CLIENTS)
        ]
        for _ in range(3):
            # When the next one starts on its port, and the old one is stopped
            new = servers.start()
            wait_until(lambda: servers.listeners() == 4, "the next generation listens too")
            old.terminate()
            assert old.wait(30) == 0
            old = new
        time.sleep(0.2)
        stop.set()
        total = sum((client.result() for client in posting), Counter[str]())
    # Then nobody is refused, and each request is answered
    assert set(total) == {"answered"}, total
    assert total["answered"] > 1000
