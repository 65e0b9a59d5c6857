"""Connections to one API that are kept between calls: the one that was used last goes first.

Not httpcore's own pool, which looks at all of its connections under one lock, twice for every request: with 32 calls
at once that was a third of what a call cost us.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import httpcore
import httpx

from processors.outbound.guarded import CheckedBackend

#: Seconds after which a connection that nobody has used is not used again: less than servers wait.
KEPT_FOR = 20.0


class KeptConnections:
    """Any number of threads may share them; each connection is one thread's at a time."""

    def __init__(self, base_url: str, *, allow_private: bool) -> None:
        self._origin = httpcore.URL(base_url).origin
        self._backend = CheckedBackend(allow_private=allow_private)
        self._tls = httpx.create_ssl_context()
        self._idle: deque[httpcore.HTTPConnection] = deque()
        self._closed = False

    @contextmanager
    def stream(self, method: str, url: str, **request: Any) -> Iterator[httpcore.Response]:
        """As httpcore.HTTPConnection.stream. Raises guarded.Refused, and httpcore's errors."""
        connection = self._take()
        try:
            with connection.stream(method, url, **request) as response:
                yield response
        finally:
            if connection.is_available() and not self._closed:
                self._idle.append(connection)
            else:
                connection.close()

    def close(self) -> None:
        """Close those that nobody uses; the others as soon as their call is over."""
        self._closed = True
        with suppress(IndexError):
            while True:
                self._idle.pop().close()

    def _take(self) -> httpcore.HTTPConnection:
        with suppress(IndexError):  # another thread may have taken the last one
            while True:
                kept = self._idle.pop()
                if not kept.has_expired():  # nor has the server closed it
                    return kept
                kept.close()
        return httpcore.HTTPConnection(
            self._origin, ssl_context=self._tls, keepalive_expiry=KEPT_FOR, network_backend=self._backend
        )
