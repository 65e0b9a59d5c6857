"""`trace`: everything that the tables know of an event, a message or a phone, for the command and the console."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from ops.trace.hops import EventSteps, steps_of
from ops.trace.masking import Masking
from ops.trace.node_files import add_node_steps, quarantined_event
from ops.trace.reveals import record_reveal
from ops.trace.subject import Subject, SubjectKind, find_subject
from runtime.postgres import Connection

#: Events that are traced at once, the newest of a phone.
LIMIT = 50


@dataclass(frozen=True, slots=True)
class Revealing:
    """Whoever looks at personal data, for `data_reveals`."""

    by: str
    surface: str  #: such as "hookline trace"
    reason: str | None  #: None: not given


@dataclass(frozen=True, slots=True)
class Trace:
    """The answer."""

    subject: str  #: a phone is masked unless it is to be revealed
    kind: SubjectKind
    events: Sequence[EventSteps]  #: oldest first
    more: bool  #: older events are left out

    def as_dict(self) -> dict[str, Any]:
        """As `hookline trace --json` answers."""
        events = [
            {
                "event_id": str(event.event_id),
                "event_type": event.event_type,
                "hops": [asdict(hop) for hop in event.hops],
            }
            for event in self.events
        ]
        return {"subject": self.subject, "events": events, "more": self.more}


def trace(
    connection: Connection,
    text: str,
    *,
    region: str | None,
    revealing: Revealing | None = None,
    limit: int = LIMIT,
    spool_dir: Path | None = None,
) -> Trace | None:
    """What is known of `text`, an event's id, a message's id or a phone; None: nothing.

    `revealing`: show personal data, which is recorded first; None: masked. `spool_dir`: of the node of ingest on this
    machine, whose spool and quarantine are looked into as well. Raises psycopg.Error.
    """
    subject = find_subject(connection, text, region=region, limit=limit)
    if subject is None and spool_dir is not None:
        subject = _on_this_node(spool_dir, text)
    if subject is None:
        return None
    if revealing is not None:
        by, surface, reason = revealing.by, revealing.surface, revealing.reason
        record_reveal(connection, by=by, surface=surface, event_ids=subject.event_ids, reason=reason)
    masking = Masking(reveal=revealing is not None)
    events = steps_of(connection, subject.event_ids, masking)
    if spool_dir is not None:
        add_node_steps(spool_dir, events)
    shown = masking.phone(subject.text) if subject.kind is SubjectKind.PHONE else subject.text
    return Trace(shown or "", subject.kind, events, subject.more)


def _plain(event: EventSteps) -> dict[str, Any]:
    hops = [asdict(hop) for hop in event.hops]
    return {"event_id": str(event.event_id), "event_type": event.event_type, "hops": hops}


def _on_this_node(spool_dir: Path, text: str) -> Subject | None:
    try:
        event_id = UUID(text.strip())
    except ValueError:
        return None
    return Subject(SubjectKind.EVENT, str(event_id), (event_id,)) if quarantined_event(spool_dir, event_id) else None
