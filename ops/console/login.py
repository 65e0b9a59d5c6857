"""Logging in and out."""

from __future__ import annotations

import hmac
import math
import secrets

import psycopg
from flask import Blueprint, g, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from ops.console.context import services
from ops.console.database import ConsoleBusy
from ops.console.login_limit import LoginLimit
from ops.console.records import write_record
from ops.console.users import UserDirectory
from runtime import logs

log = logs.logger("hookline.console")

#: The session's cookie, and that of a login form.
COOKIE, FORM_COOKIE = "hookline_console", "hookline_login"
#: Seconds in which a login form has to be sent.
FORM_SECONDS = 3600
LONGEST_NAME, LONGEST_PASSWORD = 100, 1000


def pages(users: UserDirectory, limit: LoginLimit) -> Blueprint:
    """/login and /logout."""
    blueprint = Blueprint("login", __name__)

    @blueprint.get("/login")
    def form() -> Response:
        return _form()

    @blueprint.post("/login")
    def submit() -> Response:
        token, expected = request.form.get("csrf_token", ""), request.cookies.get(FORM_COOKIE, "")
        if not expected or not hmac.compare_digest(token.encode(), expected.encode()):
            return _form("The form is too old. Try again.", 403)
        name, password = request.form.get("username", "").strip(), request.form.get("password", "")
        address = request.remote_addr or ""
        if len(name) > LONGEST_NAME or len(password) > LONGEST_PASSWORD:
            return _form("The name or the password is wrong.", 401)
        if (wait := limit.wait(address, name)) > 0:
            response = _form(f"Too many tries. Wait {math.ceil(wait)} seconds.", 429)
            response.headers["Retry-After"] = str(math.ceil(wait))
            return response
        limit.failed(address, name)  # before the check, which takes long: tries at once count too
        user = users.check(name, password)
        if user is None:
            log.warning("console_login_failed")
            return _form("The name or the password is wrong.", 401)
        limit.succeeded(address, name)
        services().sessions.end(request.cookies.get(COOKIE, ""))
        token = services().sessions.start(user)
        _record(user.name, "log in")
        response = make_response(redirect(url_for("overview.page"), 303))
        _set_cookie(response, COOKIE, token, None)
        response.delete_cookie(FORM_COOKIE)
        return response

    @blueprint.post("/logout")
    def logout() -> Response:
        services().sessions.end(request.cookies.get(COOKIE, ""))
        _record(g.console_session.user.name, "log out")
        response = make_response(redirect(url_for("login.form"), 303))
        response.delete_cookie(COOKIE)
        return response

    return blueprint


def _form(message: str = "", status: int = 200) -> Response:
    # Every open tab may have its form: the token stays while the cookie does.
    token = request.cookies.get(FORM_COOKIE, "")
    if len(token) != 43:  # what token_urlsafe(32) makes
        token = secrets.token_urlsafe(32)
    response = make_response(render_template("login.html", csrf_token=token, message=message), status)
    _set_cookie(response, FORM_COOKIE, token, FORM_SECONDS)
    return response


def _set_cookie(response: Response, name: str, value: str, seconds: int | None) -> None:
    response.set_cookie(
        name, value, max_age=seconds, httponly=True, samesite="Lax", secure=services().settings.https, path="/"
    )


def _record(name: str, action: str) -> None:
    """Who came and went; while PostgreSQL is away, the log alone tells."""
    log.info("console_login" if action == "log in" else "console_logout", username=name)
    try:
        with services().database.writing() as connection:
            write_record(connection, name, "login", action, "", "")
    except (psycopg.Error, ConsoleBusy) as error:
        log.warning("console_login_not_recorded", error_class=type(error).__name__)
