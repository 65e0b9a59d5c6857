"""What one delivery is about: how things ought to be at a target, and what is known to be there."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Link:
    """A contact or note of ours as a target knows it."""

    kind: str  #: "contact" or "note"
    key: str  #: the phone, or the note's key
    remote_id: str | None  #: None: no call is known to have gone through
    written: dict[str, Any]  #: what was last written there


@dataclass(frozen=True, slots=True)
class Wish:
    """How a contact ought to be."""

    name: str | None
    tags: frozenset[str]
    opted_out: bool | None  #: None: never heard of, left as it is


@dataclass(frozen=True, slots=True)
class Draft:
    """A note as it ought to be."""

    key: str
    external_id: str
    kind: str  #: "message" or "call"
    provider: str
    account: str
    direction: str | None
    state: str
    text: str | None
    first_at: datetime


@dataclass(slots=True)
class Job:
    """One delivery, taken up by one worker."""

    event_id: UUID
    phone: str
    attempt: int  #: this one included
    doubtful: bool  #: a call of an earlier attempt may have gone through
    tried_at: datetime | None  #: the attempt before
    wish: Wish
    contact: Link
    draft: Draft | None
    note: Link | None
    lease: datetime  #: the lane's, in the database
    leased_until: float  #: the same by this process's monotonic clock
    is_probe: bool = False
    learned: dict[tuple[str, str], Link] = field(default_factory=dict)  #: what became known, failed or not

    def learn(self, link: Link) -> Link:
        """Keep `link` whatever happens to the rest."""
        self.learned[link.kind, link.key] = link
        return link
