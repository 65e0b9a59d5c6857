"""What it takes to play a provider, and who can."""

from __future__ import annotations

import pkgutil
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import ClassVar, Protocol

from ingest.settings import ProviderSettings

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
    body: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Signed:
    """One request, ready to be posted."""

    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Wishes:
    """What whoever asked wants in the bodies, beside chance."""

    text: str | None = None
    phone: str | None = None  #: every webhook is about this number
    contacts: int = 50  #: else about one of this many


class Player(Protocol):
    """Makes webhooks of one provider. The same seed makes the same webhooks, byte for byte."""

    #: The provider's name.
    name: ClassVar[str]
    #: The kinds that it sends: URL segments for TextLink, actions for TextUs.
    kinds: ClassVar[tuple[str, ...]]

    def webhook(self, kind: str, chance: Chance) -> Webhook:
        """One webhook of `kind`."""

    def signed(self, webhook: Webhook, secret: str | None) -> Signed:
        """`webhook` with its secret or signature; None: without."""

    def secret(self, settings: ProviderSettings) -> str | None:
        """The secret to sign with; None: there is none."""


class Chance:
    """What is by chance in the webhook number `index` of a run; the same for the same seed and index.

    The kind plays no part, so that `sent` and then `failed` with one seed are about the same messages.
    """

    def __init__(self, seed: int, index: int, start: datetime, wishes: Wishes) -> None:
        self._random = random.Random(f"{seed}:{index}")  # noqa: S311 - to be repeated, not to be kept secret
        self.token = self._random.randbytes(8).hex()  #: unlike that of any other webhook
        self.phone = wishes.phone or f"+1303555{self._random.randrange(wishes.contacts):04d}"
        self.text = self.one_of(TEXTS) if wishes.text is None else wishes.text
        self.name = self.one_of(NAMES)
        self.tag = self.one_of(TAGS)
        self.time = start + timedelta(milliseconds=10 * index)  #: UTC, to the millisecond

    def one_of(self, choices: tuple[str, ...]) -> str:
        """One of `choices`."""
        return self._random.choice(choices)

    @property
    def milliseconds(self) -> int:
        """`time` as milliseconds since 1970."""
        return round(self.time.timestamp() * 1000)

    @property
    def timestamp(self) -> str:
        """`time` as ISO 8601 with a Z."""
        return self.time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def players() -> dict[str, Player]:
    """Everyone who can be played, by name: found by scanning this folder."""
    from ops import send

    found: dict[str, Player] = {}
    for module in pkgutil.iter_modules(send.__path__):
        player = getattr(import_module(f"{send.__name__}.{module.name}"), "PLAYER", None)
        if player is not None:
            found[player.name] = player
    return found
