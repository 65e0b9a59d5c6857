"""Who may use the control routes: the user who runs the sandbox, root, and whoever has the control token.

The kernel lists every TCP connection of this machine with the user who opened it, so that the tests and tools of
that user need no credential, and another user of the machine cannot read what was asked (texts, names, numbers).
Only Linux has that list: elsewhere the control routes are open to this machine unless there is a token.
"""

from __future__ import annotations

import hmac
import ipaddress
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from werkzeug.wrappers import Request

#: IPv4 and IPv6; a client may reach an IPv4 address through an IPv6 socket.
_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
#: State of an open connection. A closed one may be listed as root's, whoever opened it (linux/net/tcp_states.h).
_ESTABLISHED = "01"


class ControlAccess:
    """Decides over one control request after another. `token`: None for no token."""

    def __init__(self, token: str | None, tables: tuple[Path, ...] = _TABLES, user: int | None = None) -> None:
        self._token = token
        self._tables = tables
        self._users = {0, os.geteuid() if user is None else user}

    def allows(self, request: Request) -> bool:
        """Whether whoever sent `request` may control the sandbox."""
        if self._token and hmac.compare_digest(
            request.headers.get("Authorization", "").encode(), f"Bearer {self._token}".encode()
        ):
            return True
        if not any(table.exists() for table in self._tables):
            return not self._token
        environ = request.environ
        client = (environ.get("REMOTE_ADDR", ""), int(environ.get("REMOTE_PORT", 0)))
        return self._user_of(client, int(environ["SERVER_PORT"])) in self._users

    def _user_of(self, client: tuple[str, int], server_port: int) -> int | None:
        """The user who opened the connection from `client`; None: it comes from another machine or is closed."""
        for table in self._tables:
            if table.exists():
                for address, port, remote_port, user in _connections(table.read_text("ascii")):
                    if (address, port) == client and remote_port == server_port:
                        return user
        return None


def _connections(table: str) -> Iterator[tuple[str, int, int, int]]:
    """Local address, local port, remote port and user of every open connection (proc_pid_net(5))."""
    for line in table.splitlines()[1:]:
        columns = line.split()
        if columns[3] == _ESTABLISHED:
            address, _, port = columns[1].partition(":")
            yield _address(address), int(port, 16), int(columns[2].rpartition(":")[2], 16), int(columns[7])


def _address(words: str) -> str:
    """The kernel writes each four bytes as one number in the machine's own order."""
    numbers = [int(words[at : at + 8], 16) for at in range(0, len(words), 8)]
    address = ipaddress.ip_address(b"".join(number.to_bytes(4, sys.byteorder) for number in numbers))
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)
