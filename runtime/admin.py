"""The admin HTTP server of every process: /healthz, /readyz, /metrics, /version and /settings, on its own port."""

from __future__ import annotations

import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, jsonify
from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from runtime import logs
from runtime.addresses import listen, resolve
from runtime.settings import PREFIX
from runtime.version import hookline_version

log = logs.logger("runtime.admin")


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether a process can do its work, and why not."""

    ready: bool
    reason: str = "ok"


def readiness_now(readiness: Callable[[], Readiness]) -> Readiness:
    """What `readiness` says; where it raises, that nobody knows. For the threads that tell it to others."""
    try:
        return readiness()
    except Exception as error:  # noqa: BLE001 - who asks on behalf of others goes on, whatever cannot be known
        log.error("readiness_unknown", error_class=type(error).__name__)
        return Readiness(False, f"nobody knows whether it is ready: {type(error).__name__}")


def unless_frozen(readiness: Callable[[], Readiness], frozen: Callable[[], str | None]) -> Callable[[], Readiness]:
    """What `readiness` says; not ready while `frozen` gives a reason, whatever `readiness` says."""

    def said() -> Readiness:
        reason = frozen()
        return readiness() if reason is None else Readiness(False, reason)

    return said


def admin_app(
    process: str,
    readiness: Callable[[], Readiness],
    registry: CollectorRegistry = REGISTRY,
    *,
    frozen: Callable[[], str | None] = lambda: None,
    settings: Callable[[], Iterable[tuple[str, str, str]]] = tuple,
) -> Flask:
    """The Flask app behind the admin port of `process`. `frozen`: why it has to be started again; None: it lives. One
    that is frozen is not ready either.

    `settings`: variable, value with secrets starred and origin of each (`Configuration.rows`), for the console.
    """
    app = Flask(process)
    ready_now = unless_frozen(readiness, frozen)

    @app.get("/healthz")
    def healthz() -> tuple[Response, int]:
        if (reason := frozen()) is not None:
            return jsonify(ok=False, process=process, reason=reason), 503
        return jsonify(ok=True, process=process), 200

    @app.get("/readyz")
    def readyz() -> tuple[Response, int]:
        state = ready_now()
        return jsonify(ok=state.ready, process=process, reason=state.reason), 200 if state.ready else 503

    @app.get("/metrics")
    def metrics() -> Response:
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)

    @app.get("/settings")
    def shown_settings() -> Response:
        rows = [{"variable": name, "value": value, "origin": origin} for name, value, origin in settings()]
        return jsonify(process=process, settings=rows)

    @app.get("/version")
    def version() -> Response:
        return jsonify(process=process, version=hookline_version())

    return app


#: Connections that an admin server has at once, and requests that it handles at once. Prometheus, a probe and a person
#: are three; the rest is room for connections that send nothing, each of which has a thread that waits (60 KB).
CONNECTIONS, REQUESTS = 256, 16
#: Seconds that a connection may take, from its beginning to its end; `/metrics` takes well under one.
DEADLINE = 15.0
#: Seconds after which a connection makes way for a new one, where there are as many as there may be.
_GRACE = 2.0


class AdminServer:
    """Serves an app in threads of its own, a bounded number; `port` 0 takes a free one, told by `.port`.

    Raises ConfigurationError where the address cannot be listened on. `variable` is where `host` came from.
    """

    def __init__(self, app: Flask, host: str, port: int, *, variable: str = "") -> None:
        variable = variable or f"{PREFIX}{app.name.upper().replace('-', '_')}__ADMIN_HOST"
        address = resolve(host, variable)
        with listen(address, port, variable) as listening:  # not werkzeug's own binding, which prints and exits
            self._server = _BoundedServer(address, listening, app)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.2,), name="admin", daemon=True)

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return self._server.port

    def __enter__(self) -> AdminServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _RequestHandler(WSGIRequestHandler):
    """One request a connection: an idle one would hold a thread."""

    protocol_version = "HTTP/1.0"
    timeout = 5.0  #: seconds without a byte
    server: _BoundedServer

    def run_wsgi(self) -> None:
        """Answer the request, whose head is there, when it is its turn."""
        with self.server.turns:
            super().run_wsgi()


class _BoundedServer(ThreadedWSGIServer):
    """CONNECTIONS at once at most, each for DEADLINE seconds at most."""

    daemon_threads = True

    def __init__(self, address: str, listening: socket.socket, app: Flask) -> None:
        super().__init__(address, listening.getsockname()[1], app, _RequestHandler, fd=listening.fileno())
        #: Connections that are served, oldest first, and since when (monotonic seconds).
        self._served: dict[socket.socket, float] = {}
        self.turns = threading.BoundedSemaphore(REQUESTS)
        self._working = 0  #: those of ended connections included, until they notice
        self._lock = threading.Lock()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a new connection in a thread of its own; where there are too many, instead of the oldest."""
        if len(self._served) >= CONNECTIONS:
            self._end(older_than=_GRACE, most=1)
        with self._lock:
            is_taken = len(self._served) < CONNECTIONS and self._working < 2 * CONNECTIONS
            if is_taken:
                self._served[request] = time.monotonic()
                self._working += 1
        if is_taken:
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """A connection's whole life, in its own thread."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._lock:
                self._served.pop(request, None)
                self._working -= 1

    def handle_error(self, request: Any, client_address: Any) -> None:
        """What socketserver calls for a connection that failed; its own would print a traceback and the address."""
        del request, client_address
        log.info("admin_connection_failed", error_class=type(sys.exception()).__name__)

    def service_actions(self) -> None:
        """What socketserver calls a few times a second: no connection lives longer than it may."""
        self._end(older_than=DEADLINE, most=CONNECTIONS)

    def _end(self, *, older_than: float, most: int) -> None:
        """End the oldest connections; what reads from or writes to one of them fails."""
        latest = time.monotonic() - older_than
        with self._lock:
            for request in [request for request, since in self._served.items() if since < latest][:most]:
                del self._served[request]
                with suppress(OSError):  # the client has gone
                    request.shutdown(socket.SHUT_RDWR)
