"""A service in front of a real one: passes everything on, unless it was told to misbehave.

The faults are the sandbox's: answer in its place, answer late, or have it act and drop the answer.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import psutil
from werkzeug.wrappers import Request, Response

from deploy.local.sandbox.faults import FaultBody, Faults
from deploy.local.sandbox.gateway import AnswerDropped
from deploy.local.sandbox.server import SandboxServer

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

#: Headers that are about one connection, or about a body as it was sent.
_OWN = frozenset({"connection", "keep-alive", "transfer-encoding", "content-encoding", "content-length", "host"})


class Faulty:
    """The WSGI application in front."""

    def __init__(self, upstream: str) -> None:
        self.url = ""  #: where it listens, once it does
        self._faults = Faults(lock=threading.RLock())
        self._http = httpx.Client(base_url=upstream, trust_env=False, timeout=60)

    def fault(self, path: str = "/", **fault: Any) -> None:
        """Have the next request whose path begins with `path` suffer; as the sandbox's POST /_sandbox/faults."""
        self._faults.plant(FaultBody(path=path, **fault))

    def no_faults(self) -> None:
        """Behave from now on."""
        self._faults.clear()

    def connections(self) -> int:
        """How many are open: none, and every request is over, those included for whose answer nobody waits."""
        port = httpx.URL(self.url).port
        held = psutil.Process().net_connections("tcp")
        return sum(
            connection.laddr.port == port and connection.status != psutil.CONN_LISTEN
            for connection in held
            if connection.laddr
        )

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request. Raises AnswerDropped where there shall be no answer."""
        request = Request(environ)
        fault = self._faults.claim(request.method, request.path)
        if fault is None:
            return self._passed_on(request)(environ, start_response)
        time.sleep(fault.ordered.effect_after_s)
        response = fault.answer(time.sleep) if fault.replaces_answer else self._passed_on(request)
        time.sleep(fault.ordered.delay_s)
        if fault.ordered.drop_answer:
            raise AnswerDropped
        return response(environ, start_response)

    def close(self) -> None:
        """Close its connections."""
        self._http.close()

    def _passed_on(self, request: Request) -> Response:
        answer = self._http.request(
            request.method,
            request.full_path,
            headers=[(name, value) for name, value in request.headers if name.lower() not in _OWN],
            content=request.get_data(),
        )
        headers = [(name, value) for name, value in answer.headers.items() if name.lower() not in _OWN]
        return Response(answer.content, answer.status_code, headers)


@contextmanager
def faulty(upstream: str) -> Iterator[Faulty]:
    """One in front of `upstream`."""
    proxy = Faulty(upstream)
    try:
        with SandboxServer(proxy) as server:
            proxy.url = server.url
            yield proxy
    finally:
        proxy.close()
