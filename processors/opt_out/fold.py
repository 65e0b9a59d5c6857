"""What the ledger's rows about one phone come to: out, in, or on hold. A pure function of a set of rows.

It is the same for any order of arrival, for duplicates and for replays, because it looks at the rows' times and
never at their order. Whatever is equal or doubtful counts against texting.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from processors.opt_out.entry import OPERATOR, Entry
from schemas.events import is_derived

State = Literal["out", "in", "hold"]
#: "organisation": an opt-in anywhere re-opens all of it. "account": it undoes only the opt-outs of its own account.
Scope = Literal["organisation", "account"]


@dataclass(frozen=True, slots=True)
class FoldedState:
    """How a phone stands, and by which row."""

    state: State
    since: datetime
    entry: Entry  #: the row that made it so
    #: Opt-ins that would end it, if anybody knew that they are new; the first by its times is asked about.
    doubtful: tuple[Entry, ...] = ()


def fold(rows: Iterable[Entry], scope: Scope = "organisation") -> FoldedState | None:
    """How the phone that all of `rows` are about stands; None: no row."""
    rows = list(rows)
    if not rows:
        return None
    valid = unvoided(rows)
    outs = [row for row in valid if row.action == "out"]
    ins, doubtful = _opt_ins(valid)
    reopening = _reopening(outs, ins, scope)
    if outs and not reopening:
        unanswered = [out for out in outs if not any(_undoes(opt_in, out, scope) for opt_in in ins)]
        own = outs if scope == "organisation" else unanswered
        ending = [opt_in for opt_in in doubtful if _would_reopen(opt_in, own, scope)]
        return _folded("out", _first(unanswered or outs), ending)
    enders = [*ins, *outs, *(row for row in valid if row.action == "release")]
    held = [row for row in valid if row.action == "hold" and not any(later(ender, row) for ender in enders)]
    if held:
        return _folded("hold", _first(held), [opt_in for opt_in in doubtful if any(later(opt_in, row) for row in held)])
    releases = [*ins, *(row for row in valid if row.action == "release")]
    return _folded("in", _first(reopening) if reopening else _last(releases or valid or rows))


def later(entry: Entry, other: Entry) -> bool:
    """Whether `entry` is later than `other` beyond doubt.

    Between two rows of a provider with one clock by that clock. In any other pair by both what the rows say (never
    later than their receipt) and their receipt at ingest, which never goes backwards on a node.
    """
    if (
        entry.provider == other.provider
        and entry.facts.one_clock
        and entry.occurred_at is not None
        and other.occurred_at is not None
    ):
        return entry.occurred_at > other.occurred_at
    return entry.effective_at > other.effective_at and entry.received_at > other.received_at


def unvoided(rows: Collection[Entry]) -> list[Entry]:
    """`rows` without corrections and what they void. A correction may itself be voided by a later one."""
    voided: set[int] = set()
    corrections = {row.position: row for row in rows if row.action == "correction"}
    for position in sorted(corrections, reverse=True):
        named = corrections[position].corrects
        if position not in voided and named is not None and named < position:
            voided.add(named)
    return [row for row in rows if row.action != "correction" and row.position not in voided]


def is_surely_new(opt_in: Entry) -> bool:
    """Whether nobody can have sent `opt_in` again to re-open what was closed after it was first said.

    A person decided it; or it has a time of its own, which a repeat brings along; or its provider numbers its
    deliveries, and an event id derived from such a number is in the ledger once.
    """
    if opt_in.actor.startswith(OPERATOR) or opt_in.occurred_at is not None:
        return True
    return opt_in.facts.numbers_deliveries and opt_in.event_id is not None and is_derived(opt_in.event_id)


def _opt_ins(valid: Iterable[Entry]) -> tuple[list[Entry], list[Entry]]:
    """The opt-ins that count, and those that may be repeats.

    One message told as several events, each with an id of its own, counts as it came first.
    """
    counting: dict[object, Entry] = {}
    doubtful = []
    for row in sorted((row for row in valid if row.action == "in"), key=lambda row: (row.received_at, _order(row))):
        if not is_surely_new(row):
            doubtful.append(row)
        elif row.message_id is not None and row.occurred_at is not None:
            counting.setdefault((row.provider, row.account, row.message_id, row.occurred_at), row)
        else:
            counting[row.position] = row
    return list(counting.values()), doubtful


def _would_reopen(opt_in: Entry, outs: Collection[Entry], scope: Scope) -> bool:
    """Whether `opt_in` is later than all of `outs` that it may undo, and there are such."""
    if scope == "account":
        outs = [out for out in outs if (out.provider, out.account) == (opt_in.provider, opt_in.account)]
    return bool(outs) and all(later(opt_in, out) for out in outs)


def _undoes(opt_in: Entry, out: Entry, scope: Scope) -> bool:
    same = scope == "organisation" or (opt_in.provider, opt_in.account) == (out.provider, out.account)
    return same and later(opt_in, out)


def _reopening(outs: Collection[Entry], ins: Collection[Entry], scope: Scope) -> list[Entry]:
    """The opt-ins that re-open what all of `outs` closed; none: it stays closed."""
    if scope == "organisation":
        return [opt_in for opt_in in ins if all(later(opt_in, out) for out in outs)]
    undone = all(any(_undoes(opt_in, out, scope) for opt_in in ins) for out in outs)
    return [opt_in for opt_in in ins if any(_undoes(opt_in, out, scope) for out in outs) or not outs] if undone else []


def _order(row: Entry) -> tuple[datetime, datetime, str, str]:
    """Any two rows that say different things differ in this, whatever their places in the ledger."""
    return row.effective_at, row.received_at, str(row.event_id), row.actor


def _first(rows: Iterable[Entry]) -> Entry:
    return min(rows, key=_order)


def _last(rows: Iterable[Entry]) -> Entry:
    return max(rows, key=_order)


def _folded(state: State, row: Entry, doubtful: Iterable[Entry] = ()) -> FoldedState:
    return FoldedState(state, row.effective_at, row, tuple(sorted(set(doubtful), key=_order)))
