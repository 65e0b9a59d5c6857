"""TextUs (apidocs.next.textus.com, help.textus.com, seen 2026-11): eight actions on one URL, an HMAC over the body.

Its retry schedule is not documented: expect repeats and reordering. The delivery's id is the idempotency key.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from pydantic import Field, SecretStr

from ingest.json_body import Json
from ingest.provider import Headers, Provider, Reading, Unauthorized, as_text, canonical, identifier, matches_any, plain
from ingest.settings import ProviderSettings
from runtime.settings import SecretList
from schemas.events import Call, Contact, Event, EventType, Message, OptOut

SIGNATURE_HEADER = "X-TextUs-Signature"
#: Characters of a message's id that an index of PostgreSQL surely holds. TextUs's have twenty.
LONGEST_KEY = 250

#: Action -> event type and record. The help article writes `contact.opted-out`: `-` and `_` are the same.
ACTIONS: dict[str, tuple[EventType, type[Event]]] = {
    "message.received": (EventType.MESSAGE_RECEIVED, Message),
    "message.delivered": (EventType.MESSAGE_DELIVERED, Message),
    "message.failed": (EventType.MESSAGE_FAILED, Message),
    "message.unknown": (EventType.MESSAGE_UNKNOWN, Message),
    "phone_call.completed": (EventType.CALL_COMPLETED, Call),
    "contact.created": (EventType.CONTACT_CREATED, Contact),
    "contact.opted_out": (EventType.CONTACT_OPTED_OUT, OptOut),
    "contact.opted_in": (EventType.CONTACT_OPTED_IN, OptOut),
}

#: Where no action came: what the nested object and its own type or state say.
NESTED: dict[tuple[str, str], str] = {
    ("optOut", "opt-out"): "contact.opted_out",
    ("optOut", "opt-in"): "contact.opted_in",
    ("message", "received"): "message.received",
    ("message", "delivered"): "message.delivered",
    ("message", "failed"): "message.failed",
    ("message", "unknown"): "message.unknown",
}


class TextUsSettings(ProviderSettings, name="textus"):
    """TextUs: its webhooks and its API."""

    signing_secrets: SecretList = Field(
        default=(), description="signing secrets of the webhooks; several are valid at once"
    )
    api_token: SecretStr | None = Field(default=None, description="bearer token of the API")
    account: str = Field(default="textus", description="the account where a webhook names none", min_length=1)


class TextUs(Provider):
    """TextUs."""

    name = "textus"
    settings_type = TextUsSettings
    settings: TextUsSettings
    secrets_setting = "signing_secrets"

    @cached_property
    def secrets(self) -> tuple[str, ...]:
        """The signing secrets."""
        return plain(self.settings.signing_secrets)

    @property
    def kept_headers(self) -> tuple[str, ...]:
        """The signature."""
        return (SIGNATURE_HEADER,)

    def sender_hint(self, fields: Json) -> str | None:
        """The integration, of a delivery's id `/integrations/X/deliveries/Y`."""
        return (as_text(fields.get("id")) or "").rpartition("/deliveries/")[0] or None

    def verify_headers(self, headers: Headers, body: bytes) -> None:
        """The signature is the hexadecimal HMAC-SHA256 of the raw body."""
        if self.settings.auth == "open":
            return
        given = headers.get(SIGNATURE_HEADER, "").strip().lower()
        if not given:
            raise Unauthorized("missing_signature")
        valid = [hmac.new(secret.encode(), body, hashlib.sha256).hexdigest() for secret in self.secrets]
        if not matches_any(given, valid):
            raise Unauthorized("wrong_signature")

    def time_in(self, fields: Json) -> Any:
        """ISO 8601, with `Z` or an offset."""
        return fields.get("timestamp")

    def delivery_key(self, _kind: str | None, fields: Json, _headers: Headers, own_time: datetime | None) -> str | None:
        """The delivery's id; without one the content, if a time makes it unlike any other."""
        if given := identifier(fields.get("id")):
            return given
        return None if own_time is None else f"content\n{canonical(fields)}"

    def read(self, _kind: str | None, fields: Json, event_id: UUID, _own_time: datetime | None) -> Reading:
        """An envelope with `action`, `timestamp`, and one nested object or two."""
        action = action_of(fields)
        conversation, opt_out = _object(fields, "conversation"), _object(fields, "optOut")
        phone = conversation.get("phoneNumber") or opt_out.get("phoneNumber") or _contact_phone(fields)
        event_type, record = ACTIONS.get(action or "", (EventType.UNRECOGNIZED, Event))
        return Reading(
            kind=as_text(fields.get("action")) or as_text(fields.get("@type")),
            event_type=event_type,
            record=record,
            phone=phone,
            account_phone=conversation.get("accountPhoneNumber"),
            account=_slug(conversation.get("account") or opt_out.get("account")),
            details=DETAILS[record](fields, event_type, event_id) if record in DETAILS else {},
        )


