"""One run of `hookline erase`: first what PostgreSQL has, in one transaction, then what lies outside of it.

What lies outside is written down before it is tried, by ids that tell nothing of the person: a run that was killed, or
met a CRM, Kafka or a node that does not answer, is finished by the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from ops.erasure import crm_notes, nodes, still_held
from ops.erasure.crm_notes import NoteErasure, RemoteNote
from ops.erasure.obligations import Obligation, obligations
from ops.erasure.person import ErasedPerson
from ops.erasure.tables import erase_rows, named_by_operators
from processors.opt_out.fold import Scope
from runtime.connections import KafkaSettings
from runtime.postgres import Connection

_BEFORE = "SELECT id, erased_at, result FROM erasures WHERE phone = ANY (%s) ORDER BY id"
_RECORD = """
INSERT INTO erasures (phone, erased_by, asked_by, reason, forced, result) VALUES (%s, %s, %s, %s, %s, %s) RETURNING id
"""
_FINISH = "UPDATE erasures SET result = %s WHERE id = %s"
_LETTERS = "INSERT INTO erased_events (event_id) SELECT unnest(%s::uuid[]) ON CONFLICT DO NOTHING"


@dataclass(frozen=True, slots=True)
class ErasureRequest:
    """Who wants it, and why: written down without the number."""

    erased_by: str
    asked_by: str
    reason: str
    forced: bool = False


@dataclass(slots=True)
class Erasure:
    """What a run came to."""

    rows: dict[str, int] = field(default_factory=dict)  #: erased, by table
    notes: NoteErasure = field(default_factory=lambda: NoteErasure(0, (), (), ()))
    nodes: dict[str, int | None] = field(default_factory=dict)  #: webhooks erased by node; None: not reached yet
    state_topic: bool = True  #: the compacted topic of opt-out states has forgotten it
    still_held: list[dict[str, Any]] = field(default_factory=list)
    named_by_operators: list[dict[str, object]] = field(default_factory=list)
    why: list[str] = field(default_factory=list)  #: what kept it from being finished

    @property
    def is_finished(self) -> bool:
        """Whether nothing is left that a second run could do."""
        return self.state_topic and not self.notes.unfinished and None not in self.nodes.values()

    def as_dict(self) -> dict[str, Any]:
        """For the answer and for the record: no number, name or text is in it."""
        return asdict(self) | {"notes": self.notes.as_dict(), "finished": self.is_finished}


class Refused(Exception):
    """Do what is named first: something is still due about the number."""

    def __init__(self, due: Sequence[Obligation]) -> None:
        super().__init__("; ".join(f"{item.what} ({item.fix})" for item in due))
        self.due = due


class Eraser:
    """What a run needs of the world outside of the tables."""

    def __init__(
        self,
        *,
        scope: Scope,
        kafka: KafkaSettings,
        letters: Callable[[ErasedPerson], tuple[list[still_held.StillHeld], set[UUID]]],
        forget_states: Callable[[Sequence[str]], str | None],
        erase_notes: Callable[[Sequence[RemoteNote], Mapping[str, list[str]]], NoteErasure],
        erase_here: Callable[[ErasedPerson, bool], tuple[str, int] | None],
    ) -> None:
        self._scope = scope
        self._kafka = kafka
        self._letters = letters
        self._forget_states = forget_states
        self._erase_notes = erase_notes
        self._erase_here = erase_here

    def due(self, connection: Connection, person: ErasedPerson, *, forced: bool) -> list[Obligation]:
        """What has to be done before."""
        return [item for item in obligations(connection, person) if not (forced and item.may_be_forced)]

    def erase(self, connection: Connection, person: ErasedPerson, request: ErasureRequest, *, dry_run: bool) -> Erasure:
        """Erase `person`. Raises Refused, psycopg.Error, and kafka.errors.KafkaError before anything was done."""
        letters, letter_events = self._letters(person)
        done = Erasure()
        with connection.transaction(force_rollback=dry_run):
            before = connection.execute(_BEFORE, ([person.record, *person.erased_before],)).fetchall()
            earlier = [result for _, _, result in before]
            if due := self.due(connection, person, forced=request.forced):
                raise Refused(due)
            events = person.events(connection)
            done.still_held = [place.as_dict() for place in still_held.on_topics(connection, events, self._kafka)]
            notes, contacts = crm_notes.notes_and_contacts(connection, person.phones)
            done.named_by_operators = named_by_operators(connection, person)
            done.rows = erase_rows(connection, person, events, self._scope)
            connection.execute(_LETTERS, (sorted(letter_events),))
            done.still_held += [place.as_dict() for place in letters]
            if done.rows or letters or not earlier:
                done.still_held += [place.as_dict() for place in still_held.ALWAYS]
            notes += [RemoteNote(**note) for note in (earlier[-1]["notes"]["unfinished"] if earlier else ())]
            done.notes = NoteErasure(0, tuple(notes), (), ())
            done.state_topic = not done.rows and all(result["state_topic"] for result in earlier[-1:])
            reached = {
                node: count for result in earlier for node, count in result["nodes"].items() if count is not None
            }
            done.nodes = {node: reached.get(node) for node in nodes.known_nodes(connection)}
            is_new = bool(done.rows) or not done.is_finished
            number = self._recorded(connection, person, request, done) if is_new else None
        if dry_run:
            self._look_here(person, done)
            return done
        self._finish(person, done, contacts)
        if number is not None:
            connection.execute(_FINISH, (Jsonb(done.as_dict()), number))
        return done

    @staticmethod
    def _recorded(connection: Connection, person: ErasedPerson, request: ErasureRequest, done: Erasure) -> int:
        values = (request.erased_by, request.asked_by, request.reason, request.forced)
        [(number,)] = connection.execute(_RECORD, (person.record, *values, Jsonb(done.as_dict()))).fetchall()
        return int(number)

    def _finish(self, person: ErasedPerson, done: Erasure, contacts: Mapping[str, list[str]]) -> None:
        if done.notes.unfinished or contacts:
            done.notes = self._erase_notes(done.notes.unfinished, contacts)
            done.why += done.notes.why
        if not done.state_topic:
            trouble = self._forget_states(sorted({*person.phones, person.number.phone.number}))
            done.state_topic = trouble is None
            done.why += [] if trouble is None else [trouble]
        here = self._erase_here(person, False)
        if here is not None and (here[0] in done.nodes or here[1]):
            done.nodes[here[0]] = here[1] + (done.nodes.get(here[0]) or 0)
        missing = [node for node, count in done.nodes.items() if count is None]
        if missing:
            done.why.append(f"the quarantine of {', '.join(missing)}: there, run hookline erase PHONE")

    def _look_here(self, person: ErasedPerson, done: Erasure) -> None:
        here = self._erase_here(person, True)
        if here is not None:
            done.nodes[here[0]] = here[1]
