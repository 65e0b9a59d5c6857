"""The admin HTTP server of every process: /healthz, /readyz, /metrics and /version, on its own port."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask, Response, jsonify
from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from werkzeug.serving import BaseWSGIServer, make_server

from runtime.settings import ConfigurationError
from runtime.version import hookline_version


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether a process can do its work, and why not."""

    ready: bool
    reason: str = "ok"


def admin_app(
    process: str,
    readiness: Callable[[], Readiness],
    registry: CollectorRegistry = REGISTRY,
    *,
    frozen: Callable[[], str | None] = lambda: None,
) -> Flask:
    """The Flask app behind the admin port of `process`. `frozen`: why it has to be started again; None: it lives."""
    app = Flask(process)

    @app.get("/healthz")
    def healthz() -> tuple[Response, int]:
        if (reason := frozen()) is not None:
            return jsonify(ok=False, process=process, reason=reason), 503
        return jsonify(ok=True, process=process), 200

    @app.get("/readyz")
    def readyz() -> tuple[Response, int]:
        state = readiness()
        return jsonify(ok=state.ready, process=process, reason=state.reason), 200 if state.ready else 503

    @app.get("/metrics")
    def metrics() -> Response:
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)

    @app.get("/version")
    def version() -> Response:
        return jsonify(process=process, version=hookline_version())

    return app


class AdminServer:
    """Serves an app in a thread of its own; `port` 0 takes a free one, told by `.port`.

    Raises ConfigurationError where the address cannot be listened on.
    """

    def __init__(self, app: Flask, host: str, port: int) -> None:
        try:
            listening = socket.create_server((host, port))
        except OSError as error:
            raise ConfigurationError([f"{app.name} cannot listen on {host}:{port}: {error.strerror}"]) from error
        with listening:  # not werkzeug's own binding, which prints and exits
            actual: int = listening.getsockname()[1]
            self._server: BaseWSGIServer = make_server(host, actual, app, threaded=True, fd=listening.fileno())
        self._thread = threading.Thread(target=self._server.serve_forever, name="admin", daemon=True)

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
