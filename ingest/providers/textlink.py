"""TextLink (docs.textlinksms.com/webhooks, seen 2026-11): four webhooks, the secret in the JSON body, no event id.

It promises no retry: a webhook refused is a webhook lost for ever.
"""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import Any, Literal

from pydantic import Field

from ingest.details import ContactDetails, MessageDetails
from ingest.json_body import Json
from ingest.json_text import json_text
from ingest.provider import Provider, Reading, Unauthorized, as_text, canonical, matches_any, plain, with_possible_stop
from ingest.request import WebhookRequest
from ingest.settings import ProviderSettings
from ingest.times import OccurredAt
from runtime.blank import is_blank
from runtime.settings import SecretList
from schemas.events import EventType

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
#: Fields of a received message with a tag, or of a tag change, that surely hold no text of its sender's.
NO_TEXT_FIELDS = frozenset({"phone_number", "name", "tag", "timestamp", "secret", "sent", "received", "subuser_id"})
#: Of those, the ones that people write: what is read for a stop is read without them.
WRITTEN_FIELDS = ("name", "tag")


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
    def stored_headers(self) -> tuple[str, ...]:
        """The request id, where one is trusted."""
        return (self.settings.request_id_header,) if self.settings.request_id_header else ()

    def verify(self, request: WebhookRequest) -> None:
        """The secret stands in the body's field `secret`."""
        fields = request.json_object()
        given = fields.get("secret")
        if self.settings.auth == "open":
            return
        if given is None or given == "":
            if kind_of(request.kind, fields) != "tag":
                raise Unauthorized("missing_secret")
            if self.settings.tag_secret == "required":  # noqa: S105 - a choice, not a secret
                raise Unauthorized("missing_tag_secret")
        elif not isinstance(given, str) or not matches_any(given, self.secrets):
            raise Unauthorized("wrong_secret")

    def carried_secret(self, request: WebhookRequest) -> str | None:
        """The field `secret`."""
        given = request.json_object().get("secret")
        return given if isinstance(given, str) and given else None

    def without_secret(self, content: Any) -> Any:
        """All but the field `secret`."""
        return {key: value for key, value in content.items() if key != "secret"}

    def read(self, fields: Json, request: WebhookRequest) -> list[Reading]:
        """One of four flat objects; a tag change with what may be a text is a second event, too."""
        fields = self.without_secret(fields)
        kind = kind_of(request.kind, fields)
        moment = request.moment(fields.get("timestamp"))  # milliseconds since the epoch
        key, phone = self._delivery_key(kind, fields, request, moment), fields.get("phone_number")
        if kind is None:
            return [Reading(fields, kind, moment, key, phone=phone)]
        event_type, direction, state = KINDS[kind]
        text, name, tag = text_of(fields), as_text(fields.get("name")), as_text(fields.get("tag"))
        details: ContactDetails | MessageDetails
        if kind == "tag":
            details = ContactDetails(name=name, tag=tag, subuser_id=as_text(fields.get("subuser_id")))
        else:
            details = MessageDetails(
                direction,
                state,
                message_key=None if moment.own is None else message_key(direction, text, fields),
                text=text,
                custom_id=as_text(fields.get("custom_id")),
                failure_id=as_text(fields.get("textlink_id")),
                sim_card_id=as_text(fields.get("sim_card_id")),
                portal=fields["portal"] if isinstance(fields.get("portal"), bool) else None,
                name=name,
                tag=tag,
                maybe_inbound=direction == "out" and may_be_inbound(request.kind, fields),
            )
        is_test = phone == TEST_PHONE and text in (None, TEST_TEXT)
        reading = Reading(fields, kind, moment, key, event_type, details, phone, is_test=is_test)
        if kind == "tag" and _may_hold_a_text(fields):
            unforeseen = {field: value for field, value in fields.items() if field not in WRITTEN_FIELDS}
            return with_possible_stop(reading, unforeseen)
        return [reading]

    def _delivery_key(self, kind: str | None, fields: Json, request: WebhookRequest, moment: OccurredAt) -> str | None:
        """The proxy's request id where one is trusted; else the content, if a time makes it unlike any other.

        Two equal texts without a time ("ok", "ok") are two messages.
        """
        header = self.settings.request_id_header
        if header and (given := request.header(header).strip()):
            return f"request-id\n{given}"
        return None if moment.own is None else f"{kind}\n{canonical(fields)}"


