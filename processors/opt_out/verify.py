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
class ChainVerdict:
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
) -> ChainVerdict:
    """Walk from the lowest position to the highest, or to the first row that is broken. `seen` hears of progress.

    With `heads`, the chain also has to hold each row that a head was published of, as it was then.
    """
    position, previous, rows, with_evidence, erased = 0, GENESIS, 0, 0, 0
    [(unreadable,)] = connection.execute(_UNREADABLE).fetchall()
    for batch in _batches(connection):
        evidence = _evidence(connection, batch)
        for row in batch:
            if unreadable is not None and row.position > unreadable:
                return ChainVerdict(rows, previous, unreadable, _NO_TIMES, with_evidence, erased)
            found_evidence = evidence.get(row.evidence_digest or "")
            reason = _broken(row, position + 1, previous, found_evidence) or _unlike(row, heads)
            if reason is not None:
                return ChainVerdict(rows, previous, row.position, reason, with_evidence, erased)
            position, previous, rows = row.position, row.hash, rows + 1
            with_evidence += found_evidence is not None
            erased += row.evidence_digest is not None and found_evidence is None
        seen(len(batch))
    if unreadable is None and (newest := max(heads, default=0)) > position:
        reason = f"the rows from here to {newest}, whose head is known, are missing"
        return ChainVerdict(rows, previous, position + 1, reason, with_evidence, erased)
    reason = None if unreadable is None else _NO_TIMES
    return ChainVerdict(rows, previous, unreadable, reason, with_evidence, erased)


def _broken(row: Entry, expected: int, previous: str, found_evidence: tuple[bytes, Evidence] | None) -> str | None:
    if row.position > expected:
        return f"row {expected} is missing"
    if (fault := chain_fault(row, previous)) is not None:
        return fault
    if found_evidence is not None and found_evidence[1].digest(found_evidence[0]) != row.evidence_digest:
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
    digests = [row.evidence_digest for row in batch if row.evidence_digest is not None]
    found = connection.execute(_EVIDENCE, (digests,))
    return {digest: (bytes(salt), Evidence(text=text, name=name)) for digest, salt, text, name in found}
