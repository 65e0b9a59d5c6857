"""`opt_outs`: the fold of the ledger, kept beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from processors.opt_out.chain import READABLE, chain_fault
from processors.opt_out.entry import COLUMNS, SELECTED, Entry, entry
from processors.opt_out.fold import FoldedState, Scope, fold
from processors.opt_out.provider_facts import provider_facts
from runtime.postgres import Connection

_ROWS = f"SELECT {SELECTED} FROM opt_out_ledger WHERE phone = ANY (%s) ORDER BY position"  # noqa: S608 - our columns
#: A number that was erased and came back has rows under two phones or more, and each of them all of the rows. A row of
#: chain version 1 whose phone was erased cannot be hashed any more: its digest vouches for it, as `verify` checks.
_COUNTING = """
SELECT {columns}, previous.hash, asked.phone,
    coalesce(l.phone = format('erased:%%s:%%s', j.phone_pepper, j.phone_digest), false)
FROM (SELECT phone, unnest(opt_out_phones_of(phone)) AS kept_as FROM {phones} AS of (phone)) AS asked
JOIN opt_out_ledger AS l ON l.phone = asked.kept_as
LEFT JOIN opt_out_ledger AS previous ON previous.position = l.position - 1
LEFT JOIN opt_out_joined_phones AS j ON j.position = l.position AND l.chain_version = 1
WHERE l.position >= 1 AND l.action <> 'migration' AND {readable} ORDER BY l.position
"""
#: The phones themselves, and those under which the ledger has the same numbers.
_ALL_PHONES = (
    "(SELECT DISTINCT kept_as FROM unnest(%s::text[]) AS of (phone), unnest(opt_out_phones_of(phone)) AS kept_as)"
)
_COUNTING_OF, _COUNTING_OF_ALL = (
    _COUNTING.format(columns=", ".join(f"l.{column}" for column in COLUMNS), phones=phones, readable=READABLE)
    for phones in ("unnest(%s::text[])", _ALL_PHONES)
)
_PHONES = "SELECT DISTINCT phone FROM opt_out_ledger WHERE position >= 1 AND action <> 'migration'"
_WRITE = """
INSERT INTO opt_outs AS o (phone, state, since, reason, position, last_position, provider, account, updated_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (phone) DO UPDATE SET state = EXCLUDED.state, since = EXCLUDED.since, reason = EXCLUDED.reason,
    position = EXCLUDED.position, last_position = EXCLUDED.last_position, provider = EXCLUDED.provider,
    account = EXCLUDED.account, updated_at = EXCLUDED.updated_at
"""
#: What two makings of the table are compared by.
_COMPARED = "phone, state, since, reason, position, last_position, provider, account"


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What making `opt_outs` anew came to."""

    phones: int
    differing: list[str]  #: phones whose row was missing, wrong, or of nobody that the ledger knows


def entries_of(connection: Connection, phones: Iterable[str]) -> dict[str, list[Entry]]:
    """Every row of the ledger about each of `phones`, in order."""
    found: dict[str, list[Entry]] = {}
    facts = provider_facts(connection)
    for row in connection.execute(_ROWS, (sorted(set(phones)),)):
        row_entry = entry(row, facts)
        found.setdefault(row_entry.phone, []).append(row_entry)
    return found


def counting_entries_of(
    connection: Connection, phones: Iterable[str], *, of_same_numbers: bool = False
) -> dict[str, list[Entry]]:
    """The rows about each of `phones` that the fold counts: those that are part of the chain.

    `of_same_numbers`: also for each other phone under which the ledger has one of these numbers.

    A row that was changed after it was written, or does not follow the row before it, opens nothing: an opt-in, a
    release or a correction counts for nothing then. A stop or a hold counts all the same: it may have been genuine.
    So it is with all rows about a phone that has two digests by one key: some of them were another's.
    """
    found: dict[str, list[Entry]] = {}
    digests: dict[tuple[str, str], set[str]] = {}
    facts = provider_facts(connection)
    statement = _COUNTING_OF_ALL if of_same_numbers else _COUNTING_OF
    for *columns, previous_hash, phone, is_vouched_for in connection.execute(statement, (sorted(set(phones)),)):
        row = entry(tuple(columns), facts)
        is_chained = chain_fault(row, previous_hash, is_vouched_for=is_vouched_for) is None
        if row.action in ("out", "hold") or is_chained:
            found.setdefault(phone, []).append(row)
            if (digest := row.known_digest) is not None:
                digests.setdefault((row.phone, digest.pepper), set()).add(digest.digest)
    for phone in {phone for (phone, _), known in digests.items() if len(known) > 1}:
        found[phone] = [row for row in found[phone] if row.action in ("out", "hold")]
    return found


def refold(connection: Connection, phones: Iterable[str], scope: Scope, now: datetime) -> Mapping[str, FoldedState]:
    """Write how each of `phones` stands; the ledger is locked by the caller.

    So do the phones under which the ledger has the same number, where it was erased in between.
    """
    folded_states: dict[str, FoldedState] = {}
    rows = []
    for phone, entries in sorted(counting_entries_of(connection, phones, of_same_numbers=True).items()):
        folded_state = fold(entries, scope)
        if folded_state is not None:
            folded_states[phone] = folded_state
            rows.append((*_row(phone, folded_state, entries), now))
    with connection.cursor() as cursor:
        cursor.executemany(_WRITE, rows)
    return folded_states


def rebuild(connection: Connection, scope: Scope, now: datetime, *, write: bool) -> Rebuilt:
    """Make the whole table anew from the ledger, which the caller has locked; what was not as it ought to be."""
    stored = {row[0]: row for row in connection.execute(f"SELECT {_COMPARED} FROM opt_outs")}  # noqa: S608
    phones = [phone for (phone,) in connection.execute(_PHONES)]
    differing: list[str] = []
    for start in range(0, len(phones), 1000):
        for phone, entries in counting_entries_of(connection, phones[start : start + 1000]).items():
            folded_state = fold(entries, scope)
            if folded_state is not None and stored.pop(phone, None) != _row(phone, folded_state, entries):
                differing.append(phone)
    strangers = list(stored)
    if write:
        connection.execute("DELETE FROM opt_outs WHERE phone = ANY (%s)", (strangers,))
        refold(connection, differing, scope, now)
    return Rebuilt(len(phones), sorted(differing + strangers))


def _row(phone: str, folded_state: FoldedState, entries: list[Entry]) -> tuple[object, ...]:
    by = folded_state.entry
    last = entries[-1].position
    return phone, folded_state.state, folded_state.since, by.why, by.position, last, by.provider, by.account
