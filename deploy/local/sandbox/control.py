"""The control routes below /_sandbox: to watch the sandbox and to make it misbehave.

| route | what it does |
|---|---|
| GET /_sandbox | how much is held and logged |
| GET /_sandbox/requests | what it was asked, oldest first; ?path= (a prefix), ?method=, ?last= (last N) |
| DELETE /_sandbox/requests | forget only the requests |
| POST, GET, DELETE /_sandbox/faults | plant a fault, list those still armed, disarm all |
| PUT, GET /_sandbox/accounts | set or show the account tree |
| PUT, GET /_sandbox/rate_limit | {service?, limit?, window_s?, clock_scale?}: change, restart the count |
| PUT /_sandbox/messages/{id} | hold a message that GET /messages/{id} answers with |
| DELETE /_sandbox/opt_outs/{account}/{phone} | TextUs takes an opt-out away (the person texted START) |
| PUT /_sandbox/integrations/{id}/health | {isHealthy}: TextUs finds an endpoint well or ill |
| DELETE /_sandbox | forget everything: state, requests, faults, accounts; limits as in the settings |

Control calls are not logged and suffer no faults. Who may make them: `control_access.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

from flask import Blueprint, Response, jsonify, request
from pydantic import Field

from deploy.local.sandbox.accounts import read_tree
from deploy.local.sandbox.crm import Crm
from deploy.local.sandbox.faults import FaultBody, Faults
from deploy.local.sandbox.rate_limit import SandboxRateLimiter
from deploy.local.sandbox.refusals import Refusal, RequestBody, checked, unprocessable
from deploy.local.sandbox.requests_log import RequestsLog
from deploy.local.sandbox.textus import TextUsSandbox

Json = dict[str, Any]


class RateLimitBody(RequestBody):
    """PUT /_sandbox/rate_limit; a field that is missing stays as it is."""

    service: Literal["textus", "crm"] = "textus"
    limit: Annotated[int, Field(ge=0)] | None = None  #: requests per window; 0 for none
    window_s: Annotated[float, Field(gt=0)] | None = None  #: seconds by the sandbox's clock
    clock_scale: Annotated[float, Field(gt=0)] | None = None  #: sandbox seconds in a real one


class HealthBody(RequestBody):
    """PUT /_sandbox/integrations/{id}/health"""

    isHealthy: bool  # noqa: N815 - TextUs's spelling


# Longer than 50 lines: all routes of the app in one place, sharing what the factory was given.
def control_blueprint(
    *, textus: TextUsSandbox, crm: Crm, faults: Faults, log: RequestsLog, limiters: Mapping[str, SandboxRateLimiter]
) -> Blueprint:
    """The routes of the table above."""
    control = Blueprint("control", __name__, url_prefix="/_sandbox")

    @control.get("")
    def summary() -> Json:
        return {
            "requests": {"total": log.total, "dropped": log.dropped},
            "faults": len(faults.shown()),
            "textus": textus.counts(),
            "crm": crm.counts(),
        }

    @control.delete("")
    def forget() -> Response:
        textus.forget()
        crm.forget()
        faults.clear()
        for limiter in limiters.values():
            limiter.reset()
        log.clear()
        return Response(status=204)

    @control.get("/requests")
    def list_requests() -> Response:
        path, method = request.args.get("path", ""), request.args.get("method", "").upper()
        last = request.args.get("last", "")
        if last and not last.isdecimal():
            raise unprocessable("last", "is a number of requests")
        found = [request_ for request_ in log if request_.path.startswith(path) and method in ("", request_.method)]
        if last:
            found = found[max(0, len(found) - int(last)) :]
        answer = jsonify([request_.shown() for request_ in found])
        # Says so when the log was too small: a count that a test makes is then too low.
        answer.headers["X-Requests-Total"] = str(log.total)
        answer.headers["X-Requests-Dropped"] = str(log.dropped)
        return answer

    @control.delete("/requests")
    def forget_requests() -> Response:
        log.clear()
        return Response(status=204)

    @control.post("/faults")
    def plant() -> tuple[Json, int]:
        return faults.plant(checked(FaultBody, _json())), 201

    @control.get("/faults")
    def list_faults() -> Response:
        return jsonify(faults.shown())

    @control.delete("/faults")
    def disarm() -> Response:
        faults.clear()
        return Response(status=204)

    @control.put("/accounts")
    def set_accounts() -> Json:
        textus.set_accounts(read_tree(_json()))
        return textus.accounts.shown()

    @control.get("/accounts")
    def show_accounts() -> Json:
        return textus.accounts.shown()

    @control.put("/rate_limit")
    def set_rate_limit() -> Json:
        new_limit = checked(RateLimitBody, _json())
        limiter = limiters[new_limit.service]
        limit = limiter.limit
        if new_limit.limit is not None:
            limit = replace(limit, requests=new_limit.limit)
        if new_limit.window_s is not None:
            limit = replace(limit, window_s=new_limit.window_s)
        if new_limit.clock_scale is not None:
            limit = replace(limit, clock_scale=new_limit.clock_scale)
        limiter.change(limit)
        return _limits(limiters)

    @control.get("/rate_limit")
    def show_rate_limit() -> Json:
        return _limits(limiters)

    @control.put("/messages/<message>")
    def plant_message(message: str) -> tuple[Json, int]:
        fields = _json()
        if not isinstance(fields, dict):
            raise unprocessable("body", "is an object with fields of a Message")
        return textus.plant_message(message, fields), 201

    @control.delete("/opt_outs/<account>/<phone>")
    def forget_opt_out(account: str, phone: str) -> Response:
        textus.forget_opt_out(account, phone)
        return Response(status=204)

    @control.put("/integrations/<integration>/health")
    def set_health(integration: str) -> Json:
        return textus.set_health(integration, checked(HealthBody, _json()).isHealthy)

    return control


def _json() -> Any:
    """The body, whatever its Content-Type: control calls are made by hand, too. 400 if it is not JSON."""
    body = request.get_json(force=True, silent=True)
    if body is None:
        raise Refusal(400, "the body is not JSON")
    return body


def _limits(limiters: Mapping[str, SandboxRateLimiter]) -> Json:
    return {
        service: {
            "limit": limiter.limit.requests,
            "window_s": limiter.limit.window_s,
            "clock_scale": limiter.limit.clock_scale,
            "used": limiter.used(),
        }
        for service, limiter in limiters.items()
    }
