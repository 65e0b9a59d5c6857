"""The HTTP shell around `receive`: which request is a webhook, and how an answer looks on the wire.

It works at the WSGI level, below Flask's request machinery, which costs more than all the rest together
(1.6 to 2 times the rate, measured); Flask answers everything that is not under /webhooks.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from werkzeug.datastructures import EnvironHeaders
from werkzeug.exceptions import ClientDisconnected, RequestTimeout

from ingest.answers import HttpAnswer, WebhookOutcome, refusal
from ingest.content_coding import MAX_BODY, BadBody, BodyTooLarge, unpacked
from ingest.durable.publisher import Publisher
from ingest.provider import Provider
from ingest.quarantine.keeping import Quarantine
from ingest.request import WebhookRequest
from ingest.traced import receive_traced
from ingest.webhooks import NO_QUARANTINE, RETRY_AFTER, receive
from runtime import metrics, tracing
from runtime.request_bodies import REFUSED

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PREFIX = "/webhooks"
# Python 3.11 needs 0.3 us for HTTPStatus.SERVICE_UNAVAILABLE, a quarter of that for a number (measured).
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
        *,
        public_url: str = "",
    ) -> None:
        """`public_url`: the address that providers call, from the settings."""
        self._publisher = publisher
        self._now = now
        self._quarantine = quarantine
        self._public_url = public_url
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
            return _written(start_response, "unknown", refusal(WebhookOutcome(404, "unknown_path")))
        provider, kind = route
        if environ["REQUEST_METHOD"] != "POST":
            return self._without_a_webhook(provider, kind, environ, start_response)
        outcome = self._outcome(provider, kind, environ)
        if outcome.status == _UNAVAILABLE:
            return _answered(start_response, provider, outcome, ("Retry-After", str(RETRY_AFTER)))
        if outcome.status != _OK:
            environ[REFUSED] = True
        return _answered(start_response, provider, outcome)

    def _outcome(self, provider: Provider, kind: str | None, environ: WSGIEnvironment) -> WebhookOutcome:
        begun = time.perf_counter()
        try:
            body = _body(environ)
        except BodyTooLarge:
            return WebhookOutcome(413, "body_too_large")
        except (ClientDisconnected, RequestTimeout) as error:
            return WebhookOutcome(error.code or 400, "body_incomplete")
        traceparent, request = environ.get("HTTP_TRACEPARENT"), self._request(kind, environ, body)
        if traceparent is None and not tracing.is_on():
            outcome = receive(provider, request, self._publisher, self._quarantine)
        else:
            parent = tracing.read_traceparent(traceparent)
            outcome = receive_traced(provider, request, self._publisher, self._quarantine, parent)
        _timer(provider.name)(time.perf_counter() - begun)
        return outcome

    def _without_a_webhook(
        self, provider: Provider, kind: str | None, environ: WSGIEnvironment, start_response: StartResponse
    ) -> list[bytes]:
        """Some providers make sure by a GET that the URL is ours; nothing else is asked of us but webhooks."""
        if environ["REQUEST_METHOD"] == "GET":
            answer = provider.challenge(self._request(kind, environ, b""))
            if answer is not None:
                return _written(start_response, provider.name, answer)
        return _answered(start_response, provider, WebhookOutcome(405, "not_a_post"), ("Allow", "POST"))

    def _request(self, kind: str | None, environ: WSGIEnvironment, body: bytes) -> WebhookRequest:
        return WebhookRequest(
            kind,
            EnvironHeaders(environ),
            body,
            self._now(),
            environ["REQUEST_METHOD"],
            environ["PATH_INFO"],
            environ.get("QUERY_STRING", ""),
            self._public_url,
        )


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


def _answered(start: StartResponse, provider: Provider, outcome: WebhookOutcome, *more: tuple[str, str]) -> list[bytes]:
    """What the provider wants to be told of `outcome`, with the headers that are the same for all."""
    headers = list(more)
    if outcome.event_id is not None and outcome.durability is not None:
        headers += [("X-Event-Id", str(outcome.event_id)), ("X-Durability", outcome.durability.value)]
        if outcome.events > 1:
            headers.append(("X-Events", str(outcome.events)))
    return _written(start, provider.name, provider.answer(outcome), headers)


def _written(
    start: StartResponse, provider: str, answer: HttpAnswer, headers: Iterable[tuple[str, str]] = ()
) -> list[bytes]:
    status, body, content_type, more = answer
    _counter(provider, status)()
    start(STATUS_LINES[status], [("Content-Type", content_type), ("Content-Length", str(len(body))), *more, *headers])
    return [body]


@cache  # labels() costs 1 us at each call, measured
def _counter(provider: str, status: int) -> Callable[[], None]:
    return metrics.WEBHOOKS.labels(provider, str(status)).inc


@cache
def _timer(provider: str) -> Callable[[float], None]:
    return metrics.WEBHOOK_SECONDS.labels(provider).observe
