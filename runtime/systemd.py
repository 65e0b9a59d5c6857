"""Tells systemd, where it started us, that the service is ready, that it lives, and that it stops (sd_notify(3)).

What is told is what the process itself answers at /readyz and /healthz, asked over HTTP as any probe does: a frozen
loop, a server that answers nobody and a process that is frozen as a whole all end the signs of life.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from runtime import logs
from runtime.addresses import reached
from runtime.process import StopSignal

log = logs.logger("runtime.systemd")

#: Seconds that /healthz has to answer, and until it is asked again while the service starts.
TIMEOUT, STARTING_INTERVAL = 5.0, 0.5
#: Seconds by which a start that goes on, such as one that waits for PostgreSQL, may take longer. A unit's
#: TimeoutStartSec ends one that is frozen.
EXTENSION = 60


class NotifySocket:
    """The datagram socket that systemd named in NOTIFY_SOCKET."""

    def __init__(self, path: str) -> None:
        self._address = "\0" + path[1:] if path.startswith("@") else path  # @: an abstract name

    def send(self, *lines: str) -> None:
        """Tell `lines`, if there are any. What fails is logged: a service manager that is gone is no reason to end."""
        if not lines:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
                sender.settimeout(TIMEOUT)
                sender.sendto("\n".join(lines).encode(), self._address)
        except OSError as error:
            log.warning("systemd_not_told", error_class=type(error).__name__)


def watchdog_interval(environ: Mapping[str, str]) -> float:
    """Seconds between two signs of life: a third of the unit's WatchdogSec, at most 10."""
    microseconds, pid = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID", "")
    if not microseconds.isdecimal() or pid not in ("", str(os.getpid())):
        return 10.0
    return min(10.0, int(microseconds) / 3e6)


def answer_of(address: str, port: int, path: str) -> tuple[bool, str]:
    """Whether `path` was answered with 200, and the reason that the answer gives."""
    connection = http.client.HTTPConnection(address, port, timeout=TIMEOUT)
    try:
        connection.request("GET", path, headers={"Connection": "close"})
        answer = connection.getresponse()
        body = json.loads(answer.read(10_000) or b"{}")
    except (OSError, http.client.HTTPException, ValueError):
        return False, "no answer"
    finally:
        connection.close()
    return answer.status == http.HTTPStatus.OK, str(body.get("reason", "")) if isinstance(body, dict) else ""


def notify_of_life(
    notify: NotifySocket, ask: Callable[[str], tuple[bool, str]], stop: StopSignal, interval: float
) -> None:
    """Tell of the whole life of a service, until `stop`. `ask`: whether a path is answered with 200, and the reason."""
    is_ready, status = False, ""

    def send(state: str, shown: str) -> None:
        nonlocal status
        shown = " ".join(shown.split())  # a line each
        notify.send(*filter(None, [state, "" if shown == status else f"STATUS={shown}"]))
        status = shown

    while not stop.is_set():
        lives, reason = ask("/healthz")
        if not lives:
            send("", f"frozen: {reason}")
        elif is_ready:
            send("WATCHDOG=1", "ready")
        else:
            is_ready, reason = ask("/readyz")
            if is_ready:
                send("READY=1", "ready")
            else:
                send(f"EXTEND_TIMEOUT_USEC={EXTENSION * 1_000_000}", f"waits: {reason}")
        stop.wait(interval if is_ready else STARTING_INTERVAL)
    notify.send("STOPPING=1")


@contextmanager
def supervised(host: str, port: int, stop: StopSignal, environ: Mapping[str, str] = os.environ) -> Iterator[None]:
    """While the block lasts, systemd is told what /readyz and /healthz say at `host` and `port`; without it nothing is.

    Sets `stop` at the end of the block.
    """
    path = environ.get("NOTIFY_SOCKET", "")
    if not path:
        yield
        return
    address = reached(host)
    arguments = NotifySocket(path), lambda page: answer_of(address, port, page), stop, watchdog_interval(environ)
    thread = threading.Thread(target=notify_of_life, args=arguments, name="systemd", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(2.0)
