"""Walking the chain: every row's hash, its link to the one before, its phone and its evidence.

A row of chain version 1 whose phone is gone cannot be hashed any more: a migration vouches for it (`phone_join.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from processors.opt_out.chain import READABLE, chain_fault
from processors.opt_out.entry import COLUMNS, GENESIS, Entry, Evidence, entry
from processors.opt_out.phone_digests import PhoneDigest, PhonePeppers, erased_digest
from runtime.postgres import Connection

#: Rows read at once.
BATCH = 2000

_ROWS = f"""
SELECT {", ".join(f"l.{column}" for column in COLUMNS)}, j.phone_pepper, j.phone_digest
FROM opt_out_ledger AS l LEFT JOIN opt_out_joined_phones AS j USING (position)
WHERE (%(after)s::bigint IS NULL OR l.position > %(after)s) AND {READABLE} ORDER BY l.position LIMIT %(limit)s
"""  # noqa: S608 - our columns
_UNREADABLE = f"SELECT min(position) FROM opt_out_ledger AS l WHERE NOT ({READABLE})"  # noqa: S608 - as above
_EVIDENCE = "SELECT digest, salt, text, name FROM opt_out_evidence WHERE digest = ANY (%s)"
#: Links of two texts to one number, each with the first row of the ledger about either.
_LINKS = """
SELECT r.phone, r.erased_phone, coalesce(min(l.position), 0) FROM erased_returns AS r
LEFT JOIN opt_out_ledger AS l ON l.phone IN (r.phone, r.erased_phone) GROUP BY r.phone, r.erased_phone ORDER BY 3
"""
NO_HEADS: Mapping[int, Collection[str]] = MappingProxyType({})
NO_PEPPERS = PhonePeppers()
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
    phones: int = 0  #: rows whose phone is the one that the chain has a digest of
    phones_erased: int = 0  #: rows whose phone is no longer there
    phones_unchecked: int = 0  #: rows with a digest whose key is not known here
    links: int = 0  #: numbers that were erased and came back, whose old and new rows are of one number
    links_unchecked: int = 0  #: those by a digest whose key is not known here


#: By position, the hash that the row there had when its head was published. Two hashes for one position: no chain can
#: have both.
Heads = Mapping[int, Collection[str]]


def verify(
    connection: Connection,
    seen: Callable[[int], None] = lambda _rows: None,
    heads: Heads = NO_HEADS,
    peppers: PhonePeppers = NO_PEPPERS,
) -> ChainVerdict:
    """Walk from the lowest position to the highest, or to the first row that is broken. `seen` hears of progress.

    With `heads`, the chain also has to hold each row that a head was published of, as it was then. With `peppers`, each
    phone has to be the one that the chain has a digest of; without, the chain is verified all the same.
    """
    position, previous, rows = 0, GENESIS, 0
    counts: Counter[str] = Counter()
    phones = _Phones(peppers, counts)

    def verdict(broken: int | None = None, reason: str | None = None) -> ChainVerdict:
        return ChainVerdict(rows, previous, broken, reason, **counts)

    [(unreadable,)] = connection.execute(_UNREADABLE).fetchall()
    for batch in _batches(connection):
        evidence = _evidence(connection, [row for row, _ in batch])
        for row, joined in batch:
            if unreadable is not None and row.position > unreadable:
                return verdict(unreadable, _NO_TIMES)
            found_evidence = evidence.get(row.evidence_digest or "")
            reason = (
                _broken(row, position + 1, previous, found_evidence, is_vouched_for=phones.is_erased(row, joined))
                or _unlike(row, heads)
                or phones.fault(row, joined)
            )
            if reason is not None:
                return verdict(row.position, reason)
            position, previous, rows = row.position, row.hash, rows + 1
            counts["evidence"] += found_evidence is not None
            counts["erased"] += row.evidence_digest is not None and found_evidence is None
        seen(len(batch))
    if unreadable is None and (newest := max(heads, default=0)) > position:
        return verdict(position + 1, f"the rows from here to {newest}, whose head is known, are missing")
    if unreadable is None and (unvouched := phones.unvouched) is not None:
        return verdict(unvouched, "it is not what was written")
    if unreadable is None and (linked := _wrongly_linked(connection, peppers, counts)) is not None:
        return verdict(linked, "erased_returns links its phone to the digest of another number")
    return verdict(unreadable, None if unreadable is None else _NO_TIMES)


class _Phones:
    """Looks at each row's phone, in the order of the chain."""

    def __init__(self, peppers: PhonePeppers, counts: Counter[str]) -> None:
        self._peppers = peppers
        self._counts = counts
        self._link = GENESIS  #: of the rows that the next migration joins
        self.unvouched: int | None = None  #: the first of them whose phone is gone, so that only its link proves it

    def is_erased(self, row: Entry, joined: PhoneDigest | None) -> bool:
        """Whether `row` is one of version 1 whose phone is gone, and which has a digest."""
        is_gone = row.phone == "" or erased_digest(row.phone) is not None
        return row.chain_version == 1 and is_gone and joined is not None and row.hashed() != row.hash

    def fault(self, row: Entry, joined: PhoneDigest | None) -> str | None:
        """What is wrong with the phone of `row`, or with the rows that it joins."""
        if row.action == "migration":
            expected, self._link = self._link, GENESIS
            self.unvouched = None
            return None if row.event_hash == expected else "the rows that it joins are not what they were"
        if row.chain_version == 1 and joined is not None:
            if self.unvouched is None and self.is_erased(row, joined):
                self.unvouched = row.position
            self._link = row.joined(self._link, joined)
        digest = row.known_digest or joined
        if digest is None:
            return None
        fits = self._peppers.is_of(row.phone, digest)
        if not fits and (row.phone == "" or (fits is None and erased_digest(row.phone) is not None)):
            self._counts["phones_erased"] += 1
        elif fits is None:
            self._counts["phones_unchecked"] += 1
        elif not fits:
            return "its phone is not the one that was written"
        else:
            self._counts["phones"] += 1
        return None


