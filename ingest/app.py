"""The Flask app: webhooks below its request machinery, everything else as Flask has it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from flask import Flask, Response, jsonify
from werkzeug.exceptions import HTTPException

from ingest.endpoint import PREFIX, WebhookEndpoint
from runtime.admin import Readiness
from runtime.probes import Probes

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class Ingest(Flask):
    """Flask, but for requests under /webhooks, and for /healthz and /readyz."""

    webhooks: WebhookEndpoint
    probes: Probes

    def wsgi_app(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """One path for webhooks, and Flask's for the rest."""
        if environ["PATH_INFO"].startswith(f"{PREFIX}/"):
            return self.webhooks(environ, start_response)
        return self.probes(environ, start_response)


def create_app(webhooks: WebhookEndpoint, readiness: Callable[[], Readiness]) -> Ingest:
    """The app around an endpoint whose dependencies are already wired."""
    app = Ingest("ingest")
    app.webhooks = webhooks
    app.probes = Probes(super(Ingest, app).wsgi_app, readiness, process="ingest")

    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> tuple[Response, int]:
        return jsonify(ok=False, error=error.name.lower().replace(" ", "_")), error.code or 500

    return app
