"""Connections to one API that are kept between calls: the one that was used last goes first.

Not httpcore's own pool, which looks at all of its connections under one lock, twice for every request: with 32 calls
at once that was a third of what a call cost us.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

import httpcore
import httpx

from processors.http.ssrf_guard import CheckedBackend

#: Seconds after which a connection that nobody has used is not used again: less than servers wait.
IDLE_FOR = 20.0


class PooledConnection(NamedTuple):
    http: httpcore.HTTPConnection
    backend: CheckedBackend  #: its own, which holds its call's deadline


class ConnectionPool:
    """Any number of threads may share them; each connection is one thread's at a time."""

    def __init__(self, base_url: str, *, allow_private: bool) -> None:
        self._origin = httpcore.URL(base_url).origin
        self._allow_private = allow_private
        self._tls = httpx.create_ssl_context()
        self._idle: deque[PooledConnection] = deque()
        self._closed = False

    @contextmanager
    def stream(self, method: str, url: str, *, seconds: float, **request: Any) -> Iterator[httpcore.Response]:
        """As httpcore.HTTPConnection.stream, over in `seconds` whatever the other side does.

        Raises AddressRefused, and httpcore's errors.
        """
        connection = self._take()
        connection.backend.deadline = time.monotonic() + seconds
        try:
            with connection.http.stream(method, url, **request) as response:
                yield response
        finally:
            if connection.http.is_available() and not self._closed:
                self._idle.append(connection)
            else:
                connection.http.close()

    def close(self) -> None:
        """Close those that nobody uses; the others as soon as their call is over."""
        self._closed = True
        with suppress(IndexError):
            while True:
                self._idle.pop().http.close()

    def _take(self) -> PooledConnection:
        with suppress(IndexError):  # another thread may have taken the last one
            while True:
                idle = self._idle.pop()
                if not idle.http.has_expired():  # nor has the server closed it
                    return idle
                idle.http.close()
        backend = CheckedBackend(allow_private=self._allow_private)
        http = httpcore.HTTPConnection(
            self._origin, ssl_context=self._tls, keepalive_expiry=IDLE_FOR, network_backend=backend
        )
        return PooledConnection(http, backend)
