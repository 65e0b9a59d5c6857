"""The Flask app: webhooks below its request machinery, everything else as Flask has it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from flask import Flask, Response, jsonify
from werkzeug.exceptions import HTTPException

from ingest.endpoint import PREFIX, WebhookEndpoint
from runtime.admin import Readiness

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class Ingest(Flask):
    """Flask, but for requests under /webhooks."""

    webhooks: WebhookEndpoint

    def wsgi_app(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """One path for webhooks, and Flask's for the rest."""
        if environ["PATH_INFO"].startswith(f"{PREFIX}/"):
            return self.webhooks(environ, start_response)
        return super().wsgi_app(environ, start_response)


def create_app(webhooks: WebhookEndpoint, readiness: Callable[[], Readiness]) -> Ingest:
    """The app around an endpoint whose dependencies are already wired."""
    app = Ingest("ingest")
    app.webhooks = webhooks

    @app.get("/healthz")
    def healthz() -> Response:
        return jsonify(ok=True)

    @app.get("/readyz")
    def readyz() -> tuple[Response, int]:
        state = readiness()
        return jsonify(ok=state.ready, process="ingest", reason=state.reason), 200 if state.ready else 503

    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> tuple[Response, int]:
        return jsonify(ok=False, error=error.name.lower().replace(" ", "_")), error.code or 500

    return app
