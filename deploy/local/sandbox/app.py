"""The sandbox's Flask app: TextUs's API at its root, the CRM below /crm, the control below /_sandbox."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from deploy.local.sandbox import crm_http, textus_http
from deploy.local.sandbox.control import control_blueprint
from deploy.local.sandbox.control_access import ControlAccess
from deploy.local.sandbox.crm import Crm
from deploy.local.sandbox.faults import Faults
from deploy.local.sandbox.gateway import Gateway, service_of
from deploy.local.sandbox.rate_limit import DOCUMENTED, NO_LIMIT, Limit, SandboxRateLimiter
from deploy.local.sandbox.refusals import Refusal
from deploy.local.sandbox.requests_log import RequestsLog
from deploy.local.sandbox.textus import TextUsSandbox

_NOT_YOURS = (
    "the control routes are for the user who runs the sandbox: call them as that user, or set"
    " HOOKLINE_SANDBOX__CONTROL_TOKEN and send it as Authorization: Bearer"
)


@dataclass(frozen=True)
class Options:
    """What can be chosen about a sandbox; defaults are TextUs's documented figures where there are any."""

    textus_token: str | None = None  #: the one token TextUs knows; None: any will do, each with its own limit
    crm_token: str | None = None  #: the CRM's token; None: no Authorization is needed
    textus_limit: Limit = DOCUMENTED
    crm_limit: Limit = NO_LIMIT
    page_size: int = 25  #: members on a page of a TextUs collection
    log_limit: int = 100_000  #: requests that are kept
    control_access: ControlAccess | None = None  #: who may use /_sandbox; None: whoever reaches the app


# Longer than 50 lines: all routes of the app in one place, sharing what the factory was given.
def create_app(
    options: Options | None = None,
    *,
    clock: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
) -> Flask:
    """A sandbox of its own: nothing is shared between two apps. `clock` tells epoch seconds."""
    options = options or Options()
    lock = threading.RLock()  # one for everything: no call holds it while it waits
    textus = TextUsSandbox(page_size=options.page_size, clock=clock, lock=lock)
    crm = Crm(clock=clock, lock=lock)
    faults = Faults(lock=lock)
    log = RequestsLog(options.log_limit, lock=lock)
    limiters = {
        "textus": SandboxRateLimiter(options.textus_limit, clock=clock, lock=lock),
        "crm": SandboxRateLimiter(options.crm_limit, clock=clock, lock=lock),
    }

    app = Flask("sandbox", static_folder=None)
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False  # OPTIONS is not documented
    app.json.sort_keys = False  # type: ignore[attr-defined] # the default provider has it
    app.url_map.strict_slashes = True
    app.url_map.merge_slashes = False  # a redirect is no documented answer
    app.register_blueprint(control_blueprint(textus=textus, crm=crm, faults=faults, log=log, limiters=limiters))
    app.register_blueprint(crm_http.crm_blueprint(crm))
    app.register_blueprint(textus_http.textus_blueprint(textus))

    @app.get("/healthz")
    @app.get("/readyz")
    def healthy() -> dict[str, bool]:
        return {"ok": True}

    @app.before_request
    def check() -> None:
        match service_of(request.path):
            case "textus":
                textus_http.check_request(options.textus_token)
            case "crm":
                crm_http.check_request(options.crm_token)
            case None if request.path.startswith("/_sandbox") and options.control_access is not None:
                if not options.control_access.allows(request):
                    raise Refusal(403, _NOT_YOURS)

    @app.errorhandler(Refusal)
    def refuse(refusal: Refusal) -> Response:
        if service_of(request.path) == "textus":
            answer = textus_http.answer({"@type": "Error"} | refusal.body, refusal.status)
        else:
            answer = jsonify(refusal.body)
            answer.status_code = refusal.status
        answer.headers.update(refusal.headers)
        return answer

    @app.errorhandler(HTTPException)
    def no_route(error: HTTPException) -> Response:
        headers = dict(error.get_response().headers)
        allow = {"Allow": headers["Allow"]} if "Allow" in headers else {}
        detail = f"{request.method} {request.path} is not documented"
        return refuse(Refusal(error.code or 500, detail, headers=allow))

    app.wsgi_app = Gateway(  # type: ignore[method-assign] # Flask's documented way to put WSGI in front
        app.wsgi_app,
        token=options.textus_token,
        limiters=limiters,
        faults=faults,
        log=log,
        clock=clock,
        sleep=sleep,
    )
    return app