def _wrongly_linked(connection: Connection, peppers: PhonePeppers, counts: Counter[str]) -> int | None:
    """The first row of a phone that is taken for an erased number which it is not; None: there is none."""
    for phone, erased, position in connection.execute(_LINKS).fetchall():
        digest = erased_digest(erased)
        fits = None if digest is None else peppers.is_of(phone, digest)  # None: no digest, so no row has it either
        if fits is False:
            return int(position)
        counts["links" if fits else "links_unchecked"] += 1
    return None


def _broken(
    row: Entry,
    expected: int,
    previous: str,
    found_evidence: tuple[bytes, Evidence] | None,
    *,
    is_vouched_for: bool,
) -> str | None:
    if row.position > expected:
        return f"row {expected} is missing"
    if (fault := chain_fault(row, previous, is_vouched_for=is_vouched_for)) is not None:
        return fault
    if found_evidence is not None and found_evidence[1].digest(found_evidence[0]) != row.evidence_digest:
        return "its evidence is not what was written"
    return None


def _unlike(row: Entry, heads: Heads) -> str | None:
    hashes = heads.get(row.position)
    if hashes is None or set(hashes) == {row.hash}:
        return None
    return "the head that is known of it has another hash: it, or a row before it, was written anew"


def _batches(connection: Connection) -> Iterator[list[tuple[Entry, PhoneDigest | None]]]:
    """Every row with the digest that was written beside it, if any."""
    after: int | None = None
    while batch := [
        (entry(tuple(columns)), None if digest is None else PhoneDigest(pepper, digest))
        for *columns, pepper, digest in connection.execute(_ROWS, {"after": after, "limit": BATCH})
    ]:
        yield batch
        after = batch[-1][0].position


def _evidence(connection: Connection, batch: list[Entry]) -> dict[str, tuple[bytes, Evidence]]:
    digests = [row.evidence_digest for row in batch if row.evidence_digest is not None]
    found = connection.execute(_EVIDENCE, (digests,))
    return {digest: (bytes(salt), Evidence(text=text, name=name)) for digest, salt, text, name in found}
