"""What a provider is: how its webhooks are verified and read. Each is one file in `ingest/providers/`."""

from __future__ import annotations

import hashlib
import hmac
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple
from uuid import NAMESPACE_DNS, UUID, uuid5

from pydantic import SecretStr
from uuid6 import uuid7

from ingest.content_coding import Headers as Headers  # noqa: PLC0414 - providers import it from here
from ingest.json_body import Json
from ingest.json_text import json_text
from ingest.settings import ProviderSettings
from runtime.found import found_in
from runtime.settings import ConfigurationError
from schemas.events import Event, EventType, Unrecognized

#: Namespace of every event id that is derived rather than made.
EVENT_NAMESPACE = uuid5(NAMESPACE_DNS, "hookline.events")

#: A value as JSON without spaces, its characters as they are.
to_json = json_text(ensure_ascii=False, sort_keys=False, separators=(",", ":"))
_canonical = json_text(ensure_ascii=True, sort_keys=True, separators=(",", ":"))
#: SHA-1 that has read the namespace already, as uuid5 begins.
_EVENT_NAMES = hashlib.sha1(EVENT_NAMESPACE.bytes, usedforsecurity=False)


class Unauthorized(Exception):
    """Answer 401. The arguments: a machine code (answer, log and metric label), and whether a secret came at all."""


class Reading(NamedTuple):
    """What a provider's file finds in a webhook, as it came; normalising is the same for all (`event.py`)."""

    kind: str | None  #: what the provider calls it
    event_type: EventType = EventType.UNRECOGNIZED
    record: type[Event] = Unrecognized  #: the record that it becomes
    phone: Any = None  #: the contact's
    account_phone: Any = None  #: ours
    account: str | None = None  #: None: as the setting says
    is_test: bool = False
    details: Mapping[str, Any] = MappingProxyType({})  #: the record's own fields


class Provider(ABC):
    """One SMS provider."""

    #: The URL's segment, the setting's prefix, the metric's label, the folder of its sample payloads.
    name: ClassVar[str]
    #: Its section of the settings.
    settings_type: ClassVar[type[ProviderSettings]]
    #: What may follow the name in the URL.
    url_kinds: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, settings: ProviderSettings) -> None:
        self.settings = settings

    @property
    @abstractmethod
    def secrets(self) -> tuple[str, ...]:
        """Every secret that is valid now; several while one is being replaced."""

    @property
    @abstractmethod
    def secrets_setting(self) -> str:
        """The field of its settings that holds `secrets`."""

    @property
    def kept_headers(self) -> tuple[str, ...]:
        """The headers that the quarantine keeps: what signs the request or names it, never a secret in clear."""
        return ()

    def sender_hint(self, fields: Json) -> str | None:  # noqa: ARG002 - most providers have none
        """What a sender's webhooks have in common where they carry no secret, and others hardly know; None: nothing.

        The quarantine gives each sender a budget of its own by it.
        """
        return None

    def verify_headers(self, headers: Headers, body: bytes) -> None:
        """Raise Unauthorized unless the request is signed as it should be. Before the body is read."""

    def verify_body(self, kind: str | None, fields: Json) -> None:
        """Raise Unauthorized unless the body carries the secret that it should."""

    def without_secret(self, fields: Json) -> Json:
        """The body without the field that carries the secret."""
        return fields

    @abstractmethod
    def time_in(self, fields: Json) -> Any:
        """The field that says when it happened, as it came; None: the webhook has none."""

    @abstractmethod
    def delivery_key(self, kind: str | None, fields: Json, headers: Headers, own_time: datetime | None) -> str | None:
        """What is the same for every repeat of this delivery, from the body before it is sanitised; None: nothing.

        `own_time`: the provider's own time (`times.py`); None: it gave none that can be believed, and a value that
        may be the same in any number of deliveries tells none of them from another.
        """

    @abstractmethod
    def read(self, kind: str | None, fields: Json, event_id: UUID, own_time: datetime | None) -> Reading:
        """What the sanitised body says. `kind` is the URL's segment, `own_time` as for `delivery_key`."""

    def event_id(self, kind: str | None, fields: Json, headers: Headers, own_time: datetime | None) -> UUID:
        """The event's id: derived from the delivery, so that a repeat has the same; else a new UUIDv7."""
        key = self.delivery_key(kind, fields, headers, own_time)
        if key is None:
            return uuid7()
        # A provider's id may hold lone surrogates, which no UTF-8 can: they count as their escapes.
        return _event_uuid(f"{self.name}\n{key}".encode("utf-8", "backslashreplace"))


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


def as_text(value: Any) -> str | None:
    """A field that should be a text, as one; None stays None, anything else becomes its JSON."""
    if value is None or isinstance(value, str):
        return value
    return to_json(value)


def plain(secrets: Iterable[SecretStr]) -> tuple[str, ...]:
    """The secrets as texts."""
    return tuple(secret.get_secret_value() for secret in secrets)


def provider_types() -> dict[str, type[Provider]]:
    """Every provider, by name: found by scanning `ingest/providers/`, so that a new one is one new file."""
    from ingest import providers

    return found_in(providers, Provider)


def check_secrets(providers: Iterable[Provider]) -> None:
    """Refuse to start without secrets. Raises ConfigurationError naming every provider at fault."""
    mistakes = []
    for provider in providers:
        section = provider.settings_type
        secrets, auth = section.variable(provider.secrets_setting), section.variable("auth")
        if provider.settings.auth == "required" and not provider.secrets:
            mistakes.append(
                f"{secrets} is missing: the secret of {provider.name}'s webhooks (or {auth}=open to take them "
                f"unverified, or leave {provider.name} out of HOOKLINE_INGEST__PROVIDERS)"
            )
    if mistakes:
        raise ConfigurationError(mistakes)
