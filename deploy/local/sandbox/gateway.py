"""What stands before both services: rate limits, faults on demand, and the log of what was asked."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from werkzeug.wrappers import Request as HttpRequest
from werkzeug.wrappers import Response

from deploy.local.sandbox.faults import Fault, Faults
from deploy.local.sandbox.rate_limit import Allowance, SandboxRateLimiter
from deploy.local.sandbox.refusals import Refusal
from deploy.local.sandbox.requests_log import Request, RequestsLog
from deploy.local.sandbox.textus_http import bearer

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

#: nginx's default for one header line, and so the longest URL that most APIs take (inferred for TextUs).
MAX_URL_BYTES = 8192
#: Larger bodies are refused with 413.
MAX_BODY_BYTES = 1024 * 1024


class AnswerDropped(ConnectionError):
    """Close the connection without an answer: the effect has happened, and the caller shall not know."""


def service_of(path: str) -> str | None:
    """Whose path this is: "crm", "textus", or None for the sandbox's own."""
    first = path[1:].partition("/")[0]
    if first in ("_sandbox", "healthz", "readyz"):
        return None
    return "crm" if first == "crm" else "textus"


class Gateway:
    """WSGI in front of the Flask app. A request's way: count it against its caller's limit, let it suffer the
    fault that waits for it or hand it on, log it with what it is going to be answered, answer (perhaps late).

    The effect comes before `delay_s` and the log entry between them, so that a caller who gave up waiting
    finds what it asked for done, and a test finds every effect in the log. With `effect_after_s` it does not find it.
    """

    def __init__(
        self,
        app: WSGIApplication,
        *,
        token: str | None,
        limiters: Mapping[str, SandboxRateLimiter],
        faults: Faults,
        log: RequestsLog,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._app = app
        self._token = token
        self._limiters = limiters
        self._faults = faults
        self._log = log
        self._clock = clock
        self._sleep = sleep

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request. Raises AnswerDropped where there shall be none."""
        request = HttpRequest(environ)
        service = service_of(request.path)
        if service is None:
            return self._app(environ, start_response)
        arrived = self._clock()
        body = request.get_data(cache=False)
        environ["wsgi.input"] = io.BytesIO(body)
        allowance = self._limiters[service].take(self._caller(request))
        fault = self._faults.claim(request.method, request.path)
        if fault is not None and fault.ordered.effect_after_s:
            self._sleep(fault.ordered.effect_after_s)
        response = self._response(request, body, allowance, fault)
        dropped = fault is not None and fault.ordered.drop_answer
        self._record(request, body, arrived, None if dropped else response.status_code)
        if fault is not None and fault.ordered.delay_s:
            self._sleep(fault.ordered.delay_s)
        if dropped:
            raise AnswerDropped
        return response(environ, start_response)

    def _response(
        self, request: HttpRequest, body: bytes, allowance: Allowance | None, fault: Fault | None
    ) -> Response:
        if fault is not None and fault.replaces_answer:
            response = fault.answer(self._sleep)
        elif allowance is not None and not allowance.allowed:
            response = _refused(Refusal(429, f"{allowance.limit} requests are made: wait for Retry-After"))
        elif len(request.environ.get("REQUEST_URI", "").encode()) > MAX_URL_BYTES:
            response = _refused(Refusal(414, f"the URL is longer than {MAX_URL_BYTES} bytes"))
        elif len(body) > MAX_BODY_BYTES:
            response = _refused(Refusal(413, f"the body is larger than {MAX_BODY_BYTES} bytes"))
        else:
            response = Response.from_app(self._app, request.environ)
        if allowance is not None:
            for name, value in allowance.headers().items():
                response.headers.setdefault(name, value)
        return response

    def _caller(self, request: HttpRequest) -> str:
        """Whom to count the request to: its token, or its address without a valid one (as documented)."""
        token = bearer(request.headers.get("Authorization"))
        known = token is not None and self._token in (None, token)
        return f"token {token}" if known else f"address {request.remote_addr}"

    def _record(self, request: HttpRequest, body: bytes, arrived: float, status: int | None) -> None:
        self._log.add(
            Request(
                method=request.method,
                path=request.path,
                query=request.query_string.decode("latin-1"),
                headers=tuple(self._log.header(name, value) for name, value in request.headers.items()),
                body=body,
                status=status,
                at=arrived,
            )
        )


def _refused(refusal: Refusal) -> Response:
    return Response(json.dumps(refusal.body), status=refusal.status, content_type="application/json")
