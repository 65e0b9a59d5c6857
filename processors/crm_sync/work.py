"""What one delivery is about: how things ought to be at a target, and what is known to be there."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from processors.crm_sync.port import Note
from processors.outbox.queue import OutboxTask


@dataclass(frozen=True, slots=True)
class Link:
    """A contact or note of ours as a target knows it."""

    kind: str  #: "contact" or "note"
    key: str  #: the phone; the message's key; or the day's, of a note of a whole day
    remote_id: str | None  #: None: no call is known to have gone through
    written: dict[str, Any]  #: what was last written there


@dataclass(frozen=True, slots=True)
class DesiredContact:
    """How a contact ought to be."""

    name: str | None
    tags: frozenset[str]
    opted_out: bool | None  #: None: never heard of, left as it is


@dataclass(frozen=True, slots=True)
class NoteDraft:
    """What is to be noted about one message or call."""

    key: str
    external_id: str
    kind: str  #: "message" or "call"
    provider: str
    account: str
    direction: str | None
    state: str
    text: str | None
    first_at: datetime


@dataclass(frozen=True, slots=True)
class DesiredNote:
    """A note as it ought to be, and as it is known to be."""

    note: Note
    link: Link
    begun: bool  #: an earlier delivery was about it too, and may have made it


@dataclass(slots=True, kw_only=True)
class Job(OutboxTask):
    """One delivery, taken up by one worker; its key is the contact's phone."""

    event_id: UUID
    doubtful: bool  #: a call of an earlier attempt may have gone through
    tried_at: datetime | None  #: the attempt before
    desired: DesiredContact
    contact: Link
    token: UUID  #: of the lane's lease
    notes: tuple[DesiredNote, ...] = ()
    learned: dict[tuple[str, str], Link] = field(default_factory=dict)  #: what became known, failed or not

    def learn(self, link: Link) -> Link:
        """Keep `link` whatever happens to the rest."""
        self.learned[link.kind, link.key] = link
        return link
