"""The gate over HTTP: `GET /opt-outs/{phone}` for one number, `POST /opt-outs` {"phones": [...]} for many."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, jsonify, request
from pydantic import SecretStr
from werkzeug.exceptions import HTTPException

from ops.gate.answers import Answers, GateAnswer
from ops.gate.token_check import TokenCheck
from runtime import metrics
from runtime.admin import Readiness
from runtime.probes import Probes

#: Numbers that one request may ask about.
BULK = 1000
MAX_BODY = 256 * 1024


# Longer than 50 lines: all routes of the app in one place, sharing what the factory was given.
def gate_app(answers: Answers, tokens: tuple[SecretStr, ...], readiness: Callable[[], Readiness]) -> Flask:
    """The Flask app. Every answer about a number is 200: its `state` says whether it may be texted.

    `readiness`: without asking anybody, because strangers may ask for it.
    """
    app = Flask("gate")
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    asking = TokenCheck(app.wsgi_app, [token.get_secret_value() for token in tokens])
    app.wsgi_app = Probes(asking, readiness, process="gate")  # type: ignore[method-assign]

    @app.get("/opt-outs/<path:phone>")
    def one_number(phone: str) -> Response:
        started = time.perf_counter()
        [answer] = answers.about([phone])
        _count([answer], started)
        return _answered(_shown(answer), [answer])

    @app.post("/opt-outs")
    def many() -> tuple[Response, int] | Response:
        started = time.perf_counter()
        body = request.get_json(force=True, silent=True)
        phones = body.get("phones") if isinstance(body, dict) else None
        if not isinstance(phones, list) or not all(isinstance(phone, str) for phone in phones):
            return jsonify(ok=False, error='the body is {"phones": ["+13035550142", ...]}'), 400
        if len(phones) > BULK:
            return jsonify(ok=False, error=f"ask about {BULK} numbers at most"), 400
        found = answers.about(phones) if phones else []
        _count(found, started)
        return _answered({"opt_outs": [_shown(answer) for answer in found]}, found)

    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> tuple[Response, int]:
        return jsonify(ok=False, error=error.name), error.code or 500

    return app


def _answered(body: dict[str, Any], found: list[GateAnswer]) -> Response:
    """With the seconds after which those that are not sure may be asked about again, where that can help."""
    waits = [answer.retry_after for answer in found if answer.retry_after is not None]
    if not waits:
        return jsonify(body)
    response = jsonify(body | {"retry_after": max(waits)})
    response.headers["Retry-After"] = str(max(waits))
    return response


def _shown(answer: GateAnswer) -> dict[str, Any]:
    return {
        "phone": answer.phone,
        "state": answer.state,
        "since": None if answer.since is None else answer.since.isoformat(),
        "why": answer.why,
        "sure": answer.sure,
    }


def _count(found: list[GateAnswer], started: float) -> None:
    metrics.GATE_SECONDS.observe(time.perf_counter() - started)
    for answer in found:
        metrics.GATE_ANSWERS.labels(answer.state).inc()
