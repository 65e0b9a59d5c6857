"""TextLink (docs.textlinksms.com/webhooks, seen 2026-11): four webhooks, the secret in the JSON body, no event id.

It promises no retry: a webhook refused is a webhook lost for ever.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import cached_property
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from ingest.json_body import Json
from ingest.json_text import json_text
from ingest.provider import Headers, Provider, Reading, Unauthorized, as_text, canonical, matches_any, plain
from ingest.settings import ProviderSettings
from runtime.settings import SecretList
from schemas.events import Contact, EventType, Message

#: The "Test webhooks" button posts this number and text (area code 123 does not exist).
TEST_PHONE, TEST_TEXT = "+11234567890", "Working!"

#: URL segment -> event type, direction, state.
KINDS: dict[str, tuple[EventType, str, str]] = {
    "received": (EventType.MESSAGE_RECEIVED, "in", "received"),
    "sent": (EventType.MESSAGE_SENT, "out", "sent"),
    "failed": (EventType.MESSAGE_FAILED, "out", "failed"),
    "tag": (EventType.CONTACT_TAG_CHANGED, "", ""),
}


#: What a message's key is made of, as JSON; a change of it would make every message a new one.
_key_text = json_text(ensure_ascii=True, sort_keys=False, separators=(", ", ": "))

#: Where a message's text may stand: the documented field first.
TEXT_FIELDS = ("text", "body", "message", "Text")


class TextLinkSettings(ProviderSettings, name="textlink"):
    """TextLink's webhooks."""

    secrets: SecretList = Field(default=(), description="the webhook secrets; several are valid at once")
    account: str = Field(default="textlink", description="the account's name in events", min_length=1)
    tag_secret: Literal["required", "optional"] = Field(
        default="required", description="optional: take tag webhooks without a secret (the published sample has none)"
    )
    request_id_header: str | None = Field(
        default=None, description="a trusted proxy's header to derive event ids from instead of the content"
    )


class TextLink(Provider):
    """TextLink."""

    name = "textlink"
    settings_type = TextLinkSettings
    settings: TextLinkSettings
    url_kinds = frozenset(KINDS)
    secrets_setting = "secrets"

    @cached_property
    def secrets(self) -> tuple[str, ...]:
        """The webhook secrets."""
        return plain(self.settings.secrets)

    @property
    def kept_headers(self) -> tuple[str, ...]:
        """The request id, where one is trusted."""
        return (self.settings.request_id_header,) if self.settings.request_id_header else ()

    def verify_body(self, kind: str | None, fields: Json) -> None:
        """The secret stands in the body's field `secret`."""
        given = fields.get("secret")
        if self.settings.auth == "open":
            return
        if given is None or given == "":
            if (kind or inferred_kind(fields)) != "tag":
                raise Unauthorized("missing_secret")
            if self.settings.tag_secret == "required":  # noqa: S105 - a choice, not a secret
                raise Unauthorized("missing_tag_secret")
        elif not isinstance(given, str) or not matches_any(given, self.secrets):
            raise Unauthorized("wrong_secret")

    def without_secret(self, fields: Json) -> Json:
        """All but the field `secret`."""
        return {key: value for key, value in fields.items() if key != "secret"}

    def time_in(self, fields: Json) -> Any:
        """Milliseconds since the epoch."""
        return fields.get("timestamp")

    def delivery_key(self, kind: str | None, fields: Json, headers: Headers, own_time: datetime | None) -> str | None:
        """The proxy's request id where one is trusted; else the content, if a time makes it unlike any other.

        Two equal texts without a time ("ok", "ok") are two messages.
        """
        if self.settings.request_id_header and (given := headers.get(self.settings.request_id_header, "").strip()):
            return f"request-id\n{given}"
        if own_time is None:
            return None
        return f"{kind or inferred_kind(fields)}\n{canonical(fields)}"

    def read(self, kind: str | None, fields: Json, event_id: UUID, own_time: datetime | None) -> Reading:
        """One of four flat objects."""
        url_kind, kind = kind, kind or inferred_kind(fields)
        if kind is None:
            return Reading(kind=None, phone=fields.get("phone_number"))
        event_type, direction, state = KINDS[kind]
        text, name, tag = text_of(fields), as_text(fields.get("name")), as_text(fields.get("tag"))
        details: dict[str, Any] = {"name": name, "tag": tag}
        if kind == "tag":
            details |= {"provider_contact_id": None, "tags": None, "business_name": None}
            details |= {"subuser_id": as_text(fields.get("subuser_id"))}
        else:
            details |= {
                "message_key": f"textlink:{event_id}" if own_time is None else message_key(direction, fields),
                "direction": direction,
                "state": state,
                "text": text,
                "provider_message_id": None,
                "conversation_id": None,
                "custom_id": as_text(fields.get("custom_id")),
                "failure_id": as_text(fields.get("textlink_id")),
                "sim_card_id": as_text(fields.get("sim_card_id")),
                "portal": fields["portal"] if isinstance(fields.get("portal"), bool) else None,
                "maybe_inbound": direction == "out" and may_be_inbound(url_kind, fields),
            }
        return Reading(
            kind=kind,
            event_type=event_type,
            record=Contact if kind == "tag" else Message,
            phone=fields.get("phone_number"),
            is_test=fields.get("phone_number") == TEST_PHONE and text in (None, TEST_TEXT),
            details=details,
        )


def inferred_kind(fields: Json) -> str | None:
    """Which webhook this is where all are pointed at one URL; None: none that we know.

    A field that is null says as little as one that is not there.
    """
    sent, received = fields.get("sent") is True, fields.get("received") is True
    if sent != received:  # an older page has these booleans
        return "sent" if sent else "received"
    if _has(fields, "textlink_id") or _has(fields, "custom_id"):
        return "failed"
    if _has(fields, "sim_card_id") or _has(fields, "portal"):
        return "sent"
    if text_of(fields) is not None:
        return "received"
    return "tag" if _has(fields, "tag") else None


def may_be_inbound(url_kind: str | None, fields: Json) -> bool:
    """Whether a webhook that was read as sent or failed may be one that was received: then its text may be a stop.

    It says so itself, or nothing says surely that we sent it: not the URL, not `sent`, and not the two fields that
    every sent message has and no received one does.
    """
    if fields.get("received") is True:
        return True
    sure = fields.get("sent") is True or (_has(fields, "sim_card_id") and _has(fields, "portal"))
    return url_kind is None and not sure


def text_of(fields: Json) -> str | None:
    """The message's text: the first that is not blank; None: there is none."""
    text = as_text(fields.get("text"))
    if text is not None and text.strip():
        return text
    others = (fields.get(field) for field in TEXT_FIELDS[1:])
    return next((other for other in others if isinstance(other, str) and other.strip()), text)


def _has(fields: Json, name: str) -> bool:
    return fields.get(name) is not None


def message_key(direction: str, fields: Json) -> str:
    """What sent and failed have in common: phone, text, time and SIM (inferred from the samples).

    Only where the time is valid: nothing else in it tells one message from another.
    """
    shared = ("phone_number", "text", "timestamp", "sim_card_id")
    common = [direction, *(as_text(fields.get(field)) for field in shared)]
    return "textlink:" + hashlib.sha256(_key_text(common).encode()).hexdigest()[:32]
