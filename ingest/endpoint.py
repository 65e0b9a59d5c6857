"""The HTTP shell around `receive`: which request is a webhook, and how an answer looks on the wire.

It works at the WSGI level, below Flask's request machinery, which costs more than all the rest together
(1.6 to 2 times the rate, measured); Flask answers everything that is not under /webhooks.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from werkzeug.datastructures import EnvironHeaders
from werkzeug.exceptions import ClientDisconnected, RequestTimeout

from ingest.content_coding import MAX_BODY, BadBody, BodyTooLarge, unpacked
from ingest.provider import Provider
from ingest.publisher import Publisher
from ingest.quarantine import Quarantine
from ingest.webhooks import NO_QUARANTINE, RETRY_AFTER, Answer, receive
from runtime import metrics

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PREFIX = "/webhooks"
JSON = ("Content-Type", "application/json")
OK_BODY = b'{"ok":true}'
# Python 3.11 needs 0.3 us for HTTPStatus.OK, a quarter of that for a number (measured).
_OK, _UNAVAILABLE = HTTPStatus.OK.value, HTTPStatus.SERVICE_UNAVAILABLE.value
STATUS_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}


class WebhookEndpoint:
    """A WSGI application for everything under /webhooks."""

    def __init__(
        self,
        providers: Iterable[Provider],
        publisher: Publisher,
        now: Callable[[], datetime],
        quarantine: Quarantine = NO_QUARANTINE,
    ) -> None:
        self._publisher = publisher
        self._now = now
        self._quarantine = quarantine
        self._routes: dict[str, tuple[Provider, str | None]] = {}
        for provider in providers:
            self._routes[f"{PREFIX}/{provider.name}"] = (provider, None)
            for kind in provider.url_kinds:
                self._routes[f"{PREFIX}/{provider.name}/{kind}"] = (provider, kind)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        """Answer one request. Always a list: Granian sends one in one piece."""
        path = environ["PATH_INFO"]
        route = self._routes.get(path[:-1] if path.endswith("/") else path)
        if route is None:
            return _answer(start_response, "unknown", Answer(404, error="unknown_path"))
        provider, kind = route
        if environ["REQUEST_METHOD"] != "POST":
            return _answer(start_response, provider.name, Answer(405, error="not_a_post"), ("Allow", "POST"))
        begun = time.perf_counter()
        try:
            body = _body(environ)
        except BodyTooLarge:
            return _answer(start_response, provider.name, Answer(413, error="body_too_large"))
        except (ClientDisconnected, RequestTimeout) as error:
            return _answer(start_response, provider.name, Answer(error.code or 400, error="body_incomplete"))
        answer = receive(
            provider,
            kind,
            EnvironHeaders(environ),
            body,
            publisher=self._publisher,
            now=self._now,
            quarantine=self._quarantine,
        )
        _timer(provider.name)(time.perf_counter() - begun)
        if answer.status == _UNAVAILABLE:
            return _answer(start_response, provider.name, answer, ("Retry-After", str(RETRY_AFTER)))
        return _answer(start_response, provider.name, answer)


def _body(environ: Mapping[str, Any]) -> bytes:
    """The request's body as it was sent, chunked or not.

    Raises BodyTooLarge before it has read, or unpacked, more than is allowed: that is told before anything else.
    Raises ClientDisconnected and RequestTimeout where it does not come whole (`runtime/request_bodies.py`).
    """
    if int(environ.get("CONTENT_LENGTH") or 0) > MAX_BODY:
        raise BodyTooLarge
    body: bytes = environ["wsgi.input"].read(MAX_BODY + 1)
    if len(body) > MAX_BODY:
        raise BodyTooLarge
    if coding := environ.get("HTTP_CONTENT_ENCODING"):
        with suppress(BadBody):  # what it is, is told when it is read
            unpacked(coding, body)
    return body


def _answer(start: StartResponse, provider: str, answer: Answer, *more: tuple[str, str]) -> list[bytes]:
    _counter(provider, answer.status)()
    body = OK_BODY if answer.status == _OK else json.dumps({"ok": False, "error": answer.error}).encode()
    headers = [JSON, ("Content-Length", str(len(body))), *more]
    if answer.event_id is not None and answer.durability is not None:
        headers += [("X-Event-Id", str(answer.event_id)), ("X-Durability", answer.durability.value)]
    start(STATUS_LINES[answer.status], headers)
    return [body]


@cache  # labels() costs 1 us at each call, measured
def _counter(provider: str, status: int) -> Callable[[], None]:
    return metrics.WEBHOOKS.labels(provider, str(status)).inc


@cache
def _timer(provider: str) -> Callable[[float], None]:
    return metrics.WEBHOOK_SECONDS.labels(provider).observe
