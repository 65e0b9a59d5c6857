"""What the sandbox was asked, in the order in which effects happened: the tests' evidence."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

#: Credentials: that they were sent is evidence, what they were is kept nowhere.
_SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie"})

#: So many different headers are kept once for all requests; what comes later is kept with its request.
_SHARED_HEADERS = 4096


@dataclass(frozen=True, slots=True)
class Request:
    """One request, kept small: 100,000 of them must fit. `shown` is what people and tests see."""

    method: str
    path: str  #: decoded, without the query
    query: str  #: as it came
    headers: tuple[tuple[str, str], ...]  #: repeated names already joined by commas, as WSGI hands them over
    body: bytes
    status: int | None  #: what was answered; None: the connection was closed without an answer
    at: float  #: when it arrived, epoch seconds

    def shown(self) -> dict[str, Any]:
        """{method, path, query, headers, body, status, at}, as `hookline sandbox` answers it."""
        return {
            "method": self.method,
            "path": self.path,
            "query": _query(self.query),
            "headers": dict(self.headers),
            "body": _body(self.body),
            "status": self.status,
            "at": datetime.fromtimestamp(self.at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        }


def _masked(value: str) -> str:
    """The scheme stays: `Bearer ***`."""
    scheme, separator, _ = value.partition(" ")
    return f"{scheme} ***" if separator else "***"


def _query(text: str) -> dict[str, str | list[str]]:
    """A value for each name; a list where the name was repeated or says so itself (`exact[]`)."""
    values: dict[str, list[str]] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        values.setdefault(name, []).append(value)
    return {name: many if len(many) > 1 or name.endswith("[]") else many[0] for name, many in values.items()}


def _body(body: bytes) -> Any:
    """Parsed JSON, else text; None where there was none."""
    if not body:
        return None
    try:
        return json.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace")


class RequestsLog:
    """The last `limit` requests, and how many older ones had to go."""

    def __init__(self, limit: int, *, lock: threading.RLock) -> None:
        self._lock = lock
        self._requests: deque[Request] = deque(maxlen=limit)
        self._total = 0
        self._shared: dict[tuple[str, str], tuple[str, str]] = {}

    def add(self, request: Request) -> None:
        """Keep `request`, letting go of the oldest one when the log is full."""
        with self._lock:
            self._requests.append(request)
            self._total += 1

    def header(self, name: str, value: str) -> tuple[str, str]:
        """The pair, the same object for equal ones: media types repeat in every request. No credential is in it."""
        pair = (name, _masked(value) if name.lower() in _SECRET_HEADERS else value)
        if len(self._shared) < _SHARED_HEADERS:
            return self._shared.setdefault(pair, pair)
        return self._shared.get(pair, pair)

    def __iter__(self) -> Iterator[Request]:
        with self._lock:
            return iter(list(self._requests))

    @property
    def total(self) -> int:
        """Requests since the sandbox began or forgot."""
        return self._total

    @property
    def dropped(self) -> int:
        """How many of them are no longer kept."""
        with self._lock:
            return self._total - len(self._requests)

    def clear(self) -> None:
        """Forget every request."""
        with self._lock:
            self._requests.clear()
            self._shared.clear()
            self._total = 0
