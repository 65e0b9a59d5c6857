"""The console's Flask app: who is let in, what every answer carries, and where each page is."""

from __future__ import annotations

import hmac

import psycopg
from flask import Flask, abort, g, jsonify, redirect, render_template, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from ops.console import (
    chart_pages,
    crm_pages,
    dead_letter_pages,
    event_pages,
    login,
    opt_out_pages,
    overview_pages,
    quarantine_pages,
    record_pages,
    rule_pages,
    settings_pages,
)
from ops.console.context import EXTENSION, Answer, ConsoleServices
from ops.console.database import ConsoleBusy
from ops.console.decisions import DecisionFailed, DecisionRefused
from ops.console.login_limit import LoginLimit
from ops.console.rendering import prepare_templates
from ops.console.users import UserDirectory, UsersFileUnusable
from runtime import logs
from runtime.admin import Readiness

log = logs.logger("hookline.console")

MAX_BODY = 64 * 1024
#: What answers without a login, beside the login itself and static files.
OPEN_PATHS = frozenset({"/healthz", "/readyz", "/login"})
#: Parts of pages that refresh themselves: nobody has to be there for that, so such a request uses no session.
SELF_REFRESHING = frozenset(
    {"overview.live", "dead_letters.requests", "crm.backfills", "charts.data", "quarantine.requests"}
)
#: Scripts, styles and pictures of ours alone, and none within a page; nobody frames a page.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def console_app(console: ConsoleServices, users: UserDirectory, limit: LoginLimit | None = None) -> Flask:
    """The app. `limit`: of failed logins; None: a new one."""
    app = Flask("ops.console")
    app.config["MAX_CONTENT_LENGTH"] = app.config["MAX_FORM_MEMORY_SIZE"] = MAX_BODY
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = 3600
    app.extensions[EXTENSION] = console
    prepare_templates(app, console.deadline_zone)
    app.register_blueprint(login.pages(users, limit or LoginLimit()))
    for module in (
        overview_pages,
        event_pages,
        opt_out_pages,
        rule_pages,
        crm_pages,
        dead_letter_pages,
        record_pages,
        settings_pages,
        chart_pages,
        quarantine_pages,
    ):
        app.register_blueprint(module.pages)
    _add_probes(app, console)
    _add_guards(app, console)
    _add_failures(app)
    return app


def readiness(console: ConsoleServices, users: UserDirectory) -> Readiness:
    """Whether anybody can log in and see anything."""
    try:
        users.find("")
        with console.database.reading() as connection:
            connection.execute("SELECT 1")
    except UsersFileUnusable as error:
        return Readiness(False, str(error))
    except ConsoleBusy:
        return Readiness(True, "every connection is in use")
    except psycopg.Error:
        return Readiness(False, "PostgreSQL does not answer")
    return Readiness(True)


def _add_probes(app: Flask, console: ConsoleServices) -> None:
    @app.get("/healthz")
    def healthz() -> Response:
        return jsonify(ok=True, process="console")

    @app.get("/readyz")
    def readyz() -> tuple[Response, int]:
        state = readiness(console, console.sessions.users)
        return jsonify(ok=state.ready, process="console", reason=state.reason), 200 if state.ready else 503


def _add_guards(app: Flask, console: ConsoleServices) -> None:
    @app.before_request
    def let_in() -> Response | None:
        if request.path in OPEN_PATHS or request.path.startswith("/static/"):
            return None
        is_use = request.endpoint not in SELF_REFRESHING
        session = console.sessions.find(request.cookies.get(login.COOKIE, ""), is_use=is_use)
        if session is None:
            return _to_login()
        g.console_session = session
        if request.method not in ("GET", "HEAD", "OPTIONS"):
            given = request.headers.get("X-CSRF-Token") or request.form.get("csrf_token", "")
            if not hmac.compare_digest(given.encode(), session.csrf_token.encode()):
                abort(403, "the form is too old: load the page again")
        return None

    @app.after_request
    def complete(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers[name] = value
        if not request.path.startswith("/static/"):
            response.headers["Cache-Control"] = "no-store"
        return response


def _to_login() -> Response:
    """401 for a program, the login for a person; a part of a page that refreshes itself sends the whole page there."""
    where = url_for("login.form")
    if "HX-Request" in request.headers:
        return Response("log in again", 401, {"HX-Redirect": where})
    accepted = request.accept_mimetypes
    if request.is_json or accepted.best_match(["text/html", "application/json"]) == "application/json":
        response = jsonify(ok=False, error="log in at /login")
        response.status_code = 401
        return response
    return redirect(where, 303)


def _add_failures(app: Flask) -> None:
    def failed(code: int, title: str, message: str) -> tuple[str, int]:
        return render_template("failure.html", title=title, message=message, personal=None), code

    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> Answer:
        code = error.code or 500
        title = f"{code} {error.name}"
        messages = {403: "Your role does not allow it, or the form is too old.", 404: "There is nothing here."}
        # Werkzeug's own descriptions are sentences for people; ours are given to abort().
        return failed(code, title, messages.get(code, "") if _is_default(error) else str(error.description))

    @app.errorhandler(psycopg.errors.QueryCanceled)
    @app.errorhandler(psycopg.errors.LockNotAvailable)
    def slow(_error: psycopg.Error) -> Answer:
        return failed(503, "Too slow", "PostgreSQL took longer than the console may make it work. Narrow the search.")

    @app.errorhandler(psycopg.Error)
    def unreachable(error: psycopg.Error) -> Answer:
        log.warning("console_page_failed", error_class=type(error).__name__, sqlstate=error.sqlstate)
        if isinstance(error, psycopg.OperationalError):
            return failed(503, "PostgreSQL does not answer", "The processors retry by themselves. Try again.")
        return failed(500, "PostgreSQL refused", f"SQLSTATE {error.sqlstate}: run hookline db migrate, then try again.")

    @app.errorhandler(ConsoleBusy)
    def busy(_error: ConsoleBusy) -> Answer:
        return failed(503, "Busy", "Every connection of the console is in use. Try again in a moment.")

    @app.errorhandler(UsersFileUnusable)
    def no_users(error: UsersFileUnusable) -> Answer:
        log.error("console_users_unusable", reason=str(error))
        return failed(503, "Nobody can log in", "The users file cannot be read: see the console's log.")

    @app.errorhandler(DecisionRefused)
    def not_decided(error: DecisionRefused) -> Answer:
        return failed(409, "Nothing was changed", str(error))

    @app.errorhandler(DecisionFailed)
    def unknown_outcome(error: DecisionFailed) -> Answer:
        return failed(500, "Look whether it was done", str(error))


def _is_default(error: HTTPException) -> bool:
    return error.description == type(error).description
