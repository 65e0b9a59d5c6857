"""TextUs (apidocs.next.textus.com, help.textus.com, seen 2026-11): eight actions on one URL, an HMAC over the body.

Its retry schedule is not documented: expect repeats and reordering. The delivery's id is the idempotency key.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from functools import cached_property
from typing import Any

from pydantic import Field, SecretStr

from ingest.details import CallDetails, ContactDetails, Details, MessageDetails, OptOutDetails
from ingest.json_body import Json
from ingest.provider import (
    Provider,
    Reading,
    Unauthorized,
    as_text,
    canonical,
    identifier,
    matches_any,
    plain,
    with_possible_stop,
)
from ingest.request import WebhookRequest
from ingest.settings import ProviderSettings
from runtime.blank import is_blank
from runtime.settings import SecretList
from schemas.events import EventType
from schemas.provider_facts import ProviderFacts

SIGNATURE_HEADER = "X-TextUs-Signature"
#: Characters of a message's id that an index of PostgreSQL surely holds. TextUs's have twenty.
LONGEST_KEY = 250

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
    facts = ProviderFacts(one_clock=True, reports_opt_ins=True, numbers_deliveries=True)
    is_signed = True
    secrets_setting = "signing_secrets"
    secret_shown_at = "hookline textus register"  # noqa: S105 - a command

    @cached_property
    def secrets(self) -> tuple[str, ...]:
        """The signing secrets."""
        return plain(self.settings.signing_secrets)

    @property
    def stored_headers(self) -> tuple[str, ...]:
        """The signature."""
        return (SIGNATURE_HEADER,)

    def sender_hint(self, request: WebhookRequest) -> str | None:
        """The integration, of a delivery's id `/integrations/X/deliveries/Y`."""
        return (as_text(request.json_object().get("id")) or "").rpartition("/deliveries/")[0] or None

    def verify(self, request: WebhookRequest) -> None:
        """The signature is the hexadecimal HMAC-SHA256 of the raw body."""
        if self.settings.auth == "open":
            return
        given = request.header(SIGNATURE_HEADER).strip().lower()
        if not given:
            raise Unauthorized("missing_signature")
        valid = [hmac.new(secret.encode(), request.body, hashlib.sha256).hexdigest() for secret in self.secrets]
        if not matches_any(given, valid):
            raise Unauthorized("wrong_signature")

    def read(self, fields: Json, request: WebhookRequest) -> list[Reading]:
        """An envelope with `action`, `timestamp`, and one nested object or two."""
        conversation, opt_out = _object(fields, "conversation"), _object(fields, "optOut")
        moment = request.moment(fields.get("timestamp"))  # ISO 8601, with `Z` or an offset
        # The delivery's id; without one the content, if a time makes it unlike any other.
        content = None if moment.own is None else f"content\n{canonical(fields)}"
        event_type, read_details = ACTIONS.get(action_of(fields) or "", UNKNOWN)
        reading = Reading(
            fields=fields,
            kind=as_text(fields.get("action")) or as_text(fields.get("@type")),
            moment=moment,
            delivery_key=identifier(fields.get("id")) or content,
            event_type=event_type,
            details=read_details(fields, event_type),
            phone=conversation.get("phoneNumber") or opt_out.get("phoneNumber") or _contact_phone(fields),
            account_phone=conversation.get("accountPhoneNumber"),
            account=_slug(conversation.get("account") or opt_out.get("account")),
        )
        return with_possible_stop(reading, fields) if _has_other_message(fields, event_type) else [reading]


def _has_other_message(fields: Json, event_type: EventType) -> bool:
    """Whether what is no message has one beside it that may be the contact's: no action but a message's has one."""
    if event_type in (EventType.CONTACT_OPTED_OUT, EventType.UNRECOGNIZED) or event_type.startswith("message."):
        return False
    direction = as_text(_object(fields, "message").get("direction")) or ""
    return bool(fields.get("message")) and direction.strip().lower() != "out"


