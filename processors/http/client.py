"""JSON over HTTP to an API: paid for, guarded against where it leads and what it sends back, and judged by one table.

Redirects are not followed; the address that was checked is the one that is connected to; a call has one deadline,
from the look-up of the name to the last byte, and an answer a limit of bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import httpcore

from processors.http import headers
from processors.http.connection_pool import ConnectionPool
from processors.http.ssrf_guard import AddressRefused
from processors.http.status import error_of, unsure
from processors.outbox.budget import RequestResult
from processors.outbox.errors import RetryLater
from processors.outbox.lease import check_lease
from processors.outbox.rate_limiter import RateLimiter

#: Bytes of an answer at most.
LARGEST = 4 * 1024 * 1024
#: Seconds to wait after a 429 that does not say how long.
BUSY = 10.0


class HttpResponse:
    """Status, headers and body."""

    def __init__(self, response: httpcore.Response) -> None:
        self.status = response.status
        self.data = b""
        self._headers = {name.lower(): value.decode("latin-1") for name, value in response.headers}

    def header(self, name: str) -> str:
        """Its value, whatever its case; "" where there is none."""
        return self._headers.get(name.lower().encode(), "")

    def wait(self) -> float | None:
        """Seconds that it asks to wait."""
        return headers.wait(self.header)

    def json(self) -> Any:
        """The body, parsed; None: there is none. Raises ValueError, also for one that is nested too deep to be read."""
        try:
            return json.loads(self.data) if self.data.strip() else None
        except RecursionError:
            raise ValueError("nested too deep") from None


class HttpClient:
    """Any number of threads may share one. What its methods raise stands in `processors/outbox/errors.py`."""

    def __init__(
        self,
        name: str,
        base_url: str,
        limiter: RateLimiter,
        *,
        headers: Mapping[str, str],
        media_type: str = "application/json",
        timeout: float,
        busy: float = BUSY,
        allow_private: bool = False,
    ) -> None:
        """`name`: of the service, for people. `timeout`: seconds for a call as a whole.

        `busy`: seconds to wait after a 429 that does not say how long.
        """
        self._name = name
        self._base_url = base_url.rstrip("/")
        self._limiter = limiter
        self._headers = list({"User-Agent": "hookline", "Accept": media_type, **headers}.items())
        self._with_body = list(dict([*self._headers, ("Content-Type", media_type)]).items())
        self._timeout = timeout
        self._busy = busy
        # httpx, which stands on this, takes twice the time for a call, and cannot be told how to connect.
        self._connections = ConnectionPool(self._base_url, allow_private=allow_private)

    def close(self) -> None:
        """Close its connections."""
        self._connections.close()

    def call(self, method: str, path: str, body: Any = None, *, headers: Mapping[str, str] | None = None) -> Any:
        """What it answers, parsed; None: nothing. `headers`: of this call, beside the usual."""
        response = self.request(method, path, body, headers=headers)
        try:
            return response.json()
        except ValueError:
            kind = unsure(changes=method != "GET")
            raise kind(f"{self._name} answers {response.status} with what is not JSON") from None

    def request(
        self, method: str, path: str, body: Any = None, *, headers: Mapping[str, str] | None = None
    ) -> HttpResponse:
        """An answer of success, whatever its body. A GET changes nothing, so that its outcome is never unknown."""
        changes = method != "GET"
        response = self._answer(method, path, body, headers or {}, changes=changes)
        error = error_of(self._name, response.status, response.wait(), changes=changes, busy=self._busy)
        if error is not None:
            raise error
        return response

    def _answer(self, method: str, path: str, body: Any, extra: Mapping[str, str], *, changes: bool) -> HttpResponse:
        self._limiter.acquire()
        sent = (self._headers if body is None else self._with_body) + list(extra.items())
        content = None if body is None else json.dumps(body).encode()
        result = RequestResult(answered=False)
        try:
            # Waiting for the limiter took its time, so the lease is looked at again. Every step of the call looks at
            # its deadline, so that nothing is sent after the lease either.
            seconds = min(self._timeout, check_lease())
            with self._connections.stream(
                method, self._base_url + path, seconds=seconds, headers=sent, content=content
            ) as response:
                answer = HttpResponse(response)
                result = headers.request_result(answer.status, answer.header, busy=self._busy)
                answer.data = _read(response)
        except AddressRefused as error:
            raise AddressRefused(f"{self._name}: {error}") from None
        except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
            raise RetryLater(f"{self._name} cannot be reached: {type(error).__name__}") from None
        except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, _TooMuch) as error:
            raise unsure(changes=changes)(f"{self._name} does not answer: {type(error).__name__}") from None
        finally:
            self._limiter.report(result)
        return answer


class _TooMuch(Exception):
    """Give the answer up: it is too large."""


def _read(response: httpcore.Response) -> bytes:
    data = bytearray()
    for chunk in response.iter_stream():
        data += chunk
        if len(data) > LARGEST:
            raise _TooMuch
    return bytes(data)
