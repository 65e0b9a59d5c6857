"""What to call next at a target, from how things ought to be there and what is known to be there: a pure function.

The contact comes first, then its tags and whether it may be texted, then the notes. What is there already costs no
call. One call at a time, because most calls need what the one before has answered: `learn` adds it to what is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from processors.crm_sync.port import Capabilities
from processors.crm_sync.rendering import digest
from processors.crm_sync.work import DesiredContact, DesiredNote, Link


@dataclass(frozen=True, slots=True)
class Desired:
    """How a contact and its notes ought to be at one target."""

    phone: str
    contact: DesiredContact
    notes: tuple[DesiredNote, ...]
    able: Capabilities  #: the target's
    doubtful: bool  #: a call of an earlier attempt may have gone through
    repeats: bool  #: after an unknown outcome a target that cannot be asked is told again


@dataclass(frozen=True, slots=True)
class Known:
    """What is known to be there."""

    contact: Link
    notes: Mapping[str, Link]  #: by their keys
    absent: frozenset[str] = frozenset()  #: the phone and the keys of notes that were looked for and are not there
    people: tuple[str, ...] | None = None  #: who has the phone and still has to hear of the opt-out; None: not asked
    deleted: frozenset[str] = frozenset()  #: keys of notes that somebody has deleted there


@dataclass(frozen=True, slots=True)
class TargetCall:
    """One call of a target."""

    operation: str  #: a method of CrmTarget
    arguments: tuple[Any, ...]
    keywords: Mapping[str, Any] = field(default_factory=dict)
    note_key: str = ""  #: of the note that it is about

    @property
    def changes(self) -> bool:
        """Whether it changes something, rather than asking."""
        return not self.operation.startswith("find_")


def reconcile(desired: Desired, known: Known) -> TargetCall | None:
    """The next call; None: nothing is left to be done."""
    contact, name = known.contact, desired.contact.name
    if contact.remote_id is None:
        if desired.phone not in known.absent:
            return TargetCall("find_by_phone", (desired.phone,))
        return TargetCall("upsert_contact", (desired.phone, name, None))
    if name is not None and contact.written.get("name") != name:
        return TargetCall("upsert_contact", (desired.phone, name, contact.remote_id))
    ours, tags = set(contact.written.get("tags", ())), desired.contact.tags
    if desired.able.tags and ours != tags:
        return TargetCall("set_tags", (contact.remote_id, sorted(tags - ours), sorted(ours - tags)))
    notes = desired.notes if desired.able.notes else ()
    return _opt_out_call(desired, known) or next(
        filter(None, (_note_call(desired, note, known) for note in notes)), None
    )


def _opt_out_call(desired: Desired, known: Known) -> TargetCall | None:
    out = desired.contact.opted_out
    if not desired.able.opt_out or out is None or out == known.contact.written.get("opted_out"):
        return None
    if known.people is None:  # whoever shares the phone may not be texted either
        return TargetCall("find_by_phone", (desired.phone,))
    return TargetCall("set_opt_out", known.people[:1], {"opted_out": out})


def _note_call(desired: Desired, goal: DesiredNote, known: Known) -> TargetCall | None:
    key, contact, able = goal.link.key, known.contact.remote_id, desired.able
    link = known.notes[key]
    if link.written == _written(goal) or (link.remote_id is not None and not able.update_note):
        return None
    if link.remote_id is not None:
        return TargetCall("update_note", (contact, link.remote_id, goal.note), note_key=key)
    if (desired.doubtful or goal.begun) and able.find_note and key not in known.absent:
        return TargetCall("find_note", (contact, goal.note.external_id), note_key=key)
    if desired.doubtful and not able.find_note and not desired.repeats:
        return None
    return TargetCall("log_message", (contact, goal.note), note_key=key)


def learn(desired: Desired, known: Known, call: TargetCall, answer: Any) -> Known:
    """What is known once the target has answered `call`."""
    contact = known.contact
    match call.operation:
        case "find_by_phone" if contact.remote_id is not None:
            return _left_to_tell(desired, known, tuple(person.id for person in answer))
        case "find_by_phone" if not answer:
            return replace(known, absent=known.absent | {desired.phone})
        case "find_by_phone":
            contact = replace(contact, remote_id=answer[0].id, written={"name": answer[0].name})
        case "upsert_contact" if contact.remote_id is None:
            contact = replace(contact, remote_id=answer, written={"name": desired.contact.name, "made": True})
        case "upsert_contact":
            contact = replace(contact, written=contact.written | {"name": desired.contact.name})
        case "set_tags":
            contact = replace(contact, written=contact.written | {"tags": sorted(desired.contact.tags)})
        case "set_opt_out":
            return _left_to_tell(desired, known, (known.people or ())[1:])
        case _:
            return _learn_note(desired, known, call, answer)
    return replace(known, contact=contact)


def _left_to_tell(desired: Desired, known: Known, people: tuple[str, ...]) -> Known:
    if people:
        return replace(known, people=people)
    written = known.contact.written | {"opted_out": desired.contact.opted_out}
    return replace(known, people=None, contact=replace(known.contact, written=written))


def _learn_note(desired: Desired, known: Known, call: TargetCall, answer: Any) -> Known:
    key = call.note_key
    [goal] = (note for note in desired.notes if note.link.key == key)
    link, written = known.notes[key], _written(goal)
    if call.operation == "find_note" and answer is None:
        return replace(known, absent=known.absent | {key})
    if call.operation == "find_note":  # what it says is not known
        link = replace(link, remote_id=answer, written=link.written if desired.able.update_note else written)
    elif call.operation == "log_message":
        link = replace(link, remote_id=answer, written=written)
    else:
        link = replace(link, written=written)
    return replace(known, notes={**known.notes, key: link})


def remark(desired: Desired, known: Known) -> str | None:
    """What there is to say where nothing is left to be called."""
    remarks = ["its note has been deleted there" for note in desired.notes if note.link.key in known.deleted]
    for goal in desired.notes if desired.able.notes else ():
        link = known.notes[goal.link.key]
        if link.written != _written(goal):
            not_repeated = "its outcome is not known, and it is not repeated"
            remarks.append("its note cannot be changed there" if link.remote_id else not_repeated)
    return "; ".join(remarks) or None


def _written(goal: DesiredNote) -> dict[str, str]:
    return {"digest": digest(goal.note)}
