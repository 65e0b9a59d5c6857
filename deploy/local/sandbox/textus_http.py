"""TextUs's API over HTTP: documented methods, paths, headers and status codes, and nothing else.

apidocs.next.textus.com/overview/{auth,making_requests} and /docs, seen 2026-11. What the documentation does
not state, and the sandbox therefore decides strictly: 401 without the right token, 406 without the Accept
header, 415 without the Content-Type header on a body, 422 naming each wrong field, 404 for an unknown account
or thing.
"""

from __future__ import annotations

import hmac
from typing import Any
from urllib.parse import parse_qsl

from flask import Blueprint, Response, current_app, request

from deploy.local.sandbox.refusals import Refusal, checked, json_of, unprocessable
from deploy.local.sandbox.textus import Query, TextUsSandbox
from deploy.local.sandbox.textus_bodies import (
    IntegrationBody,
    IntegrationChangeBody,
    MessageBody,
    TextUsContactBody,
)

MEDIA_TYPE = "application/vnd.textus+jsonld"


def bearer(header: str | None) -> str | None:
    """The token of an Authorization header `Bearer TOKEN`; None if there is none."""
    scheme, _, token = (header or "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def check_token(header: str | None, expected: str | None) -> None:
    """Raises the 401 unless `header` carries `expected`; with None expected, any token will do."""
    token = bearer(header)
    if token is None:
        detail = "send Authorization: Bearer TOKEN"
    elif expected is not None and not hmac.compare_digest(token.encode(), expected.encode()):
        detail = "this token is not known"
    else:
        return
    raise Refusal(401, detail, headers={"WWW-Authenticate": 'Bearer realm="sandbox"'})


def answer(body: Any, status: int = 200) -> Response:
    """`body` in TextUs's media type."""
    return Response(current_app.json.dumps(body), status=status, content_type=MEDIA_TYPE)


# Longer than 50 lines: all routes of the app in one place, sharing what the factory was given.
def textus_blueprint(textus: TextUsSandbox) -> Blueprint:
    """The routes. `check_request` comes before any of them, unknown paths included."""
    api = Blueprint("textus", __name__)

    @api.get("/accounts")
    def list_accounts() -> Response:
        return answer(textus.list_accounts(_query()))

    @api.get("/accounts/<account>/accounts")
    def list_family(account: str) -> Response:
        return answer(textus.list_family(account, _query()))

    @api.put("/<account>/opt_outs/<phone>")
    def opt_out(account: str, phone: str) -> Response:
        if request.get_data():
            raise unprocessable("body", "this call has none")
        return answer(textus.opt_out(account, phone), 201)

    @api.get("/<account>/opt_outs/<phone>")
    def find_opt_out(account: str, phone: str) -> Response:
        return answer(textus.find_opt_out(account, phone))

    @api.get("/<account>/opt_outs")
    def list_opt_outs(account: str) -> Response:
        return answer(textus.list_opt_outs(account, _query()))

    @api.post("/<account>/contacts")
    def create_contact(account: str) -> Response:
        return answer(textus.create_contact(account, checked(TextUsContactBody, _json())))

    @api.get("/<account>/contacts")
    def list_contacts(account: str) -> Response:
        return answer(textus.list_contacts(account, _query()))

    @api.get("/<account>/contact_filters/<contact_filter>/contacts")
    def filter_contacts(account: str, contact_filter: str) -> Response:
        return answer(textus.filter_contacts(account, contact_filter, _query()))

    @api.get("/contacts/<contact>")
    def contact(contact: str) -> Response:
        return answer(textus.contact(contact))

    @api.put("/contacts/<contact>")
    def change_contact(contact: str) -> Response:
        return answer(textus.change_contact(contact, checked(TextUsContactBody, _json())))

    @api.post("/<account>/messages")
    def send(account: str) -> Response:
        message = textus.send(account, checked(MessageBody, _json()))
        return Response(status=202) if message is None else answer(message, 201)

    @api.get("/messages/<message>")
    def message(message: str) -> Response:
        return answer(textus.message(message))

    @api.post("/<account>/integrations")
    def integrate(account: str) -> Response:
        return answer(textus.integrate(account, checked(IntegrationBody, _json())), 201)

    @api.get("/<account>/integrations")
    def list_integrations(account: str) -> Response:
        return answer(textus.list_integrations(account, _query()))

    @api.put("/integrations/<integration>")
    def change_integration(integration: str) -> Response:
        return answer(textus.change_integration(integration, checked(IntegrationChangeBody, _json())))

    return api


def check_request(token: str | None) -> None:
    """Raises the 401 and 406 of every TextUs path, known or not; `token` as in `check_token`."""
    check_token(request.headers.get("Authorization"), token)
    if MEDIA_TYPE not in {value for value, quality in request.accept_mimetypes if quality}:
        accept = request.headers.get("Accept", "missing")
        raise Refusal(406, f"Accept is {accept}: send {MEDIA_TYPE}")


def _json() -> Any:
    return json_of(request, MEDIA_TYPE)


def _query() -> Query:
    # Not request.args: the order and the [] of names must come back in view.next as they were.
    return parse_qsl(request.query_string.decode("latin-1"), keep_blank_values=True)
