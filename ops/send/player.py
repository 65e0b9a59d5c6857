"""What it takes to play a provider, and who can."""

from __future__ import annotations

import json
import random
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from runtime.found import found_in
from schemas.events import EventType

#: What people write back to a recruiter or a shop. None of them is an opt-out: use --text for that.
TEXTS = (
    "Hi, is the job still open?",
    "Yes, 3pm works for me",
    "Thanks! I'll send my résumé tonight",
    "Running 10 minutes late, sorry",
    "Can you call me tomorrow?",
    "👍",
    "ok",
    "¿Dónde está la oficina?",
    "Who is this?",
    "Great, see you Monday",
)
NAMES = ("Dana Reyes", "Zoë Müller", "José Ortega", "Aiko Tanaka", "Sam O'Neil", "Priya Nair")
TAGS = ("Cold", "Warm", "Hot", "Interview")


@dataclass(frozen=True, slots=True)
class Webhook:
    """One request as the provider would post it, not yet signed."""

    path: str  #: below the address of ingest
    body: bytes
    content_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class Signed:
    """One request, ready to be posted."""

    path: str  #: with its query
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Wishes:
    """What whoever asked wants in the bodies, beside chance."""

    text: str | None = None
    phone: str | None = None  #: every webhook is about this number
    contacts: int = 50  #: else about one of this many


class Player(ABC):
    """Makes webhooks of one provider. The same seed makes the same webhooks, byte for byte."""

    #: The provider's name.
    name: ClassVar[str]
    #: The kinds that it sends, as the provider calls them, and what each becomes; the names of its samples begin so.
    kinds: ClassVar[Mapping[str, EventType]]
    #: The kind of a text that a contact sent.
    received: ClassVar[str]
    #: The field that has the provider's time; None: its webhooks have none.
    time_field: ClassVar[str | None] = None

    @abstractmethod
    def fields(self, kind: str, about: Particulars) -> dict[str, Any]:
        """One event of `kind` as a JSON object of the provider's, without a secret."""

    def path(self, kind: str) -> str:  # noqa: ARG002 - most providers have one URL
        """Where webhooks of `kind` are posted."""
        return f"/webhooks/{self.name}"

    def written(self, path: str, fields: Mapping[str, Any]) -> Webhook:
        """The webhook in which the provider sends `fields`."""
        return Webhook(path, json.dumps(fields).encode())

    def together(self, path: str, events: Sequence[Mapping[str, Any]]) -> Webhook | None:  # noqa: ARG002 - most do not
        """Several events in one webhook; None: the provider sends one at a time."""
        return None

    def webhook(self, kind: str, about: Particulars) -> Webhook:
        """One webhook of `kind`."""
        return self.written(self.path(kind), self.fields(kind, about))

    @abstractmethod
    def signed(self, webhook: Webhook, secret: str | None, address: str) -> Signed:
        """`webhook` with its secret or signature; None: without. `address`: of ingest, as the provider calls it."""


@dataclass(frozen=True, slots=True)
class Particulars:
    """What one webhook is about."""

    token: str  #: 16 hexadecimal digits; webhooks about one message share it
    phone: str  #: the contact's
    text: str
    name: str  #: the contact's
    tag: str  #: the contact's
    time: datetime  #: UTC; providers tell it to the millisecond
    account: str = "my_account"  #: where the provider has several
    sim: int = 123  #: where the provider sends by SIM cards

    @property
    def milliseconds(self) -> int:
        """`time` as milliseconds since 1970."""
        return round(self.time.timestamp() * 1000)

    @property
    def timestamp(self) -> str:
        """`time` as ISO 8601 with a Z."""
        return self.time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def by_chance(seed: int, index: int, start: datetime, wishes: Wishes) -> Particulars:
    """What the webhook number `index` of a run is about; the same for the same seed and index.

    The kind plays no part, so that `sent` and then `failed` with one seed are about the same messages.
    """
    chance = random.Random(f"{seed}:{index}")  # noqa: S311 - to be repeated, not to be kept secret
    return Particulars(
        token=chance.randbytes(8).hex(),
        phone=wishes.phone or f"+1303555{chance.randrange(wishes.contacts):04d}",
        text=chance.choice(TEXTS) if wishes.text is None else wishes.text,
        name=chance.choice(NAMES),
        tag=chance.choice(TAGS),
        time=start + timedelta(milliseconds=10 * index),
    )


def players() -> dict[str, Player]:
    """Everyone who can be played, by name: found by scanning this folder."""
    from ops import send

    return {name: kind() for name, kind in found_in(send, Player).items()}
