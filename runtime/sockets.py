"""The TCP sockets of this process on one port, found from outside the server that owns them (Linux).

Granian opens its sockets in its own native code and hands none of them out.
"""

from __future__ import annotations

import os
import socket
import stat
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_DESCRIPTORS = Path("/proc/self/fd")
#: linux/in.h and linux/in6.h; Python's socket module names neither.
_IP_MINTTL, _IPV6_MINHOPCOUNT = 21, 73


def tcp_sockets(port: int) -> Iterator[socket.socket]:
    """Every TCP socket of this process whose own port is `port`: duplicates, each closed before the next is made."""
    if not sys.platform.startswith("linux"):
        return
    for name in os.listdir(_DESCRIPTORS):
        with suppress(OSError):  # closed meanwhile
            if not stat.S_ISSOCK(os.fstat(int(name)).st_mode):
                continue
            with socket.socket(fileno=os.dup(int(name))) as found:
                is_tcp = found.family in (socket.AF_INET, socket.AF_INET6) and found.type == socket.SOCK_STREAM
                if is_tcp and found.getsockname()[1] == port:
                    yield found


def is_listening(candidate: socket.socket) -> bool:
    """Whether it takes connections, rather than being one."""
    return bool(candidate.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))


def set_minimum_ttl(target: socket.socket, ttl: int) -> None:
    """Have the kernel drop every packet for `target` that arrives with a smaller time to live (0: none).

    Needs no privilege. Raises OSError where the system does not know the option.
    """
    if target.family == socket.AF_INET6:
        target.setsockopt(socket.IPPROTO_IPV6, _IPV6_MINHOPCOUNT, ttl)
    target.setsockopt(socket.IPPROTO_IP, _IP_MINTTL, ttl)


def minimum_ttl(target: socket.socket) -> int:
    """What `set_minimum_ttl` set, or 0."""
    return target.getsockopt(socket.IPPROTO_IP, _IP_MINTTL)
