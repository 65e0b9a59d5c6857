"""The small CRM over HTTP: JSON in, JSON out, with a bearer token where one is set.

401 without the token (if one is set), 406 for an Accept that excludes application/json, 415 without
Content-Type: application/json on a body, 404 for an unknown contact or note, 422 naming each wrong field.
"""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from deploy.local.sandbox.crm import ContactChangeBody, Crm, CrmContactBody, Json, NoteBody, NoteChangeBody
from deploy.local.sandbox.refusals import Refusal, checked, json_of, unprocessable
from deploy.local.sandbox.textus_http import check_token

MEDIA_TYPE = "application/json"


def crm_blueprint(crm: Crm) -> Blueprint:
    """The routes, below /crm. `check_request` comes before any of them."""
    api = Blueprint("crm", __name__, url_prefix="/crm")

    @api.get("/contacts")
    def contacts() -> Response:
        phone = request.args.get("phone")
        if phone is not None and phone.startswith(" "):
            raise unprocessable("phone", "begins with a space: write the + of a number as %2B in a query")
        return jsonify(crm.contacts(phone))

    @api.post("/contacts")
    def create() -> tuple[Json, int, dict[str, str]]:
        contact = crm.create(checked(CrmContactBody, json_of(request, MEDIA_TYPE)))
        return contact, 201, {"Location": f"/crm/contacts/{contact['id']}"}

    @api.get("/contacts/<contact>")
    def contact(contact: str) -> Json:
        return crm.contact(contact)

    @api.patch("/contacts/<contact>")
    def change(contact: str) -> Json:
        return crm.change(contact, checked(ContactChangeBody, json_of(request, MEDIA_TYPE)))

    @api.get("/contacts/<contact>/notes")
    def notes(contact: str) -> Response:
        return jsonify(crm.notes(contact))

    @api.post("/contacts/<contact>/notes")
    def add_note(contact: str) -> tuple[Json, int, dict[str, str]]:
        note = crm.add_note(contact, checked(NoteBody, json_of(request, MEDIA_TYPE)))
        return note, 201, {"Location": f"/crm/contacts/{contact}/notes/{note['id']}"}

    @api.patch("/contacts/<contact>/notes/<note>")
    def change_note(contact: str, note: str) -> Json:
        return crm.change_note(contact, note, checked(NoteChangeBody, json_of(request, MEDIA_TYPE)))

    return api


def check_request(token: str | None) -> None:
    """Raises the 401 and 406 of every CRM path, known or not; without a token set, anybody may call."""
    if token is not None:
        check_token(request.headers.get("Authorization"), token)
    if request.headers.get("Accept") and not request.accept_mimetypes.best_match([MEDIA_TYPE]):
        raise Refusal(406, f"Accept is {request.headers['Accept']}: this CRM answers {MEDIA_TYPE}")
