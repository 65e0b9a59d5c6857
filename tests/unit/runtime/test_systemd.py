"""systemd is told what /readyz and /healthz say, over the socket it names; a frozen loop ends the signs of life."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from runtime.admin import AdminServer, Readiness, admin_app
from runtime.loops import LoopWatch
from runtime.process import StopSignal
from runtime.systemd import NotifySocket, notify_of_life, supervised, watchdog_interval


class Receiver:
    """systemd's end: a real datagram socket."""

    def __init__(self, address: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(address)
        self._socket.settimeout(10)

    def next(self) -> list[str]:
        return self._socket.recv(4096).decode().split("\n")

    def until(self, line: str) -> list[str]:
        while line not in (lines := self.next()):
            pass
        return lines

    def waiting(self, seconds: float = 0.3) -> list[str]:
        """What has come and was not read, until nothing comes for `seconds`."""
        found = []
        self._socket.settimeout(seconds)
        try:
            while True:
                found += self.next()
        except (TimeoutError, BlockingIOError):
            return found
        finally:
            self._socket.settimeout(10)

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    made = Receiver(str(tmp_path / "notify"))
    yield made
    made.close()


@contextmanager
def service(
    tmp_path: Path, readiness: Callable[[], Readiness], frozen: Callable[[], str | None] = lambda: None
) -> Iterator[StopSignal]:
    """A process's admin port, which systemd watches with a WatchdogSec of 0.15 s."""
    environ = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "150000"}
    stop = StopSignal()
    with (
        AdminServer(admin_app("persist", readiness, frozen=frozen), "127.0.0.1", 0) as admin,
        supervised("0.0.0.0", admin.port, stop, environ),
    ):
        yield stop


def test_it_is_ready_when_it_says_so_lives_and_stops(tmp_path: Path, receiver: Receiver) -> None:
    state = [Readiness(False, "PostgreSQL does not\nanswer")]
    with service(tmp_path, lambda: state[0]) as stop:
        # Given a process that waits for PostgreSQL: its start may take longer, and a person sees why
        assert receiver.next() == ["EXTEND_TIMEOUT_USEC=60000000", "STATUS=waits: PostgreSQL does not answer"]
        assert receiver.next() == ["EXTEND_TIMEOUT_USEC=60000000"]
        # When PostgreSQL answers
        state[0] = Readiness(True)
        assert receiver.until("READY=1") == ["READY=1", "STATUS=ready"]
        assert [receiver.next(), receiver.next()] == [["WATCHDOG=1"], ["WATCHDOG=1"]]
        # A process that is no longer ready lives: to start it again would not mend its database.
        state[0] = Readiness(False, "PostgreSQL does not answer")
        receiver.waiting(0)
        assert receiver.next() == ["WATCHDOG=1"]
        stop.set()
        receiver.until("STOPPING=1")
    assert receiver.waiting() == []


def test_a_frozen_loop_ends_the_signs_of_life(tmp_path: Path, receiver: Receiver) -> None:
    now = [0.0]
    watch = LoopWatch(lambda: now[0])
    watch.register("the poll loop", 60)
    with service(tmp_path, lambda: Readiness(True), watch.frozen):
        receiver.until("WATCHDOG=1")
        now[0] = 61.0
        lines = receiver.until("STATUS=frozen: the poll loop has given no sign of life for 61 s")
        assert lines == ["STATUS=frozen: the poll loop has given no sign of life for 61 s"]
        assert receiver.waiting() == []
        watch.beat()
        assert receiver.next() == ["WATCHDOG=1", "STATUS=ready"]


def test_a_server_that_answers_nobody_gives_no_sign_of_life(receiver: Receiver, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        port = deaf.getsockname()[1]
    with supervised("127.0.0.1", port, StopSignal(), {"NOTIFY_SOCKET": str(tmp_path / "notify")}):
        assert receiver.next() == ["STATUS=frozen: no answer"]
    assert receiver.waiting() == ["STOPPING=1"]


def test_an_abstract_socket_is_reached() -> None:
    receiver = Receiver("\0hookline-test-notify")
    stop = StopSignal()
    answers = iter([(True, ""), (True, "ok")])

    def ask(_path: str) -> tuple[bool, str]:
        answer = next(answers)
        if _path == "/readyz":
            stop.set()
        return answer

    notify_of_life(NotifySocket("@hookline-test-notify"), ask, stop, 0.01)
    assert receiver.waiting() == ["READY=1", "STATUS=ready", "STOPPING=1"]
    receiver.close()


def test_a_manager_that_is_gone_ends_nothing(tmp_path: Path) -> None:
    NotifySocket(str(tmp_path / "nobody")).send("READY=1")


def test_without_systemd_nothing_is_told() -> None:
    before = threading.active_count()
    with supervised("127.0.0.1", 1, StopSignal(), {}):
        assert threading.active_count() == before


@pytest.mark.parametrize(
    ("environ", "seconds"),
    [
        ({"WATCHDOG_USEC": "6000000"}, 2.0),
        ({"WATCHDOG_USEC": "90000000"}, 10.0),
        ({}, 10.0),
        ({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "1"}, 10.0),  # another process's
    ],
)
def test_signs_of_life_come_well_before_the_unit_misses_them(environ: dict[str, str], seconds: float) -> None:
    assert watchdog_interval(environ) == seconds
