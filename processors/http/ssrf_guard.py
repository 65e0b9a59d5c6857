"""Connections that go only where they may, and that take no longer than a call may.

Between a check of a name and a connection to that name its address may change (DNS rebinding); here the name is
resolved once, every address of it is looked at, and the connection is made to the address itself. TLS still verifies
the name.
"""

from __future__ import annotations

import ipaddress
import math
import socket
import ssl
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotResolved
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import httpcore

from processors.outbox.errors import Rejected

#: NAT64 (RFC 6052) and IPv4-compatible addresses (RFC 4291): the last 32 bits are an IPv4 address.
_LAST_32_BITS = tuple(map(ipaddress.IPv6Network, ("64:ff9b::/96", "::/96")))
#: What is given out for the internet (RFC 4291, IANA). Everything else is reserved, local, or an IPv4 address in
#: disguise: NAT64 with a prefix of the operator's own (64:ff9b:1::/48) and IPv4-translated (::ffff:0:0:0/96) among it.
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
#: In it, for documentation (RFC 9637); Python's tables know the others.
_DOCUMENTATION = ipaddress.IPv6Network("3fff::/20")
#: Before the IPv4 address in the last 64 bits of an ISATAP address (RFC 5214): with a local and a global IPv4 address.
_ISATAP = (0x0000_5EFE, 0x0200_5EFE)

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class AddressRefused(Rejected):
    """Do not connect there at all."""


class CheckedBackend(httpcore.SyncBackend):
    """Makes one call's connection: checked (private addresses only if they are allowed), and over by `deadline`."""

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private
        #: Monotonic seconds after which whatever the call is at fails; set anew for each call on the connection.
        self.deadline = math.inf

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to a checked address of `host`. Raises AddressRefused, ConnectError, ConnectTimeout."""
        address = self._checked(host, port)
        left = self.left(timeout, httpcore.ConnectTimeout)
        return _TimedStream(super().connect_tcp(address, port, left, local_address, socket_options), self)

    def left(self, timeout: float | None, over: type[Exception]) -> float | None:
        """Seconds for the next step: `timeout`, or what is left of the call. Raises `over` where nothing is left."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise over("the call's time is over")
        return timeout if left == math.inf else min(left, math.inf if timeout is None else timeout)

    def _checked(self, host: str, port: int) -> str:
        addresses = list(self._resolved(host, port))
        for address in addresses:
            if not self._may_be(address, host):
                raise AddressRefused("its host's address is a private one, which the settings do not allow")
        return addresses[0]

    def _resolved(self, host: str, port: int) -> Iterator[str]:
        """The system's resolver takes no time-out, so it works in a thread that is left behind where it is too slow."""
        found: Future[list[Any]] = Future()

        def resolve() -> None:
            try:
                found.set_result(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
            except (OSError, ValueError) as error:  # ValueError: a text that cannot be a name, such as "a..b"
                found.set_exception(error)

        Thread(target=resolve, name="resolve", daemon=True).start()
        try:
            entries = found.result(self.left(None, httpcore.ConnectTimeout))
        except NotResolved:
            raise httpcore.ConnectTimeout("the resolver does not answer") from None
        except OSError as error:
            raise httpcore.ConnectError(f"no address: {error.strerror}") from None
        except ValueError:
            raise httpcore.ConnectError("no address: its host can be no name") from None
        return (str(entry[4][0]) for entry in entries)

    def _may_be(self, address: str, host: str) -> bool:
        if self._allow_private:
            return True
        found = ipaddress.ip_address(address.partition("%")[0])
        return is_public(found) or (found.is_loopback and is_this_machine(host))


class _TimedStream(httpcore.NetworkStream):
    """A connection whose every step ends by its backend's deadline."""

    def __init__(self, stream: httpcore.NetworkStream, backend: CheckedBackend) -> None:
        self._stream = stream
        self._backend = backend

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._backend.left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._backend.left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = self._backend.left(timeout, httpcore.ConnectTimeout)
        return _TimedStream(self._stream.start_tls(ssl_context, server_hostname, left), self._backend)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def is_public(address: _Address) -> bool:
    """Whether `address` is one of the public internet, and so is every IPv4 address that it stands for."""
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not address.is_multicast
    if address.ipv4_mapped is not None or any(address in network for network in _LAST_32_BITS):
        return is_public(_last_32_bits(address))
    if address not in _GLOBAL_UNICAST or address in _DOCUMENTATION:
        return False
    if address.teredo is not None:
        return all(map(is_public, address.teredo))
    return address.is_global and all(map(is_public, _tunnelled(address)))


def _tunnelled(address: ipaddress.IPv6Address) -> Iterator[ipaddress.IPv4Address]:
    """The IPv4 addresses to which a router would take what is sent to `address`."""
    if address.sixtofour is not None:
        yield address.sixtofour
    if (int(address) >> 32) & 0xFFFFFFFF in _ISATAP:
        yield _last_32_bits(address)


def _last_32_bits(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address:
    return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)


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