def kind_of(url_kind: str | None, fields: Json) -> str | None:
    """Which webhook this is: as its URL says, else as inferred; None: none that we know.

    A tag webhook has no text. What comes to its URL with one, or says that it was received, is inferred: it may be a
    stop, and no tag change is read for one. Nothing is lost by that: a message has its contact's tag, too.
    """
    if url_kind == "tag" and (_says_received(fields) or not is_blank(text_of(fields) or "")):
        return inferred_kind(fields)
    return url_kind or inferred_kind(fields)


def inferred_kind(fields: Json) -> str | None:
    """Which webhook this is where all are pointed at one URL; None: none that we know.

    A field that is null or blank says as little as one that is not there.
    """
    sent, received = fields.get("sent") is True, fields.get("received") is True
    if sent != received:  # an older page has these booleans
        return "sent" if sent else "received"
    if _has(fields, "textlink_id") or _has(fields, "custom_id"):
        return "failed"
    if _has(fields, "sim_card_id") or _has(fields, "portal"):
        return "sent"
    if text_of(fields) is not None or _says_received(fields):
        return "received"
    # A received message has a tag, too, and what is of no known kind is read for a stop. Only a tag has a subuser.
    is_tag = _has(fields, "subuser_id") or not _may_hold_a_text(fields)
    return "tag" if is_tag and _has(fields, "tag") else None


def may_be_inbound(url_kind: str | None, fields: Json) -> bool:
    """Whether a webhook that was read as sent or failed may be one that was received: then its text may be a stop.

    It says so itself, or nothing says surely that we sent it: not the URL, not `sent`, and not the two fields that
    every sent message has and no received one does.
    """
    if _says_received(fields):
        return True
    sure = fields.get("sent") is True or (_has(fields, "sim_card_id") and _has(fields, "portal"))
    return url_kind in (None, "tag") and not sure


def _says_received(fields: Json) -> bool:
    """Whether `received` is true, or says so in some other way."""
    value = fields.get("received")
    said = value.strip().lower() if isinstance(value, str) else value
    return said not in (None, False, "", 0, "0", "false", "no")


def _may_hold_a_text(fields: Json) -> bool:
    """Whether anything but the fields that surely have none may be a text, or have one in it."""
    return any(
        isinstance(value, str | list | dict) and name not in NO_TEXT_FIELDS and _has(fields, name)
        for name, value in fields.items()
    )


def text_of(fields: Json) -> str | None:
    """The message's text: the first that is not blank; None: there is none."""
    text = as_text(fields.get("text"))
    if text is not None and not is_blank(text):
        return text
    others = (fields.get(field) for field in TEXT_FIELDS[1:])
    return next((other for other in others if isinstance(other, str) and not is_blank(other)), text)


def _has(fields: Json, name: str) -> bool:
    value = fields.get(name)
    return value is not None and (not isinstance(value, str) or not is_blank(value))


def message_key(direction: str, text: str | None, fields: Json) -> str | None:
    """What sent and failed have in common: phone, text, time and SIM (inferred from the samples).

    Only where the time is valid: nothing else in it tells one message from another. None: a received message has no
    text in a field that we know; two of one moment differ in nothing here, and each is a message of its own.
    """
    if direction == "in" and (text is None or is_blank(text)):
        return None
    shared = (fields.get("phone_number"), text, fields.get("timestamp"), fields.get("sim_card_id"))
    common = [direction, *map(as_text, shared)]
    return "textlink:" + hashlib.sha256(_key_text(common).encode()).hexdigest()[:32]
