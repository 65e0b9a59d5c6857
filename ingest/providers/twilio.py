"""Twilio (twilio.com/docs/messaging/guides/webhook-request, .../track-outbound-message-status, .../usage/webhooks).

Seen 2026-11, as is its own verifier, twilio 9.13.0 `request_validator.py`. Incoming messages and status callbacks come
as forms to one URL; JSON comes with the body's SHA-256 in the query. The signature is over the URL and the form.
Twilio tells no time of its own: the receipt stands for it. It may repeat a webhook that it had no answer to.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from pydantic import Field

from ingest.answers import HttpAnswer, WebhookOutcome
from ingest.details import MessageDetails, OptOutDetails
from ingest.json_body import Json
from ingest.provider import Provider, Reading, Unauthorized, as_text, identifier, matches_any, plain
from ingest.request import WebhookRequest
from ingest.settings import ProviderSettings
from runtime.blank import is_blank
from runtime.settings import SecretList
from schemas.events import EventType
from schemas.provider_facts import ProviderFacts

SIGNATURE_HEADER = "X-Twilio-Signature"
#: `key=ID,algorithm=HMAC_SHA256`: signed with a shared key. Without it: with the auth token, by HMAC-SHA1.
SETTINGS_HEADER = "X-Twilio-Webhooks-Signature-Settings"
ALGORITHMS = {"HMAC_SHA1": "sha1", "HMAC_SHA256": "sha256"}
#: Parts of that header that are looked at. It has two.
MAX_PARTS = 8
#: The query's field that has the SHA-256 of a JSON body.
BODY_HASH = "bodySHA256"
_HASH_FIELD = re.compile(rf"(?:^|&){BODY_HASH}=([^&]+)")

#: Status -> event type and state. What is not sent yet is `sent` to us, the lowest rank: there is no lower one.
STATUSES: dict[str, tuple[EventType, str]] = {
    "accepted": (EventType.MESSAGE_SENT, "sent"),
    "scheduled": (EventType.MESSAGE_SENT, "sent"),
    "queued": (EventType.MESSAGE_SENT, "sent"),
    "sending": (EventType.MESSAGE_SENT, "sent"),
    "sent": (EventType.MESSAGE_SENT, "sent"),
    "delivered": (EventType.MESSAGE_DELIVERED, "delivered"),
    "read": (EventType.MESSAGE_DELIVERED, "delivered"),  # WhatsApp and RCS
    "partially_delivered": (EventType.MESSAGE_UNKNOWN, "unknown"),
    "undelivered": (EventType.MESSAGE_FAILED, "failed"),
    "failed": (EventType.MESSAGE_FAILED, "failed"),
    "canceled": (EventType.MESSAGE_FAILED, "failed"),
    "receiving": (EventType.MESSAGE_RECEIVED, "received"),
    "received": (EventType.MESSAGE_RECEIVED, "received"),
}
INCOMING_STATUSES = frozenset(status for status, (_, state) in STATUSES.items() if state == "received")
#: What Twilio itself did with a keyword (Advanced Opt-Out); HELP changes nothing.
OPT_OUT_TYPES = {"STOP": EventType.CONTACT_OPTED_OUT, "START": EventType.CONTACT_OPTED_IN}
#: Characters of a message's SID that an index of PostgreSQL surely holds. Twilio's have 34.
LONGEST_ID = 240
#: What stands before a number that is reached in another way than by text.
CHANNELS = ("whatsapp:", "rcs:", "sms:")
#: Fields that only an incoming message has.
INCOMING_FIELDS = ("Body", "NumMedia", "OptOutType")

#: "Send nothing back": any other answer would be texted to the contact.
EMPTY_TWIML = HttpAnswer(200, b'<?xml version="1.0" encoding="UTF-8"?><Response/>', "text/xml")


class TwilioSettings(ProviderSettings, name="twilio"):
    """Twilio's webhooks."""

    auth_tokens: SecretList = Field(
        default=(), description="auth tokens of the account, the secondary one included; several are valid at once"
    )
    shared_keys: SecretList = Field(
        default=(), description="secrets of the shared keys that webhooks are signed with, where such are set up"
    )
    account: str = Field(default="twilio", description="the account where a webhook names none", min_length=1)


