"""JSON over HTTP to a CRM that somebody has configured: guarded against where it leads, and what it sends back.

Only the hosts of the settings are called, over https unless they are this machine; redirects are not followed; the
address that was checked is the one that is connected to; an answer has a limit of bytes and of seconds.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import httpcore

from processors.api_budget.budget import Seen
from processors.api_budget.purse import Purse, Told
from processors.crm_sync.guarded import Refused, connections
from processors.crm_sync.port import Asked, Gone, Locked, Unknown
from processors.processor import Rejected, Retryable

#: Bytes of an answer at most.
LARGEST = 4 * 1024 * 1024
#: Seconds to wait after a 429 that does not say how long, and the most that is believed.
BUSY, LONGEST_WAIT = 10.0, 3600.0
#: Seconds to wait while our credentials are refused.
LOCKED_OUT = 15.0
#: Seconds between two looks at a record that somebody has locked (423).
HELD = 2.0

#: Answers after which nothing has been done, and which may be another time.
_PASSING = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.TOO_EARLY)


class HttpApi:
    """Any number of threads may share one."""

    def __init__(
        self,
        name: str,
        base_url: str,
        purse: Purse,
        *,
        headers: Mapping[str, str],
        timeout: float,
        allow_private: bool = False,
    ) -> None:
        self._name = name
        self._base_url = base_url
        self._purse = purse
        self._headers = {"Accept": "application/json", "User-Agent": "hookline", **headers}
        self._timeout = timeout
        self._timeouts = {"timeout": {"connect": timeout, "read": timeout, "write": timeout, "pool": None}}
        # httpx, which stands on this, takes twice the time for a call, and cannot be told how to connect.
        self._pool = connections(allow_private=allow_private)

    def close(self) -> None:
        """Close its connections."""
        self._pool.close()

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """What it answers, parsed; None: nothing. Raises Retryable and its kinds, Gone and Rejected.

        A GET changes nothing, so that its outcome is never unknown.
        """
        self._purse.pay()
        changes = method != "GET"
        content = None if body is None else json.dumps(body).encode()
        headers = self._headers if body is None else self._headers | {"Content-Type": "application/json"}
        told = Told(answered=False)
        try:
            with self._pool.stream(
                method, self._base_url + path, headers=list(headers.items()), content=content, extensions=self._timeouts
            ) as response:
                answer = _Answer(response)
                told = self._told(answer)
                data = self._read(response)
        except Refused as error:
            raise Rejected(f"{self._name}: {error}") from None
        except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
            raise Retryable(f"{self._name} cannot be reached: {type(error).__name__}") from None
        except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, _TooMuch) as error:
            kind = Unknown if changes else Retryable
            raise kind(f"{self._name} does not answer: {type(error).__name__}") from None
        finally:
            self._purse.tell(told)
        return self._judged(answer, data, changes=changes)

    def _read(self, response: httpcore.Response) -> bytes:
        deadline = time.monotonic() + self._timeout
        data = bytearray()
        for chunk in response.iter_stream():
            data += chunk
            if len(data) > LARGEST or time.monotonic() > deadline:
                raise _TooMuch
        return bytes(data)

    def _told(self, answer: _Answer) -> Told:
        busy = answer.status == HTTPStatus.TOO_MANY_REQUESTS
        return Told(answer.seen(), blocked=(answer.wait() or BUSY) if busy else None)

    def _judged(self, answer: _Answer, data: bytes, *, changes: bool) -> Any:
        status, says = answer.status, f"{self._name} answers {answer.status}"
        if 200 <= status < 300:
            try:
                return json.loads(data) if data.strip() else None
            except ValueError:
                kind = Unknown if changes else Retryable
                raise kind(f"{says} with what is not JSON") from None
        wait = answer.wait()
        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            raise Locked(f"{says}: it refuses our credentials", retry_after=max(wait or 0.0, LOCKED_OUT))
        if status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
            raise Gone(says)
        if status == HTTPStatus.TOO_MANY_REQUESTS or (status == HTTPStatus.SERVICE_UNAVAILABLE and wait):
            raise Asked(says, retry_after=wait or BUSY)
        if status == HTTPStatus.LOCKED:
            raise Retryable(says, retry_after=max(wait or 0.0, HELD))
        if 300 <= status < 400:
            raise Rejected(f"{says}: redirects are not followed")
        if 400 <= status < 500 and status not in _PASSING:
            raise Rejected(says)
        kind = Unknown if changes and status >= 500 else Retryable
        raise kind(says, retry_after=wait)


class _Answer:
    """Status and headers of an answer."""

    def __init__(self, response: httpcore.Response) -> None:
        self.status = response.status
        self._headers = {name.lower(): value.decode("latin-1") for name, value in response.headers}

    def wait(self) -> float | None:
        """Retry-After in seconds, in either of its forms (RFC 9110, 10.2.3)."""
        text = self._headers.get(b"retry-after", "").strip()
        if text.isdecimal():
            return min(float(text), LONGEST_WAIT)
        try:
            until = parsedate_to_datetime(text)
        except ValueError:
            return None
        if until.tzinfo is None:
            until = until.replace(tzinfo=UTC)
        return min(max(0.0, (until - datetime.now(UTC)).total_seconds()), LONGEST_WAIT)

    def seen(self) -> Seen | None:
        """What the answer says about a limit."""
        numbers = [self._headers.get(b"x-ratelimit-" + name, "") for name in (b"limit", b"remaining", b"reset")]
        if not all(number.isdecimal() for number in numbers):
            return None
        return Seen(*map(int, numbers))


class _TooMuch(Exception):
    """Give the answer up: it is too large, or takes too long."""
