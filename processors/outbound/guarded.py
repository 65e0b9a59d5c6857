"""Connections that go only where they may: the address that was checked is the one that is connected to.

Between a check of a name and a connection to that name its address may change (DNS rebinding); here the name is
resolved once, every address of it is looked at, and the connection is made to the address itself. TLS still verifies
the name.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

import httpcore


class Refused(Exception):
    """Do not connect there at all."""


class CheckedBackend(httpcore.SyncBackend):
    """Makes connections to wherever is asked for, each checked; private addresses only if they are allowed."""

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to an address of `host` that has been checked. Raises Refused, httpcore.ConnectError."""
        address = self._checked(host, port)
        return super().connect_tcp(address, port, timeout, local_address, socket_options)

    def _checked(self, host: str, port: int) -> str:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpcore.ConnectError(f"no address: {error.strerror}") from None
        addresses = [str(one[4][0]) for one in found]
        for address in addresses:
            if not self._may_be(address, host):
                raise Refused("its host's address is a private one, which the settings do not allow")
        return addresses[0]

    def _may_be(self, address: str, host: str) -> bool:
        if self._allow_private:
            return True
        one = ipaddress.ip_address(address.partition("%")[0])
        mapped = getattr(one, "ipv4_mapped", None)
        one = mapped or one
        return one.is_global or (one.is_loopback and is_this_machine(host))


def is_this_machine(host: str) -> bool:
    """Whether `host`, as it is written in an address, is this machine by its very name."""
    return host in ("localhost", "127.0.0.1", "::1")


def mistake_in(url: str, allowed: Iterable[str]) -> str | None:
    """Why `url` may not be called; None: it may. `allowed`: the hosts that may, or none for just its own."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not host:
        return "is no address; it looks like https://crm.example.com/api"
    if parts.username is not None or parts.password is not None:
        return "carries a name or a password; tokens have settings of their own"
    if parts.scheme == "http" and not is_this_machine(host):
        return "is not https, which only this machine itself may do without"
    hosts = list(allowed)
    if hosts and host not in hosts:
        return f"{host} is not among the hosts that may be called: {', '.join(hosts)}"
    return None
