"""Which notes a delivery is about: one for its message or call, or one for its day, with all that the day has.

A message that has a note of its own at a target keeps it, and one that stands in its day's stays there, whatever the
settings say later.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from processors.crm_sync.port import CrmTarget, Note
from processors.crm_sync.rendering import worded, worded_day
from processors.crm_sync.settings import CrmSettings
from processors.crm_sync.work import DesiredNote, Link, NoteDraft
from runtime.postgres import Connection
from runtime.settings import ConfigurationError
from schemas.times import is_tellable

#: In `crm_links.written` of a message: the days whose notes may have it.
_DAYS = "days"

# Fixed before the first call, as everything that a call is found by again.
_KEEP = """
INSERT INTO crm_links (target, kind, key, external_id)
SELECT %(target)s, 'note', key, min(external_id) FROM unnest(%(keys)s::text[], %(ids)s::text[]) AS t (key, external_id)
GROUP BY key ORDER BY key ON CONFLICT DO NOTHING
"""
_PLACE = """
UPDATE crm_links AS l SET written = t.written FROM unnest(%(keys)s::text[], %(writings)s::jsonb[]) AS t (key, written)
WHERE l.target = %(target)s AND l.kind = 'note' AND l.key = t.key
"""
_LINKS = """
SELECT key, external_id, remote_id, written FROM crm_links
WHERE target = %(target)s AND kind = 'note' AND key = ANY (%(keys)s)
"""
_LINES = """
SELECT day.key, n.note_key, n.kind, n.provider, n.account, n.direction, n.state, n.text, n.first_at
FROM unnest(%(keys)s::text[], %(phones)s::text[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
    AS day (key, phone, starts, ends)
JOIN crm_notes AS n ON n.contact_phone = day.phone AND n.first_at >= day.starts AND n.first_at < day.ends
WHERE NOT EXISTS (SELECT FROM crm_links AS l
    WHERE l.target = %(target)s AND l.kind = 'note' AND l.key = n.note_key AND l.remote_id IS NOT NULL OFFSET 0)
ORDER BY n.first_at, n.note_key
"""


@dataclass(frozen=True, slots=True)
class Head:
    """A delivery that was taken up, and what is to be noted about its message or call."""

    event_id: UUID
    phone: str
    draft: NoteDraft
    link: Link  #: of the message's own note


class NotePolicy(ABC):
    """What one target's notes are."""

    @abstractmethod
    def desired_notes(self, connection: Connection, heads: Sequence[Head]) -> list[tuple[DesiredNote, ...]]:
        """The notes that each of `heads` is about; in the transaction that takes them up."""


class EachMessage(NotePolicy):
    """A note for each message and call."""

    def __init__(self, template: str) -> None:
        self._template = template

    def desired_notes(self, connection: Connection, heads: Sequence[Head]) -> list[tuple[DesiredNote, ...]]:
        del connection
        return [() if _DAYS in head.link.written else (self.alone(head),) for head in heads]

    def alone(self, head: Head) -> DesiredNote:
        """The note of one message."""
        note = worded(head.draft, head.phone, self._template)
        return DesiredNote(note, head.link, begun=note.external_id != str(head.event_id))


class Daily(NotePolicy):
    """A note for each contact and day, with a line for each message and call."""

    def __init__(self, target: str, each: EachMessage, line: str, zone: str) -> None:
        self._target = target
        self._each = each
        self._line = line
        self._zone = ZoneInfo(zone)

    def desired_notes(self, connection: Connection, heads: Sequence[Head]) -> list[tuple[DesiredNote, ...]]:
        days = [() if head.link.remote_id else self._days(head) for head in heads]
        placed = [(head, its) for head, its in zip(heads, days, strict=True) if its]
        if not placed:
            return [(self._each.alone(head),) for head in heads]
        ids = {_key(head.phone, day): str(head.event_id) for head, its in placed for day in its}
        values = {"target": self._target, "keys": list(ids), "ids": list(ids.values())}
        connection.execute(_KEEP, values)
        self._place(connection, placed)
        links = {key: values_of_row for key, *values_of_row in connection.execute(_LINKS, values)}
        lines = self._lines(connection, {(head.phone, day) for head, its in placed for day in its})
        found: list[tuple[DesiredNote, ...]] = []
        for head, its in zip(heads, days, strict=True):
            notes = []
            for day in its:
                external_id, remote_id, written = links[key := _key(head.phone, day)]
                note = self._note(day, lines.get(key, []), external_id, head.phone)
                link = Link("note", key, remote_id, written)
                if remote_id or key in lines:  # all of a day's messages may have turned out to be another's
                    notes.append(DesiredNote(note, link, begun=external_id != str(head.event_id)))
            found.append(tuple(notes) if its else (self._each.alone(head),))
        return found

    def _days(self, head: Head) -> tuple[date, ...]:
        """Its day, and every other whose note may have it: what is heard later may have been sent before midnight.

        None where its time is one that no record tells any more: such a message has a note of its own.
        """
        at = head.draft.first_at
        today = {at.astimezone(self._zone).date()} if is_tellable(at) else set()
        before = {date.fromisoformat(day) for day in head.link.written.get(_DAYS, ())}
        return tuple(sorted(before | today))

    def _place(self, connection: Connection, placed: Sequence[tuple[Head, tuple[date, ...]]]) -> None:
        writings = {head.draft.key: {_DAYS: [day.isoformat() for day in days]} for head, days in placed}
        new = {head.draft.key: writings[head.draft.key] for head, _ in placed
               if head.link.written != writings[head.draft.key]}  # fmt: skip
        if new:
            values = {
                "target": self._target,
                "keys": list(new),
                "writings": [json.dumps(written) for written in new.values()],
            }
            connection.execute(_PLACE, values)

    def _lines(self, connection: Connection, days: set[tuple[str, date]]) -> dict[str, list[NoteDraft]]:
        ordered = sorted(days)
        values = {
            "target": self._target,
            "keys": [_key(phone, day) for phone, day in ordered],
            "phones": [phone for phone, _ in ordered],
            "starts": [self._midnight(day) for _, day in ordered],
            "ends": [self._midnight(day + timedelta(days=1)) for _, day in ordered],
        }
        found: dict[str, list[NoteDraft]] = {}
        for day_key, key, *values_of_row in connection.execute(_LINES, values):
            found.setdefault(day_key, []).append(NoteDraft(key, "", *values_of_row))
        return found

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), self._zone)

    def _note(self, day: date, lines: Sequence[NoteDraft], external_id: str, phone: str) -> Note:
        at = lines[0].first_at if lines else self._midnight(day)
        return Note(worded_day(day, lines, phone, self._line, self._zone, external_id), external_id, at)


def note_policy_of(target: CrmTarget[Any], crm: CrmSettings) -> NotePolicy:
    """What the settings ask for at `target`. Raises ConfigurationError where it cannot be done there."""
    each = EachMessage(crm.note)
    if crm.note_mode == "each" or not target.capabilities.notes:
        return each
    if not target.capabilities.update_note:
        mode = crm.variable("note_mode")
        raise ConfigurationError([f"{mode}=daily: the CRM {target.place} cannot change a note, as its settings are"])
    return Daily(target.place, each, crm.note_line, crm.note_time_zone)


def _key(phone: str, day: date) -> str:
    return f"day:{phone}:{day.isoformat()}"
