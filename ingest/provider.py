"""What a provider is: how its webhooks are verified and read. Each is one file in `ingest/providers/`."""

from __future__ import annotations

import hashlib
import hmac
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, ClassVar, NamedTuple
from uuid import NAMESPACE_DNS, UUID, uuid5

from pydantic import SecretStr
from uuid6 import uuid7

from ingest.answers import JSON_OK, HttpAnswer, WebhookOutcome, refusal
from ingest.details import Details
from ingest.json_body import Json
from ingest.json_text import json_text
from ingest.request import WebhookRequest
from ingest.settings import IngestSettings, ProviderSettings
from ingest.times import OccurredAt
from runtime.found import found_in
from runtime.phones import read_phone
from runtime.settings import ConfigurationError
from schemas.events import EventType
from schemas.provider_facts import CAREFUL, ProviderFacts

#: Namespace of every event id that is derived rather than made.
EVENT_NAMESPACE = uuid5(NAMESPACE_DNS, "hookline.events")

#: A value as JSON without spaces, its characters as they are.
to_json = json_text(ensure_ascii=False, sort_keys=False, separators=(",", ":"))
_canonical = json_text(ensure_ascii=True, sort_keys=True, separators=(",", ":"))
#: SHA-1 that has read the namespace already, as uuid5 begins.
_EVENT_NAMES = hashlib.sha1(EVENT_NAMESPACE.bytes, usedforsecurity=False)


class Unauthorized(Exception):
    """Answer 401. The argument: a machine code (answer, log and metric label)."""


class Reading(NamedTuple):
    """One event as a provider's file finds it in a webhook; what is the same for all is done in `event.py`."""

    fields: Json  #: the provider's JSON about this event, without the secret: the payload
    kind: str | None  #: what the provider calls it
    moment: OccurredAt  #: when it happened (`WebhookRequest.moment`)
    #: What is the same for every repeat of this delivery and differs between any two; None: nothing is. A value that
    #: may be the same in any number of deliveries tells none of them from another.
    delivery_key: str | None
    event_type: EventType = EventType.UNRECOGNIZED
    details: Details | None = None  #: the record's own fields; None: of a kind that is not known
    phone: Any = None  #: the contact's, as it came
    account_phone: Any = None  #: ours, as it came
    account: str | None = None  #: None: as the setting says
    is_test: bool = False


class Provider(ABC):
    """One SMS provider."""

    #: The URL's segment, the setting's prefix, the metric's label, the folder of its sample payloads.
    name: ClassVar[str]
    #: Its section of the settings.
    settings_type: ClassVar[type[ProviderSettings]]
    #: What may follow the name in the URL.
    url_kinds: ClassVar[frozenset[str]] = frozenset()
    #: How far its word about time and identity can be trusted; opt-outs depend on it.
    facts: ClassVar[ProviderFacts] = CAREFUL
    #: The field of its settings that holds `secrets`.
    secrets_setting: ClassVar[str]
    #: Where the provider shows the secret that it has made; None: it takes one of ours, which is entered there.
    secret_shown_at: ClassVar[str | None] = None
    #: Its webhooks carry a signature over their bytes, so a byte must not be changed before it is verified again.
    is_signed: ClassVar[bool] = False
    #: Its signature is over the URL, too: HOOKLINE_INGEST__PUBLIC_URL has to be set.
    signs_url: ClassVar[bool] = False
    #: The header that carries the secret in clear, which is never stored; None: no header does.
    secret_header: ClassVar[str | None] = None

    def __init__(self, settings: ProviderSettings) -> None:
        self.settings = settings

    @property
    @abstractmethod
    def secrets(self) -> tuple[str, ...]:
        """Every secret that is valid now, several while one is being replaced; none of them ever comes out again."""

    @classmethod
    def new_secret(cls, random_text: str) -> str:
        """A secret for this machine's stack, in the form that the setting has."""
        return random_text

    @property
    def stored_headers(self) -> tuple[str, ...]:
        """The headers that the quarantine keeps: what signs the request or names it, never a secret in clear."""
        return ()

    @abstractmethod
    def verify(self, request: WebhookRequest) -> None:
        """Return where `request` is the provider's own. Raises Unauthorized; BadBody where the body has the secret."""

    def parse(self, request: WebhookRequest) -> list[Reading]:
        """Every event in an authentic `request`, at least one, in its order. Raises BadBody, BodyTooLarge."""
        return self.read(request.json_object(), request)

    @abstractmethod
    def read(self, fields: Json, request: WebhookRequest) -> list[Reading]:
        """What one JSON object of the provider's says: one event, or several. Takes what it sends, refuses nothing.

        Also called for what was stored long ago: of `request` only `kind`, `headers` and `received_at` are there then.
        """

    def answer(self, outcome: WebhookOutcome) -> HttpAnswer:
        """How the provider wants to be told."""
        return JSON_OK if outcome.error is None else refusal(outcome)

    def challenge(self, request: WebhookRequest) -> HttpAnswer | None:  # noqa: ARG002 - most providers have none
        """The answer to a GET by which the provider makes sure that the URL is ours; None: it makes none (405)."""
        return None

    def carried_secret(self, request: WebhookRequest) -> str | None:  # noqa: ARG002 - who signs carries none
        """The secret that `request` carries in clear, right or wrong; None: none. Raises BadBody, BodyTooLarge."""
        return None

    @property
    def accepted_secrets(self) -> tuple[str, ...]:
        """What `carried_secret` may be."""
        return self.secrets

    def without_secret(self, content: Any) -> Any:
        """The JSON in a body without the field that carries the secret."""
        return content

    def sender_hint(self, request: WebhookRequest) -> str | None:  # noqa: ARG002 - most providers have none
        """What a sender's webhooks have in common where they carry no secret, and others hardly know; None: nothing.

        The quarantine gives each sender a budget of its own by it. Raises BadBody, BodyTooLarge.
        """
        return None

    def derived_id(self, reading: Reading) -> UUID | None:
        """The id that every repeat of the delivery has; None: nothing identifies it."""
        if reading.delivery_key is None:
            return None
        # A provider's id may hold lone surrogates, which no UTF-8 can: they count as their escapes.
        return _event_uuid(f"{self.name}\n{reading.delivery_key}".encode("utf-8", "backslashreplace"))

    def event_id(self, reading: Reading) -> UUID:
        """The event's id: derived from the delivery, so that a repeat has the same; else a new UUIDv7."""
        return self.derived_id(reading) or uuid7()


