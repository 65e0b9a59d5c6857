"""A small CRM, as plain as the real ones: it takes no idempotency key and merges nothing by itself.

Two contacts of one phone, or two notes of one external_id, are two: whoever calls it twice sees it here.
Routes and fields as docs/crm-contract.md has them. Answers are JSON objects and plain JSON lists.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import Field, StringConstraints, field_validator

from deploy.local.sandbox.ids import Ids
from deploy.local.sandbox.refusals import Refusal, RequestBody

Json = dict[str, Any]
Text = Annotated[str, StringConstraints(min_length=1, max_length=100_000)]


class _ContactFields(RequestBody):
    name: str | None = None
    tags: list[str] = Field(default_factory=list)
    opted_out: bool = False


class CrmContactBody(_ContactFields):
    """POST /crm/contacts"""

    phone: Text  #: as the caller writes it; found again only by the same writing


class ContactChangeBody(_ContactFields):
    """PATCH /crm/contacts/{id}: only the fields that are there change; `tags` replaces all tags."""

    phone: Text = ""


class _NoteFields(RequestBody):
    external_id: str | None = None
    occurred_at: str | None = None  #: RFC 3339, with a zone

    @field_validator("occurred_at")
    @classmethod
    def _with_zone(cls, value: str | None) -> str | None:
        if value is not None and datetime.fromisoformat(value).tzinfo is None:
            raise ValueError("a zone is needed, as in 2026-01-02T03:04:05Z")
        return value


class NoteBody(_NoteFields):
    """POST /crm/contacts/{id}/notes"""

    text: Text


class NoteChangeBody(_NoteFields):
    """PATCH /crm/contacts/{id}/notes/{note}: only the fields that are there change."""

    text: Text = ""


@dataclass
class _CrmState:
    """Everything that `DELETE /_sandbox` forgets."""

    contacts: dict[str, Json] = field(default_factory=dict)
    by_phone: dict[str, dict[str, Json]] = field(default_factory=dict)  #: phone -> id -> contact
    notes: dict[str, dict[str, Json]] = field(default_factory=dict)  #: contact id -> note id -> note


class Crm:
    """Contacts and their notes. Every method may be called from any thread; what it returns is a copy."""

    def __init__(self, *, clock: Callable[[], float], lock: threading.RLock) -> None:
        self._clock = clock
        self._lock = lock
        self._ids = Ids()
        self._held = _CrmState()

    def forget(self) -> None:
        """Begin anew, empty."""
        with self._lock:
            self._held = _CrmState()

    def contacts(self, phone: str | None = None) -> list[Json]:
        """All contacts, or those with exactly this phone, oldest first."""
        with self._lock:
            found = self._held.contacts if phone is None else self._held.by_phone.get(phone, {})
            return [dict(contact) for contact in found.values()]

    def create(self, body: CrmContactBody) -> Json:
        """A new contact, even where one has this phone already."""
        now = self._now()
        contact: Json = {
            "id": f"c{self._ids.next()}",
            "name": body.name,
            "phone": body.phone,
            "tags": body.tags,
            "opted_out": body.opted_out,
            "created_at": now,
            "updated_at": now,
        }
        with self._lock:
            self._held.contacts[contact["id"]] = contact
            self._held.by_phone.setdefault(body.phone, {})[contact["id"]] = contact
            return dict(contact)

    def contact(self, contact_id: str) -> Json:
        """The contact, or 404."""
        with self._lock:
            return dict(self._contact(contact_id))

    def change(self, contact_id: str, body: ContactChangeBody) -> Json:
        """Change the fields that `body` has."""
        with self._lock:
            contact = self._contact(contact_id)
            before = contact["phone"]
            contact |= body.model_dump(exclude_unset=True) | {"updated_at": self._now()}
            del self._held.by_phone[before][contact_id]
            self._held.by_phone.setdefault(contact["phone"], {})[contact_id] = contact
            return dict(contact)

    def notes(self, contact_id: str) -> list[Json]:
        """The contact's notes, oldest first."""
        with self._lock:
            self._contact(contact_id)
            return [dict(note) for note in self._held.notes.get(contact_id, {}).values()]

    def add_note(self, contact_id: str, body: NoteBody) -> Json:
        """A new note, even where one has this external_id already."""
        now = self._now()
        note: Json = {
            "id": f"n{self._ids.next()}",
            "contact_id": contact_id,
            "text": body.text,
            "external_id": body.external_id,
            "occurred_at": body.occurred_at,
            "created_at": now,
            "updated_at": now,
        }
        with self._lock:
            self._contact(contact_id)
            self._held.notes.setdefault(contact_id, {})[note["id"]] = note
            return dict(note)

    def change_note(self, contact_id: str, note_id: str, body: NoteChangeBody) -> Json:
        """Change the fields that `body` has."""
        with self._lock:
            self._contact(contact_id)
            note = self._held.notes.get(contact_id, {}).get(note_id)
            if note is None:
                raise Refusal(404, f"contact {contact_id!r} has no note {note_id!r}")
            note |= body.model_dump(exclude_unset=True) | {"updated_at": self._now()}
            return dict(note)

    def counts(self) -> Json:
        """How much is held, by kind."""
        with self._lock:
            return {"contacts": len(self._held.contacts), "notes": sum(map(len, self._held.notes.values()))}

    def _contact(self, contact_id: str) -> Json:
        contact = self._held.contacts.get(contact_id)
        if contact is None:
            raise Refusal(404, f"there is no contact {contact_id!r}")
        return contact

    def _now(self) -> str:
        return datetime.fromtimestamp(self._clock(), UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
