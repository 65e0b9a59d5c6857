"""Walking the chain: every row's hash, its link to the one before, and its evidence."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from processors.opt_out.chain import READABLE, chain_fault
from processors.opt_out.entry import GENESIS, SELECTED, Entry, Evidence, entry
from runtime.postgres import Connection

#: Rows read at once.
BATCH = 2000

_ROWS = f"""
SELECT {SELECTED} FROM opt_out_ledger AS l
WHERE (%(after)s::bigint IS NULL OR l.position > %(after)s) AND {READABLE} ORDER BY l.position LIMIT %(limit)s
"""  # noqa: S608 - our columns
_UNREADABLE = f"SELECT min(position) FROM opt_out_ledger AS l WHERE NOT ({READABLE})"  # noqa: S608 - as above
_EVIDENCE = "SELECT digest, salt, text, name FROM opt_out_evidence WHERE digest = ANY (%s)"
NO_HEADS: Mapping[int, Collection[str]] = MappingProxyType({})
_NO_TIMES = "its times are none that can be read"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What walking the chain came to."""

    rows: int  #: that are as they were written
    head: str  #: the hash of the last of them
    broken: int | None = None  #: the position of the first row that is not
    reason: str | None = None
    evidence: int = 0  #: rows whose evidence is there and is what was decided from
    erased: int = 0  #: rows whose evidence is no longer there


#: By position, the hash that the row there had when its head was published. Two hashes for one position: no chain can
#: have both.
Heads = Mapping[int, Collection[str]]


def verify(
    connection: Connection, seen: Callable[[int], None] = lambda _rows: None, heads: Heads = NO_HEADS
) -> Verdict:
    """Walk from the lowest position to the highest, or to the first row that is broken. `seen` hears of progress.

    With `heads`, the chain also has to hold each row that a head was published of, as it was then.
    """
    position, previous, rows, with_evidence, erased = 0, GENESIS, 0, 0, 0
    [(unreadable,)] = connection.execute(_UNREADABLE).fetchall()
    for batch in _batches(connection):
        evidence = _evidence(connection, batch)
        for one in batch:
            if unreadable is not None and one.position > unreadable:
                return Verdict(rows, previous, unreadable, _NO_TIMES, with_evidence, erased)
            kept = evidence.get(one.evidence_digest or "")
            reason = _broken(one, position + 1, previous, kept) or _unlike(one, heads)
            if reason is not None:
                return Verdict(rows, previous, one.position, reason, with_evidence, erased)
            position, previous, rows = one.position, one.hash, rows + 1
            with_evidence += kept is not None
            erased += one.evidence_digest is not None and kept is None
        seen(len(batch))
    if unreadable is None and (newest := max(heads, default=0)) > position:
        reason = f"the rows from here to {newest}, whose head is known, are missing"
        return Verdict(rows, previous, position + 1, reason, with_evidence, erased)
    reason = None if unreadable is None else _NO_TIMES
    return Verdict(rows, previous, unreadable, reason, with_evidence, erased)


def _broken(one: Entry, expected: int, previous: str, kept: tuple[bytes, Evidence] | None) -> str | None:
    if one.position > expected:
        return f"row {expected} is missing"
    if (fault := chain_fault(one, previous)) is not None:
        return fault
    if kept is not None and kept[1].digest(kept[0]) != one.evidence_digest:
        return "its evidence is not what was written"
    return None


def _unlike(row: Entry, heads: Heads) -> str | None:
    hashes = heads.get(row.position)
    if hashes is None or set(hashes) == {row.hash}:
        return None
    return "the head that is known of it has another hash: it, or a row before it, was written anew"


def _batches(connection: Connection) -> Iterator[list[Entry]]:
    after: int | None = None
    while batch := [entry(row) for row in connection.execute(_ROWS, {"after": after, "limit": BATCH})]:
        yield batch
        after = batch[-1].position


def _evidence(connection: Connection, batch: list[Entry]) -> dict[str, tuple[bytes, Evidence]]:
    digests = [one.evidence_digest for one in batch if one.evidence_digest is not None]
    found = connection.execute(_EVIDENCE, (digests,))
    return {digest: (bytes(salt), Evidence(text=text, name=name)) for digest, salt, text, name in found}
