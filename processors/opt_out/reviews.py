"""Questions that a person decides, with a clock: a hold that nobody answers becomes an opt-out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from processors.opt_out.entry import Entry, EntryDraft
from processors.opt_out.fold import FoldedState
from runtime.postgres import Connection

_OPEN = """
INSERT INTO opt_out_reviews (kind, phone, position, event_id, question, opened_at, due_at)
VALUES (%s, %s, %s, %s, %s, %s, %s)
"""
_ASK_ABOUT_OPT_IN = """
INSERT INTO opt_out_reviews (kind, phone, position, event_id, question, opened_at)
VALUES ('opt-in', %s, %s, %s, %s, %s) ON CONFLICT (position) WHERE kind = 'opt-in' DO NOTHING
"""
_OPT_IN_QUESTION = "did they opt in? it has no time of its own and no number, so it may be an old one sent again"
#: A question is moot once the phone does not stand as it did when it was asked.
_SUPERSEDE = """
UPDATE opt_out_reviews AS r SET decision = 'superseded', decided_by = 'ledger', decided_at = now()
FROM unnest(%s::text[], %s::text[], %s::bigint[]) AS stands (phone, state, doubtful)
WHERE r.phone = stands.phone AND r.decision IS NULL AND r.position IS NOT NULL AND CASE r.kind
    WHEN 'opt-in' THEN r.position IS DISTINCT FROM stands.doubtful
    WHEN 'out' THEN stands.state <> 'out'
    ELSE stands.state <> 'hold' END
"""
#: A hold that came back, because what had ended it was voided, has its clock again; so has a doubtful opt-in.
_REOPEN = """
UPDATE opt_out_reviews AS r SET decision = NULL, decided_by = NULL, decided_at = NULL
FROM unnest(%s::bigint[]) AS held (position)
WHERE r.position = held.position AND r.decision = 'superseded'
"""
_SELECT = """
SELECT r.id, r.kind, r.phone, r.position, r.event_id, r.question, r.opened_at, r.due_at, r.decision, r.decided_by,
    r.decided_at
FROM opt_out_reviews AS r
"""
_WAITING_OF = """
WHERE r.decision IS NULL AND r.kind = %(kind)s AND (%(writer)s::text IS NULL OR EXISTS (
    SELECT FROM opt_out_parked AS p WHERE p.review_id = r.id AND p.writer = %(writer)s
)) ORDER BY r.due_at, r.id
"""


@dataclass(frozen=True, slots=True)
class Review:
    """One question."""

    id: int
    kind: str  #: hold, out (was it really a stop?), unrecognized, parked, opt-in (did they really opt in?)
    phone: str | None
    position: int | None  #: the ledger's row that it is about
    event_id: UUID | None
    question: str
    opened_at: datetime
    due_at: datetime | None  #: when a hold becomes an opt-out; None: nothing happens by itself
    decision: str | None
    decided_by: str | None
    decided_at: datetime | None

    @property
    def holds(self) -> bool:
        """Whether its phone is on hold until it is answered."""
        return self.kind not in ("out", "opt-in") and self.position is not None


def follow(
    connection: Connection,
    new: Sequence[tuple[Entry, EntryDraft]],
    folded_states: Mapping[str, FoldedState],
    now: datetime,
) -> None:
    """Open what `new` rows and doubtful opt-ins ask, and close what is moot. The ledger is locked by the caller."""
    questions = [
        (
            draft.review,
            entry.phone,
            entry.position,
            entry.event_id,
            draft.question,
            entry.decided_at,
            entry.deadline if entry.action == "hold" else None,
        )
        for entry, draft in new
        if draft.review is not None
    ]
    doubtful = {phone: next(iter(folded.doubtful), None) for phone, folded in folded_states.items()}
    with connection.cursor() as cursor:
        cursor.executemany(_OPEN, questions)
        cursor.executemany(
            _ASK_ABOUT_OPT_IN,
            [
                (phone, opt_in.position, opt_in.event_id, _OPT_IN_QUESTION, now)
                for phone, opt_in in doubtful.items()
                if opt_in is not None
            ],
        )
    held = [folded_state.entry.position for folded_state in folded_states.values() if folded_state.state == "hold"]
    asked_about = [None if opt_in is None else opt_in.position for opt_in in doubtful.values()]
    if asking := [*held, *(position for position in asked_about if position is not None)]:
        connection.execute(_REOPEN, (asking,))
    states = [folded.state for folded in folded_states.values()]
    connection.execute(_SUPERSEDE, (list(folded_states), states, asked_about))


def ask_without_phone(connection: Connection, event_id: UUID | None, question: str, now: datetime) -> int | None:
    """Open a question about an event that names no phone; its id, or None where it has been asked before."""
    if event_id is not None:
        questions = connection.execute("SELECT FROM opt_out_reviews WHERE event_id = %s", (event_id,)).fetchone()
        if questions is not None:
            return None
    kind = "parked" if event_id is None else "unrecognized"
    row = connection.execute(_OPEN + "RETURNING id", (kind, None, None, event_id, question, now, None)).fetchone()
    assert row is not None
    return int(row[0])


def waiting(connection: Connection, *, phone: str | None = None) -> list[Review]:
    """Every open question, the most urgent first."""
    where = "WHERE r.decision IS NULL AND (%(phone)s::text IS NULL OR r.phone = %(phone)s) ORDER BY r.due_at, r.id"
    return _read(connection, where, {"phone": phone})


def waiting_of(connection: Connection, kind: str, writer: str | None = None) -> list[Review]:
    """Every open question of this kind; with `writer`, only about parked records that are "ours" or "unknown"."""
    return _read(connection, _WAITING_OF, {"kind": kind, "writer": writer})


def of_phone(connection: Connection, phone: str) -> list[Review]:
    """Every question about `phone`, answered ones too."""
    return _read(connection, "WHERE r.phone = %(phone)s ORDER BY r.id", {"phone": phone})


def due(connection: Connection, now: datetime, *, limit: int = 500) -> list[Review]:
    """Holds that nobody answered in time."""
    where = "WHERE r.decision IS NULL AND r.due_at <= %(now)s ORDER BY r.due_at, r.id LIMIT %(limit)s"
    return _read(connection, where, {"now": now, "limit": limit})


def find(connection: Connection, number: int) -> Review | None:
    """The question with this id."""
    return next(iter(_read(connection, "WHERE r.id = %(id)s", {"id": number})), None)


def close(connection: Connection, ids: Iterable[int], decision: str, by: str, now: datetime) -> None:
    """Write down how open questions were answered."""
    connection.execute(
        "UPDATE opt_out_reviews SET decision = %s, decided_by = %s, decided_at = %s"
        " WHERE id = ANY (%s) AND (decision IS NULL OR decision = 'superseded')",
        (decision, by, now, list(ids)),
    )


def _read(connection: Connection, where: str, values: Mapping[str, object]) -> list[Review]:
    return [Review(*row) for row in connection.execute((_SELECT + where).encode(), values)]
