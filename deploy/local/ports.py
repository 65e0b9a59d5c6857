"""Ports: which are free, and which a stack keeps from one start to the next."""

from __future__ import annotations

import random
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import psutil

HOST = "127.0.0.1"

#: Below every system's range of ports for outgoing connections (Linux 32768 up, macOS 49152 up). From within it, a
#: client that knocks at a port where nobody listens yet can be given that very port as its own, connect to itself,
#: and so keep the server out.
_RANGE = range(20_000, 32_000)


class PortTaken(Exception):
    """Change the setting that is named, or end the program that holds the port."""

    exit_code = 78  # configuration (sysexits.h)


@dataclass(frozen=True, slots=True)
class PortRequest:
    """A port that a stack needs."""

    name: str  #: of the port; the variable that sets it, where there is one
    fixed: int | None = None  #: this one and no other; None: any, the same as last time if possible
    origin: str = ""  #: why it is fixed, as the end of a sentence


def is_free(port: int, host: str = HOST) -> bool:
    """Whether a server could listen on `port` now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: TIME_WAIT is no occupation
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def free_ports(count: int, *, besides: Sequence[int] = ()) -> list[int]:
    """That many different ports that nothing listens on."""
    found: list[int] = []
    for port in random.sample(_RANGE, len(_RANGE)):
        if len(found) == count:
            break
        if port not in besides and is_free(port):
            found.append(port)
    return found


def choose(
    requests: Sequence[PortRequest], last_ports: Mapping[str, int], announce: Callable[[str], None]
) -> dict[str, int]:
    """A port for every wish: the fixed one, the one of last time, or a free one. Raises PortTaken."""
    chosen: dict[str, int] = {}
    for request in requests:
        last = last_ports.get(request.name)
        if request.fixed is not None:
            if request.fixed in chosen.values() or not is_free(request.fixed):
                raise PortTaken(
                    f"port {request.fixed} is {request.origin}, but {_holder(request.fixed)}: set {request.name} to"
                    " another port, or to 0 for a free one, or end that program"
                )
            chosen[request.name] = request.fixed
        elif last is not None and last not in chosen.values() and is_free(last):
            chosen[request.name] = last
        else:
            (chosen[request.name],) = free_ports(1, besides=list(chosen.values()))
            if last is not None:
                announce(f"port {last} is in use by now: {request.name} moves to {chosen[request.name]}")
    return chosen


def _holder(port: int) -> str:
    """Who listens on `port`, as far as the system tells us."""
    try:
        for connection in psutil.net_connections("tcp"):
            listens = connection.status == psutil.CONN_LISTEN and getattr(connection.laddr, "port", None) == port
            if listens and connection.pid:
                name = psutil.Process(connection.pid).name()
                return f"{name} (process {connection.pid}) is using it"
    except psutil.Error:  # macOS tells root alone
        pass
    return "another program is using it"
