"""The notes about a person at the CRMs: overwritten where the target can, told to be done by hand where it cannot."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from processors.crm_sync.destinations import Destination
from processors.crm_sync.port import CrmTarget, Note
from processors.outbox.errors import NotFound, Rejected, RetryLater
from processors.outbox.rate_limiter import RateLimiter
from runtime.postgres import Connection

#: What an overwritten note says.
ERASED_TEXT = "Erased at the request of the person."

#: The links of a person: the contact's, and those of its messages and of its days (`day:PHONE:DATE`).
LINKED = """
(kind = 'contact' AND key = ANY (%(phones)s)) OR (kind = 'note' AND (
    key IN (SELECT note_key FROM crm_notes WHERE contact_phone = ANY (%(phones)s))
    OR EXISTS (SELECT FROM unnest(%(phones)s::text[]) AS of (phone) WHERE starts_with(key, 'day:' || of.phone || ':'))))
"""
_NOTES = f"""
SELECT target, remote_id, external_id FROM crm_links
WHERE kind = 'note' AND remote_id IS NOT NULL AND ({LINKED}) ORDER BY target, key
"""  # noqa: S608 - our own text
_CONTACTS = f"""
SELECT target, remote_id FROM crm_links
WHERE kind = 'contact' AND remote_id IS NOT NULL AND ({LINKED}) ORDER BY target, key
"""  # noqa: S608 - our own text


@dataclass(frozen=True, slots=True)
class RemoteNote:
    """A note at a CRM, by its ids there: nothing of these tells whom it is about."""

    target: str
    contact: str
    note: str
    external_id: str


@dataclass(frozen=True, slots=True)
class NoteErasure:
    """What became of the notes."""

    erased: int
    unfinished: tuple[RemoteNote, ...]  #: a second run tries these again
    by_hand: tuple[str, ...]  #: what nobody but a person can do there
    why: tuple[str, ...]  #: what kept it from being finished

    def as_dict(self) -> dict[str, Any]:
        """For the record of the erasure."""
        return asdict(self)


def notes_and_contacts(connection: Connection, phones: Iterable[str]) -> tuple[list[RemoteNote], dict[str, list[str]]]:
    """The notes about `phones` that a CRM has of us, and by target the contacts that they are at."""
    values = {"phones": list(phones)}
    contacts: dict[str, list[str]] = {}
    for target, contact in connection.execute(_CONTACTS, values):
        contacts.setdefault(target, []).append(contact)
    notes = [
        RemoteNote(target, contact, note, external_id)
        for target, note, external_id in connection.execute(_NOTES, values)
        for contact in contacts.get(target, [])[:1]
    ]
    return notes, contacts


def erase_notes(
    notes: Iterable[RemoteNote],
    contacts: Mapping[str, list[str]],
    places: Mapping[str, Destination[Any]],
    limiter: Callable[[Destination[Any]], RateLimiter],
    now: datetime | None = None,
) -> NoteErasure:
    """Overwrite `notes`; `contacts` are told to be looked at by hand, for a contact is the CRM's own record."""
    by_target: dict[str, list[RemoteNote]] = {}
    for note in notes:
        by_target.setdefault(note.target, []).append(note)
    by_hand = [
        f"{target}: the contact {contact}, and what others wrote there"
        for target, ids in contacts.items()
        for contact in ids
    ]
    erased, unfinished, why = 0, [], []
    for target, theirs in sorted(by_target.items()):
        place = places.get(target)
        if place is None:
            unfinished += theirs
            why.append(f"{target} is not in HOOKLINE_CRM__TARGETS of this command")
            continue
        with closing(place.target(limiter(place))) as crm:
            if not crm.capabilities.update_note:
                by_hand += [f"{target}: the note {note.note} at the contact {note.contact}" for note in theirs]
                continue
            done, left, reason = _overwritten(crm, theirs, now or datetime.now(UTC))
        erased, unfinished = erased + done, [*unfinished, *left]
        why += [] if reason is None else [f"{target}: {reason}"]
    return NoteErasure(erased, tuple(unfinished), tuple(by_hand), tuple(why))


def _overwritten(
    crm: CrmTarget[Any], notes: list[RemoteNote], now: datetime
) -> tuple[int, list[RemoteNote], str | None]:
    """How many say nothing any more, those that are left, and why."""
    for done, note in enumerate(notes):
        try:
            crm.update_note(note.contact, note.note, Note(ERASED_TEXT, note.external_id, now))
        except NotFound:
            continue  # somebody has deleted it
        except (RetryLater, Rejected) as error:
            return done, notes[done:], str(error)
    return len(notes), [], None
