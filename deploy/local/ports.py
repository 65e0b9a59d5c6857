"""Ports: which are free, which this process has reserved, and which a stack keeps from one start to the next."""

from __future__ import annotations

import errno
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

#: The ports that this process has reserved, until it ends.
_reserved: set[int] = set()


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
        except (OSError, OverflowError):  # OverflowError: it is no port
            return False
        return True


def free_ports(count: int) -> list[int]:
    """That many different ports that nothing listens on, and that no stack on this machine is given beside us."""
    found: list[int] = []
    for port in random.sample(_RANGE, len(_RANGE)):
        if len(found) == count:
            break
        if port not in _reserved and is_free(port) and _reserve(port):
            found.append(port)
    return found


def _reserve(port: int) -> bool:
    """Whether `port` is ours until this process ends.

    A server listens seconds after its port was chosen, and a stack that starts at the same moment would see the port
    as free. So the UDP port of the same number, which no server of ours uses, is held as the sign that it is given
    away: it needs no file, and the system takes it back however the process ends.
    """
    if port in _reserved:
        return True
    holder = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        holder.bind((HOST, port))
    except OSError as error:
        holder.close()
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            return False
        raise
    holder.detach()  # open until the process ends
    _reserved.add(port)
    return True


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
            _reserve(request.fixed)  # as far as another program's use of UDP lets us
            chosen[request.name] = request.fixed
        elif last and last not in chosen.values() and is_free(last) and _reserve(last):
            chosen[request.name] = last
        else:
            (chosen[request.name],) = free_ports(1)
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