class Twilio(Provider):
    """Twilio."""

    name = "twilio"
    settings_type = TwilioSettings
    settings: TwilioSettings
    # It numbers its messages. It reports opt-ins only where Advanced Opt-Out is on, so a text START counts, too.
    facts = ProviderFacts(numbers_deliveries=True)
    is_signed = True
    signs_url = True
    secrets_setting = "auth_tokens"
    secret_shown_at = "Twilio's console, account, API keys and tokens"  # noqa: S105 - a place

    @cached_property
    def secrets(self) -> tuple[str, ...]:
        """The auth tokens and the shared keys."""
        return plain((*self.settings.auth_tokens, *self.settings.shared_keys))

    @property
    def stored_headers(self) -> tuple[str, ...]:
        """The signature, and what it was made with."""
        return (SIGNATURE_HEADER, SETTINGS_HEADER)

    def sender_hint(self, request: WebhookRequest) -> str | None:
        """The account's SID."""
        return as_text(_content(request).get("AccountSid"))

    def verify(self, request: WebhookRequest) -> None:
        """The signature is the Base64 HMAC of the URL, and of the form's sorted names and values without separators."""
        if self.settings.auth == "open":
            return
        given = request.header(SIGNATURE_HEADER).strip()
        if not given:
            raise Unauthorized("missing_signature")
        how = request.header(SETTINGS_HEADER)
        algorithm = ALGORITHMS.get(_algorithm(how).upper())
        if algorithm is None:
            raise Unauthorized("unknown_algorithm")
        keys = self.secrets if how else plain(self.settings.auth_tokens)
        signed = b"" if _is_json(request) else _sorted_form(request).encode("utf-8", "surrogateescape")
        urls = [url.encode("utf-8", "surrogateescape") for url in _spellings(request)]
        valid = [_signature(key, url + signed, algorithm) for key in keys for url in urls]
        is_whole = not _is_json(request) or _has_its_hash(request)
        if not matches_any(given, valid) or not is_whole:
            raise Unauthorized("wrong_signature")

    def parse(self, request: WebhookRequest) -> list[Reading]:
        """A form, or a JSON object."""
        return self.read(_content(request), request)

    def read(self, fields: Json, request: WebhookRequest) -> list[Reading]:
        """One message or one status of a message; with `OptOutType` what Twilio did about it, too."""
        message_id = next((i for name in ("MessageSid", "SmsSid") if (i := identifier(fields.get(name)))), None)
        kind = _kind(fields)
        event_type, state = STATUSES.get(kind or "", (EventType.UNRECOGNIZED, ""))
        is_inbound = state == "received"
        contact, ours = ("From", "To") if is_inbound else ("To", "From")
        reading = Reading(
            fields=fields,
            kind=kind,
            moment=request.moment(None),
            delivery_key=message_id and f"{message_id}\n{kind}",
            phone=_number(fields.get(contact)) or _number(fields.get(ours)),
            account_phone=_number(fields.get(ours)),
            account=identifier(fields.get("AccountSid")),
        )
        if not state:
            return [reading]
        details = MessageDetails(
            direction="in" if is_inbound else "out",
            state=state,
            message_key=f"twilio:{message_id}" if message_id and len(message_id) <= LONGEST_ID else None,
            text=as_text(fields.get("Body")),
            provider_message_id=message_id,
            name=as_text(fields.get("ProfileName")),  # WhatsApp
            maybe_inbound=not is_inbound and _may_be_inbound(fields),
        )
        found = [reading._replace(event_type=event_type, details=details)]
        opt_out_type = (as_text(fields.get("OptOutType")) or "").strip().upper()
        if is_inbound and (reported := OPT_OUT_TYPES.get(opt_out_type)):
            is_out = reported is EventType.CONTACT_OPTED_OUT
            found.append(
                reading._replace(
                    kind=f"OptOutType {opt_out_type}",
                    delivery_key=message_id and f"{message_id}\n{opt_out_type}",
                    event_type=reported,
                    details=OptOutDetails(opted_out=is_out, provider_opt_out_id=message_id),
                )
            )
        return found

    def answer(self, outcome: WebhookOutcome) -> HttpAnswer:
        """TwiML that says nothing, where all is well."""
        return super().answer(outcome) if outcome.error else EMPTY_TWIML


def _statuses(fields: Json) -> list[str]:
    """What the two fields for a status say, in small letters; a null or blank one says nothing."""
    given = ((as_text(fields.get(name)) or "").strip().lower() for name in ("MessageStatus", "SmsStatus"))
    return [status for status in given if status]


def _kind(fields: Json) -> str | None:
    """A status; "received" for an incoming message that has none; None: neither."""
    for status in _statuses(fields):
        return status
    return "received" if any(fields.get(name) is not None for name in INCOMING_FIELDS) else None


def _may_be_inbound(fields: Json) -> bool:
    """Whether a status of what we sent may be a received message: its other status says so, or it has a text.

    As documented, no status has a text.
    """
    has_text = not all(is_blank(as_text(fields.get(name)) or "") for name in ("Body", "OptOutType"))
    return has_text or any(status in INCOMING_STATUSES for status in _statuses(fields))


def _number(value: Any) -> Any:
    """A phone number without its channel."""
    if isinstance(value, str):
        return next((value.removeprefix(channel) for channel in CHANNELS if value.startswith(channel)), value)
    return value


def _is_json(request: WebhookRequest) -> bool:
    """Whether the body is JSON: its hash is in the query then. A form begins with no bracket, it would be encoded."""
    return f"{BODY_HASH}=" in request.query or request.body.lstrip()[:1] in (b"{", b"[")


def _content(request: WebhookRequest) -> Json:
    return request.json_object() if _is_json(request) else dict(request.form())


def _has_its_hash(request: WebhookRequest) -> bool:
    """Whether the query has the hash of the body; one that is not there protects nothing."""
    found = _HASH_FIELD.search(request.query)
    given = "" if found is None else found[1].lower()
    return hmac.compare_digest(hashlib.sha256(request.body).hexdigest().encode(), given.encode("utf-8", "replace"))


def _algorithm(how: str) -> str:
    pairs = (part.partition("=") for part in how.split(",", MAX_PARTS))
    return next(
        (value.strip() for name, _, value in pairs if name.strip() == "algorithm" and value.strip()), "HMAC_SHA1"
    )


def _sorted_form(request: WebhookRequest) -> str:
    return "".join(
        name + value
        for name, given in sorted(request.form().items())
        for value in ((given,) if isinstance(given, str) else sorted(set(given)))
    )


def _signature(key: str, signed: bytes, algorithm: str) -> str:
    return base64.b64encode(hmac.digest(key.encode(), signed, algorithm)).decode()


def _spellings(request: WebhookRequest) -> Iterator[str]:
    """The URL with its port and without: Twilio signs now one, now the other."""
    parts = urlsplit(request.public_url)
    host = parts.netloc.removesuffix(f":{parts.port}")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    for place in (host, f"{host}:{port}"):
        yield request.public_url.replace(parts.netloc, place, 1) + request.target
