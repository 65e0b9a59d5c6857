"""What the journal and a CRM say about each other: the part of the checker that is about contacts and notes.

What the CRM must hold is worked out here from what was sent: nothing of the service is imported.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.faults.client.journal import Attempt

#: The topic of what is about a contact alone; the load's webhooks there bring a tag.
CONTACTS, TAG = "sms.contacts.v1", "Warm"
#: How the note of a message begins that was sent, and then failed.
FAILED = "SMS not delivered"


@dataclass(frozen=True, slots=True)
class Crm:
    """What one CRM holds, and what it was asked, when all was quiet."""

    #: Each with phone, tags, opted_out, and notes: event id and text of each, in the order in which they were made.
    contacts: Sequence[Mapping[str, Any]]
    made: Sequence[Sequence[str]]  #: every call that made something: "contact" and phone, or "note" and event id
    asked: Sequence[str]  #: phones that it was asked about
    events: Mapping[str, str]  #: event id -> id, of all that was received
    redriven: Sequence[str] = ()  #: event ids that were dead until a person had them tried again: they lose their place
    name: str = "rest"


@dataclass(frozen=True, slots=True)
class Noted:
    """The figures of one CRM."""

    wanted: int  #: notes that were accepted
    missing: int
    doubled: int  #: notes and contacts beyond one
    late: int  #: notes that stand before one that their client had an answer for when it sent them


def check_crm(
    attempts: Sequence[Attempt],
    placed: Sequence[Attempt],
    states: Mapping[str, str] | None,
    found: Crm,
    count: Callable[[str, Iterable[str]], int],
) -> Noted:
    """`placed`: those with a place to keep, in order; `states`: how each phone stands, None: opt-out is not there."""
    accepted = [attempt for attempt in attempts if attempt.status == 200]
    ids = dict(found.events) | {webhook.event_id: webhook.id for webhook in accepted if webhook.event_id}
    note_of = {attempt.id: attempt.note for attempt in attempts if attempt.note}
    contact_of = {attempt.note: attempt.contact for attempt in attempts if attempt.note}
    expected = {webhook.note for webhook in accepted if webhook.note}

    def told(problem: str, culprits: Iterable[str]) -> int:
        return count(f"{found.name}: {problem}", culprits)

    phones = Counter(str(contact["phone"]) for contact in found.contacts)
    known = {attempt.contact for attempt in attempts if attempt.note or attempt.topic == CONTACTS} | (
        states or {}
    ).keys()
    due = {webhook.contact for webhook in accepted if webhook.note or webhook.topic == CONTACTS} | (states or {}).keys()
    told("contact that is not there", (phone[-4:] for phone in due - phones.keys()))
    told("contact that nobody asked for", (phone[-4:] for phone in phones.keys() - known))
    told("asked about a phone that it must not know of", (phone[-4:] for phone in set(found.asked) - known))

    places: dict[str, int] = {}
    times: Counter[str] = Counter()
    strangers, misplaced, behind = [], [], []
    both = {
        note
        for note, count in Counter(note_of[id] for id in {webhook.id for webhook in accepted} & note_of.keys()).items()
        if count > 1
    }
    for contact in found.contacts:
        for place, (event_id, text) in enumerate(contact["notes"]):
            note = note_of.get(ids.get(event_id, ""))
            if note is None:
                strangers.append(event_id)
                continue
            times[note] += 1
            places.setdefault(note, place)
            if contact_of[note] != contact["phone"]:
                misplaced.append(note)
            if note in both and not text.startswith(FAILED):
                behind.append(note)
    missing = told("note that is not there", expected - times.keys())
    told("note that nobody asked for", strangers)
    told("note at somebody else's contact", misplaced)
    told("note that does not say how it ended", behind)
    doubled = _doubled(found, phones, times, told)
    late = _late(placed, places, {note_of.get(ids.get(id, "")) for id in found.redriven})
    told("notes out of order", late)
    _check_contacts(accepted, states, found, told)
    return Noted(len(expected), missing, doubled, len(late))


def _doubled(
    found: Crm, phones: Counter[str], notes: Counter[str], expected: Callable[[str, Iterable[str]], int]
) -> int:
    """By what it holds, and by what it was asked: the one may have been tidied up, the other may have been lost."""
    expected("contact twice", (phone[-4:] for phone, times in phones.items() if times > 1))
    expected("note twice", (note for note, times in notes.items() if times > 1))
    made = Counter((kind, key) for kind, key in found.made)
    expected("contact made twice", (key[-4:] for (kind, key), times in made.items() if kind == "contact" and times > 1))
    expected("note made twice", (key for (kind, key), times in made.items() if kind == "note" and times > 1))
    held = sum(times - 1 for counter in (phones, notes) for times in counter.values())
    return max(held, sum(times - 1 for times in made.values()))


def _late(placed: Sequence[Attempt], places: Mapping[str, int], redriven: set[str | None]) -> list[str]:
    reached: dict[tuple[int, str], int] = defaultdict(lambda: -1)
    late = []
    for note in placed:
        # A webhook that changes a note that is there has no place of its own.
        if note.note != note.id or note.note not in places or note.note in redriven:
            continue
        if places[note.note] < reached[note.client, note.topic]:
            late.append(note.id)
        reached[note.client, note.topic] = max(reached[note.client, note.topic], places[note.note])
    return late


def _check_contacts(
    accepted: Sequence[Attempt],
    states: Mapping[str, str] | None,
    found: Crm,
    expected: Callable[[str, Iterable[str]], int],
) -> None:
    tagged = {webhook.contact for webhook in accepted if webhook.topic == CONTACTS}
    held = {str(contact["phone"]): contact for contact in found.contacts}
    expected("tag that is not there", (phone[-4:] for phone in tagged & held.keys() if TAG not in held[phone]["tags"]))
    if states is not None:
        wrong = (
            phone
            for phone, listed_contact in held.items()
            if listed_contact["opted_out"] != (states.get(phone) == "out")
        )
        expected("wrong opt-out", (phone[-4:] for phone in wrong))