def _event_uuid(name: bytes) -> UUID:
    """uuid5(EVENT_NAMESPACE, name) in half its time (2.8 us to 1.6, measured)."""
    digest = _EVENT_NAMES.copy()
    digest.update(name)
    return UUID(bytes=digest.digest()[:16], version=5)


def canonical(fields: Json) -> str:
    """`fields` as one text, whatever the order of its keys: sorted, no spaces, ASCII."""
    return _canonical(fields)


def matches_any(given: str, valid: Iterable[str]) -> bool:
    """Whether `given` is one of `valid`; takes the same time whichever it is, and whether it is."""
    found = False
    for secret in valid:
        found |= hmac.compare_digest(given.encode("utf-8", "surrogatepass"), secret.encode())
    return found


def identifier(value: Any) -> str | None:
    """A field that should tell one thing from all others; None where it does not: no text, or a blank one."""
    return value if isinstance(value, str) and value.strip() else None


def with_possible_stop(reading: Reading, fields: Json) -> list[Reading]:
    """`reading`, and a second event of no known kind, because `fields` may hold a text of the contact's beside it.

    What is of no known kind is read for a stop, whatever the first is. What names no phone is of no known kind itself.
    """
    if read_phone(reading.phone, None) is None:
        return [reading]
    key = reading.delivery_key
    possible_stop = reading._replace(
        fields=fields,
        kind=f"{reading.kind} with a text",
        delivery_key=key and f"{key}\nwith a text",
        event_type=EventType.UNRECOGNIZED,
        details=None,
    )
    return [reading, possible_stop]


def as_text(value: Any) -> str | None:
    """A field that should be a text, as one; None stays None, anything else becomes its JSON."""
    if value is None or isinstance(value, str):
        return value
    return str(value) if type(value) is int else to_json(value)  # what most are; an encoder costs 2 us, measured


def plain(secrets: Iterable[SecretStr]) -> tuple[str, ...]:
    """The secrets as texts."""
    return tuple(secret.get_secret_value() for secret in secrets)


def provider_types() -> dict[str, type[Provider]]:
    """Every provider, by name: found by scanning `ingest/providers/`, so that a new one is one new file."""
    from ingest import providers

    return found_in(providers, Provider)


def check_providers(providers: Iterable[Provider], public_url: str) -> None:
    """Refuse to start without what webhooks are verified by. Raises ConfigurationError naming every mistake."""
    mistakes = []
    for provider in providers:
        section = provider.settings_type
        secrets, auth = section.variable(provider.secrets_setting), section.variable("auth")
        if provider.settings.auth == "required" and not provider.secrets:
            mistakes.append(
                f"{secrets} is missing: the secret of {provider.name}'s webhooks (or {auth}=open to take them "
                f"unverified, or leave {provider.name} out of HOOKLINE_INGEST__PROVIDERS)"
            )
        if provider.signs_url and provider.settings.auth == "required" and not public_url:
            mistakes.append(
                f"{IngestSettings.variable('public_url')} is missing: {provider.name} signs the address that it calls; "
                f"set it to that address without /webhooks/{provider.name}, such as https://sms.example.com"
            )
    if mistakes:
        raise ConfigurationError(mistakes)
