"""How kafka-python's clients open a connection: by our own lookup of names, and without leaving a socket behind.

kafka-python 3.0.12 (net/inet.py) forgets the socket of a connection that is refused, is not made in time, or is given
up because the client is closed. Its error holds it in a reference cycle, so it stays open until the garbage collector
passes, which in a process that connects again and again, to a broker that is gone, are many.
"""

from __future__ import annotations

import socket
from typing import Any

from kafka.errors import KafkaConnectionError
from kafka.net import KafkaNetSocket

from runtime.kafka.internals.name_lookup import AddressInfo, NameLookup


class DirectSocket(KafkaNetSocket):  # type: ignore[misc] # kafka-python has no types
    """What kafka-python connects with where its setting `proxy_url` says `PROXY_URL`: no proxy."""

    SCHEMES = ("hookline-direct",)
    _lookup = NameLookup()

    def dns_lookup(self, host: str, port: int, raise_error: bool = False) -> list[AddressInfo]:
        """See KafkaNetSocket.dns_lookup; no address is a connection that failed."""
        found = self._lookup.addresses(host, port)
        if raise_error and not found:
            raise KafkaConnectionError(f"no address of {host}")
        return found

    async def sock_connect(self, net: Any, sock: socket.socket, sockaddr: Any, timeout_at: float | None = None) -> Any:
        """See KafkaNetSocket.sock_connect; whatever ends it but a connection closes the socket."""
        try:
            return await super().sock_connect(net, sock, sockaddr, timeout_at=timeout_at)
        except BaseException:  # GeneratorExit as well: the client is closed, or this task is forgotten
            sock.close()
            raise


#: kafka-python finds DirectSocket by this.
PROXY_URL = f"{DirectSocket.SCHEMES[0]}://"