def action_of(fields: Json) -> str | None:
    """The action in our spelling; where none came, what the nested object says; None: unknown."""
    if action := (as_text(fields.get("action")) or "").strip():
        return action.lower().replace("-", "_")
    for (nested, told), action in NESTED.items():
        found = _object(fields, nested)
        if told in (found.get("type"), found.get("deliveryState"), found.get("status")):
            return action
    if fields.get("message") is not None:
        return None  # a message of no known state, which may be a stop: no call and no contact beside it decides
    if fields.get("phoneCall") is not None:
        return "phone_call.completed"
    return "contact.created" if fields.get("contact") is not None else None


def _message(fields: Json, event_type: EventType, event_id: UUID) -> dict[str, Any]:
    message = _object(fields, "message")
    inbound = event_type is EventType.MESSAGE_RECEIVED
    message_id = identifier(message.get("id"))
    return {
        "message_key": message_id if message_id and len(message_id) <= LONGEST_KEY else f"textus:{event_id}",
        "direction": "in" if inbound else "out",
        "state": event_type.value.removeprefix("message."),
        "text": as_text(message.get("body")),
        "provider_message_id": message_id,
        "conversation_id": as_text(_object(fields, "conversation").get("id")),
        "custom_id": None,
        "failure_id": None,
        "sim_card_id": None,
        "portal": None,
        "name": None,
        "tag": None,
        "maybe_inbound": not inbound and message.get("direction") == "in",
    }


def _contact(fields: Json, _type: EventType, _id: UUID) -> dict[str, Any]:
    contact = _object(fields, "contact")
    data = _object(contact, "data")
    tags = data.get("tags")
    full_name = " ".join(part for key in ("firstName", "lastName") if (part := as_text(contact.get(key))))
    return {
        "provider_contact_id": as_text(contact.get("id")),
        "name": as_text(contact.get("name")) or full_name or None,
        "tag": None,
        "tags": tuple(as_text(tag) or "" for tag in tags) if isinstance(tags, list) else None,
        "business_name": as_text(data.get("businessName")),
        "subuser_id": None,
    }


def _opt_out(fields: Json, event_type: EventType, _id: UUID) -> dict[str, Any]:
    return {
        "opted_out": event_type is EventType.CONTACT_OPTED_OUT,
        "provider_opt_out_id": as_text(_object(fields, "optOut").get("id")),
    }


def _call(fields: Json, _type: EventType, _id: UUID) -> dict[str, Any]:
    call = _object(fields, "phoneCall")
    return {
        "provider_call_id": as_text(call.get("id")),
        "conversation_id": as_text(_object(fields, "conversation").get("id")),
        "direction": as_text(call.get("direction")),
    }


DETAILS = {Message: _message, Contact: _contact, OptOut: _opt_out, Call: _call}


def _object(fields: Json, key: str) -> Json:
    found = fields.get(key)
    return found if isinstance(found, dict) else {}


def _contact_phone(fields: Json) -> Any:
    """The contact's mobile number, else its first: `phones` is a hydra collection, or a plain list."""
    phones = _object(fields, "contact").get("phones")
    members = phones.get("members") if isinstance(phones, dict) else phones
    found = [member for member in members if isinstance(member, dict)] if isinstance(members, list) else []
    found.sort(key=lambda member: member.get("type") != "Mobile")
    return next((number for member in found if (number := member.get("phoneNumber") or member.get("number"))), None)


def _slug(path: Any) -> str | None:
    """`my_account` of `/accounts/my_account`."""
    return path.rstrip("/").rpartition("/")[2] or None if isinstance(path, str) else None