def action_of(fields: Json) -> str | None:
    """The action in our spelling; where none came, what the nested object says; None: unknown."""
    if action := (as_text(fields.get("action")) or "").strip():
        return action.lower().replace("-", "_")
    for (nested, subject), action in NESTED.items():
        found = _object(fields, nested)
        if subject in (found.get("type"), found.get("deliveryState"), found.get("status")):
            return action
    if fields.get("message") is not None:
        return None  # a message of no known state, which may be a stop: no call and no contact beside it decides
    if fields.get("phoneCall") is not None:
        return "phone_call.completed"
    return "contact.created" if fields.get("contact") is not None else None


def _message(fields: Json, event_type: EventType) -> MessageDetails:
    message = _object(fields, "message")
    inbound = event_type is EventType.MESSAGE_RECEIVED
    message_id = identifier(message.get("id"))
    return MessageDetails(
        direction="in" if inbound else "out",
        state=event_type.value.removeprefix("message."),
        message_key=message_id if message_id and len(message_id) <= LONGEST_KEY else None,
        text=as_text(message.get("body")),
        provider_message_id=message_id,
        conversation_id=as_text(_object(fields, "conversation").get("id")),
        maybe_inbound=not inbound and _may_be_inbound(fields, message, event_type),
    )


def _may_be_inbound(fields: Json, message: Json, event_type: EventType) -> bool:
    """Whether a message that was read as sent may be a received one: it says so, or nothing says surely that it is not.

    Where it has no direction, the action of a delivery says that it went out; not `message.unknown`, and not one that
    was inferred from the message's state.
    """
    direction = (as_text(message.get("direction")) or "").strip().lower()
    if direction:
        return direction != "out"
    is_sure = event_type is not EventType.MESSAGE_UNKNOWN and bool((as_text(fields.get("action")) or "").strip())
    return not is_sure and not is_blank(as_text(message.get("body")) or "")


def _contact(fields: Json, _type: EventType) -> ContactDetails:
    contact = _object(fields, "contact")
    data = _object(contact, "data")
    tags = data.get("tags")
    full_name = " ".join(part for key in ("firstName", "lastName") if (part := as_text(contact.get(key))))
    return ContactDetails(
        provider_contact_id=as_text(contact.get("id")),
        name=as_text(contact.get("name")) or full_name or None,
        tags=tuple(as_text(tag) or "" for tag in tags) if isinstance(tags, list) else None,
        business_name=as_text(data.get("businessName")),
    )


def _opt_out(fields: Json, event_type: EventType) -> OptOutDetails:
    return OptOutDetails(
        opted_out=event_type is EventType.CONTACT_OPTED_OUT,
        provider_opt_out_id=as_text(_object(fields, "optOut").get("id")),
    )


def _call(fields: Json, _type: EventType) -> CallDetails:
    call = _object(fields, "phoneCall")
    return CallDetails(
        provider_call_id=as_text(call.get("id")),
        conversation_id=as_text(_object(fields, "conversation").get("id")),
        direction=as_text(call.get("direction")),
    )


#: Reads an envelope's details; None: of a kind that is not known.
ReadDetails = Callable[[Json, EventType], Details | None]

#: Action -> event type and details. The help article writes `contact.opted-out`: `-` and `_` are the same.
ACTIONS: dict[str, tuple[EventType, ReadDetails]] = {
    "message.received": (EventType.MESSAGE_RECEIVED, _message),
    "message.delivered": (EventType.MESSAGE_DELIVERED, _message),
    "message.failed": (EventType.MESSAGE_FAILED, _message),
    "message.unknown": (EventType.MESSAGE_UNKNOWN, _message),
    "phone_call.completed": (EventType.CALL_COMPLETED, _call),
    "contact.created": (EventType.CONTACT_CREATED, _contact),
    "contact.opted_out": (EventType.CONTACT_OPTED_OUT, _opt_out),
    "contact.opted_in": (EventType.CONTACT_OPTED_IN, _opt_out),
}
UNKNOWN: tuple[EventType, ReadDetails] = (EventType.UNRECOGNIZED, lambda _fields, _type: None)


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
