"""Bandwidth (dev.bandwidth.com/docs/messaging/webhooks, seen 2026-11): JSON lists of events, HTTP Basic.

It repeats a webhook that had no 2xx within 10 seconds, for 24 hours; a list may come again in part. It sends the
credentials at once, or after it was asked for them by a 401 with `WWW-Authenticate`.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from functools import cached_property
from typing import Any

from pydantic import Field, SecretStr, field_validator
from pydantic_core import PydanticCustomError

from ingest.answers import HttpAnswer, WebhookOutcome
from ingest.details import MessageDetails
from ingest.json_body import Json
from ingest.provider import Provider, Reading, Unauthorized, as_text, canonical, identifier, matches_any, plain
from ingest.request import WebhookRequest
from ingest.settings import ProviderSettings
from runtime.settings import SecretList
from schemas.events import EventType
from schemas.provider_facts import ProviderFacts

#: Characters of a message's id that an index of PostgreSQL surely holds. Bandwidth's have 29.
LONGEST_ID = 200

#: Type -> event type and state.
TYPES: dict[str, tuple[EventType, str]] = {
    "message-received": (EventType.MESSAGE_RECEIVED, "received"),
    "message-sending": (EventType.MESSAGE_SENT, "sent"),
    "message-sent": (EventType.MESSAGE_SENT, "sent"),
    "message-delivered": (EventType.MESSAGE_DELIVERED, "delivered"),
    "message-read": (EventType.MESSAGE_DELIVERED, "delivered"),  # RCS
    "message-failed": (EventType.MESSAGE_FAILED, "failed"),
}


class BandwidthSettings(ProviderSettings, name="bandwidth"):
    """Bandwidth's webhooks."""

    users: SecretList = Field(
        default=(), description="credentials of its webhooks, each user:password; several are valid at once"
    )
    account: str = Field(default="bandwidth", description="the account's name in events", min_length=1)

    @field_validator("users")
    @classmethod
    def _user_and_password(cls, users: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for credentials in users:
            user, _, password = credentials.get_secret_value().partition(":")
            if not user or not password:
                raise PydanticCustomError("users", "holds credentials that are not user:password")
        return users


class Bandwidth(Provider):
    """Bandwidth."""

    name = "bandwidth"
    settings_type = BandwidthSettings
    settings: BandwidthSettings
    # It numbers its messages, and its own servers tell the times. It reports no opt-ins.
    facts = ProviderFacts(one_clock=True, numbers_deliveries=True)
    secret_header = "Authorization"  # noqa: S105 - a header's name
    secrets_setting = "users"

    @classmethod
    def new_secret(cls, random_text: str) -> str:
        return f"hookline:{random_text}"

    @cached_property
    def accepted_secrets(self) -> tuple[str, ...]:
        """The credentials: user, colon, password."""
        return plain(self.settings.users)

    @cached_property
    def secrets(self) -> tuple[str, ...]:
        """The credentials, and the passwords alone."""
        return (*self.accepted_secrets, *(users.partition(":")[2] for users in self.accepted_secrets))

    def carried_secret(self, request: WebhookRequest) -> str | None:
        """What HTTP Basic says: user, colon, password; None: there is none, or nobody can read it."""
        scheme, _, encoded = request.header("Authorization").strip().partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            return b64decode(encoded.strip(), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError, ValueError):
            return None

    def verify(self, request: WebhookRequest) -> None:
        """The credentials stand in the header Authorization."""
        if self.settings.auth == "open":
            return
        given = self.carried_secret(request)
        if given is None:
            raise Unauthorized("missing_credentials")
        if not matches_any(given, self.accepted_secrets):
            raise Unauthorized("wrong_credentials")

    def parse(self, request: WebhookRequest) -> list[Reading]:
        """A list of events, each an event of its own."""
        return [reading for fields in request.json_objects() for reading in self.read(fields, request)]

    def read(self, fields: Json, request: WebhookRequest) -> list[Reading]:
        """An event with `type`, `time`, `to`, and the message that it is about."""
        kind, message = as_text(fields.get("type")), _object(fields, "message")
        event_type, state = TYPES.get(kind or "", (EventType.UNRECOGNIZED, ""))
        message_id, to = identifier(message.get("id")), fields.get("to") or _only(message.get("to"))
        time = fields.get("time")
        has_time = bool(time.strip()) if isinstance(time, str) else time is not None
        moment = request.moment(time if has_time else message.get("time"))
        is_inbound = state == "received" or (not state and _direction(message) not in ("", "out"))
        contact, ours = (message.get("from"), to) if is_inbound else (to, message.get("from") or message.get("owner"))
        # `to` tells the recipients of a group message apart. Without an id the content, if a time makes it unlike any.
        content = None if moment.own is None else f"content\n{canonical(fields)}"
        key = content if message_id is None else f"{kind}\n{message_id}\n{as_text(to)}"
        return [
            Reading(
                fields=fields,
                kind=kind,
                moment=moment,
                delivery_key=key,
                event_type=event_type,
                details=_details(message, message_id, state, to) if state else None,
                phone=contact,
                account_phone=ours,
            )
        ]

    def answer(self, outcome: WebhookOutcome) -> HttpAnswer:
        """As everybody is told; a 401 asks for the credentials."""
        answer = super().answer(outcome)
        if outcome.status != 401:
            return answer
        return answer._replace(headers=(("WWW-Authenticate", 'Basic realm="webhooks", charset="UTF-8"'),))


def _details(message: Json, message_id: str | None, state: str, to: Any) -> MessageDetails:
    is_inbound = state == "received"
    key = message_id if message_id and len(message_id) <= LONGEST_ID else None
    if key is not None and not is_inbound and isinstance(message.get("to"), list) and len(message["to"]) > 1:
        key = f"{key}:{(as_text(to) or '')[:30]}"  # a message to a group is one to each of its members
    return MessageDetails(
        direction="in" if is_inbound else "out",
        state=state,
        message_key=None if key is None else f"bandwidth:{key}",
        text=as_text(message.get("text")),
        provider_message_id=message_id,
        custom_id=as_text(message.get("tag")),  # what the sender gave
        maybe_inbound=not is_inbound and _direction(message) not in ("", "out"),
    )


def _direction(message: Json) -> str:
    """What the message says of its direction, in small letters; empty: nothing."""
    return (as_text(message.get("direction")) or "").strip().lower()


def _object(fields: Json, key: str) -> Json:
    found = fields.get(key)
    return found if isinstance(found, dict) else {}


def _only(numbers: Any) -> Any:
    """The one number of a list; None: there are several, and nothing says which is meant."""
    return numbers[0] if isinstance(numbers, list) and len(numbers) == 1 else None
