"""One HTTP call to an API: paid for, guarded against where it leads and what it sends back, and no judgement of it.

Redirects are not followed; the address that was checked is the one that is connected to; a call has one deadline,
from the look-up of the name to the last byte, and an answer a limit of bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import httpcore

from processors.api_budget import headers
from processors.api_budget.rate_limiter import RateLimiter, RequestResult
from processors.outbound.connection_pool import ConnectionPool

#: Bytes of an answer at most.
LARGEST = 4 * 1024 * 1024


class NotSent(Exception):
    """Call again later: no connection was made, so nothing has been done."""


class NoAnswer(Exception):
    """Find out what came of it: the call went out, and no whole answer came back."""


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


class Caller:
    """Any number of threads may share one."""

    def __init__(
        self,
        base_url: str,
        limiter: RateLimiter,
        *,
        headers: Mapping[str, str],
        content_type: str | None,
        timeout: float,
        busy: float,
        allow_private: bool,
    ) -> None:
        """`timeout`: seconds for a call as a whole. `busy`: seconds to wait after a 429 that does not say how long.

        `content_type`: of bodies, where the headers do not say it of every request.
        """
        self._base_url = base_url.rstrip("/")
        self._limiter = limiter
        self._headers = list({"User-Agent": "hookline", **headers}.items())
        self._with_body = self._headers + ([("Content-Type", content_type)] if content_type else [])
        self._timeout = timeout
        self._busy = busy
        # httpx, which stands on this, takes twice the time for a call, and cannot be told how to connect.
        self._connections = ConnectionPool(self._base_url, allow_private=allow_private)

    def close(self) -> None:
        """Close its connections."""
        self._connections.close()

    def call(self, method: str, path: str, body: Any = None) -> HttpResponse:
        """What it answers, whatever that is. Raises NotSent, NoAnswer, and guarded.Refused."""
        self._limiter.acquire()
        sent = self._headers if body is None else self._with_body
        content = None if body is None else json.dumps(body).encode()
        result = RequestResult(answered=False)
        try:
            with self._connections.stream(
                method, self._base_url + path, seconds=self._timeout, headers=sent, content=content
            ) as response:
                answer = HttpResponse(response)
                result = headers.request_result(answer.status, answer.header, busy=self._busy)
                answer.data = _read(response)
        except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
            raise NotSent(type(error).__name__) from None
        except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, _TooMuch) as error:
            raise NoAnswer(type(error).__name__) from None
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
