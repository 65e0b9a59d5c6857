"""What makes a row of the ledger part of the chain: checked by whoever walks it, and by whoever relies on a row."""

from __future__ import annotations

from processors.opt_out.entry import GENESIS, Entry

#: SQL: the times of a row are such as every reader can hold. The database takes no others, and did before.
READABLE = " AND ".join(
    f"COALESCE(l.{column} BETWEEN '0001-01-02Z' AND '9999-12-30Z', true)"
    for column in ("effective_at", "received_at", "decided_at", "occurred_at", "deadline")
)


def chain_fault(row: Entry, previous_hash: str | None, *, is_vouched_for: bool = False) -> str | None:
    """Why `row` cannot follow the row whose hash is `previous_hash` (None: there is no row before it); None: it can.

    `is_vouched_for`: its own hash cannot be made any more, and a migration proves the row instead.
    """
    if row.position < 1:
        return "its position is below 1, where no row is ever written"
    expected = GENESIS if row.position == 1 else previous_hash
    if expected is None:
        return f"row {row.position - 1} is missing"
    if row.previous_hash != expected:
        return "it does not follow the row before it"
    if not is_vouched_for and row.hashed() != row.hash:
        return "it is not what was written"
    return None
