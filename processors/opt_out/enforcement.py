"""`enforcements`: which calls have to be made for an opt-out, and which of them no longer.

Rows are made and cancelled by whoever holds the ledger's lock, in the ledger's transaction. Working them off is
enforcement_queue.py's business.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from processors.opt_out.entry import Entry, EntryDraft
from processors.opt_out.fold import FoldedState
from processors.opt_out.phone_digests import erased_digest
from processors.opt_out.target import target_names
from runtime.postgres import Connection

#: A number that a target can be told: E.164.
_E164 = re.compile(r"\+[1-9]\d{6,14}")
#: How far the clocks of a provider and of ours may differ when an echo is told from an opt-out of its own.
CLOCK_DIFFERENCE = timedelta(minutes=2)
_FOREVER = datetime.max.replace(tzinfo=UTC)

_ACCOUNTS = "SELECT target, account FROM target_accounts ORDER BY target, account"
_INSERT = """
INSERT INTO enforcements (phone, target, account, position, status, detail, deadline, next_attempt_at, done_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""
#: Calls that were made, or are to be made, after somebody said stop hold whatever was said before.
_COVERED = """
SELECT phone, target, account, bool_or(status = 'pending'), max(done_at) FROM enforcements
WHERE phone = ANY (%s) AND status IN ('pending', 'done') GROUP BY phone, target, account
"""
# Rows are locked in order of their ids here and in enforcement_queue.sql, so that there is no deadlock.
_REPORTED = """
WITH reported AS (
    SELECT e.id, r.done_at FROM enforcements AS e
    JOIN unnest(%s::text[], %s::text[], %s::text[], %s::timestamptz[]) AS r (phone, target, account, done_at)
        USING (phone, target, account)
    WHERE e.status = 'pending' ORDER BY e.id FOR UPDATE OF e
)
UPDATE enforcements AS e SET status = 'done', detail = %s, done_at = reported.done_at
FROM reported WHERE e.id = reported.id AND e.status = 'pending'
"""
_TOLD_BY_PROVIDER = "told us so itself"
_SETTLE = """
WITH changing AS (
    SELECT e.id, s.is_out FROM enforcements AS e
    JOIN unnest(%s::text[], %s::boolean[]) AS s (phone, is_out) USING (phone)
    WHERE e.status = CASE WHEN s.is_out THEN 'cancelled' ELSE 'pending' END
        AND e.detail IS DISTINCT FROM 'the account is gone'
    ORDER BY e.id FOR UPDATE OF e
)
UPDATE enforcements AS e SET status = CASE WHEN changing.is_out THEN 'pending' ELSE 'cancelled' END,
    detail = CASE WHEN changing.is_out THEN NULL ELSE 'no longer out' END, next_attempt_at = %s, leased_until = NULL
FROM changing WHERE e.id = changing.id
"""
_ECHO = """
SELECT e.phone, e.account, min(e.first_attempt_at) FROM enforcements AS e JOIN opt_outs AS o USING (phone)
WHERE e.phone = ANY (%s) AND e.target = %s AND e.attempts > 0 AND e.status <> 'cancelled' AND o.state = 'out'
GROUP BY e.phone, e.account
"""
_COVER = """
INSERT INTO enforcements (phone, target, account, position, status, detail, deadline, next_attempt_at)
SELECT o.phone, %(target)s, %(account)s, o.position,
    CASE WHEN o.phone ~ '^\\+[1-9][0-9]{6,14}$' THEN 'pending' ELSE 'parked' END, %(detail)s,
    COALESCE(l.deadline, %(now)s), %(now)s
FROM opt_outs AS o JOIN opt_out_ledger AS l ON l.position = o.position
WHERE o.state = 'out' AND NOT starts_with(o.phone, 'erased:')
    AND (%(phones)s::text[] IS NULL OR o.phone = ANY (%(phones)s))
ON CONFLICT (phone, target, account, position) DO UPDATE SET status = EXCLUDED.status, detail = EXCLUDED.detail,
    next_attempt_at = EXCLUDED.next_attempt_at, leased_until = NULL
    WHERE enforcements.status IN ('done', 'failed', 'cancelled')
"""


def echoes(connection: Connection, drafts: Sequence[EntryDraft]) -> set[int]:
    """Which of `drafts`, by `id()`, tell of an opt-out that we made there ourselves.

    Only a provider's own word for a number that is out, from an account that we have asked: if it is an opt-out of
    the person's own after all, every account has been asked for the same number, and it folds as out either way.
    """
    reported = [draft for draft in drafts if draft.actor == "provider" and draft.action == "out"]
    found: set[int] = set()
    for provider in {draft.provider for draft in reported if draft.provider in target_names()}:
        phones = sorted({draft.phone for draft in reported if draft.provider == provider})
        rows = connection.execute(_ECHO, (phones, provider)).fetchall()
        attempts = {(phone, account): first for phone, account, first in rows}
        for draft in reported:
            first = attempts.get((draft.phone, draft.account)) if draft.provider == provider else None
            reported_at = draft.occurred_at or draft.received_at
            if first is not None and reported_at is not None and reported_at >= first - CLOCK_DIFFERENCE:
                found.add(id(draft))
    return found


def follow(
    connection: Connection, entries: Sequence[Entry], folded_states: Mapping[str, FoldedState], now: datetime
) -> None:
    """Make the calls of new opt-outs, and settle those of phones that stand otherwise now."""
    # Nobody can be told of a number that was erased.
    outs = [entry for entry in entries if entry.action == "out" and not entry.echo and not erased_digest(entry.phone)]
    if outs:
        _order_calls(connection, outs, now)
    phones = [phone for phone in folded_states if not erased_digest(phone)]
    out = [folded_states[phone].state == "out" for phone in phones]
    connection.execute(_SETTLE, (phones, out, now))


def _order_calls(connection: Connection, outs: Sequence[Entry], now: datetime) -> None:
    everywhere = [(target, account) for target, account in connection.execute(_ACCOUNTS)]
    phones = sorted({entry.phone for entry in outs})
    covered: dict[tuple[str, str, str], datetime] = {}
    for phone, target, account, is_pending, done_at in connection.execute(_COVERED, (phones,)):
        covered[phone, target, account] = _FOREVER if is_pending else done_at
    rows: list[tuple[object, ...]] = []
    reported: dict[tuple[str, str, str], datetime] = {}
    for entry in outs:
        places = list(everywhere)
        own = (entry.provider, entry.account)
        if entry.provider in target_names() and entry.account and not any(place[0] == own[0] for place in places):
            places.append((str(entry.provider), entry.account))  # its accounts have never been read
        for target, account in places:
            key = (entry.phone, target, account)
            if entry.actor == "provider" and own == (target, account):
                reported.setdefault(key, entry.received_at)
                rows.append((*key, entry.position, "done", _TOLD_BY_PROVIDER, entry.deadline, now, entry.received_at))
            elif key not in covered or covered[key] < entry.received_at:
                able = _E164.fullmatch(entry.phone) is not None
                status, detail = ("pending", None) if able else ("parked", "no number that can be told")
                rows.append((*key, entry.position, status, detail, entry.deadline, now, None))
                covered[key] = _FOREVER
    if reported:
        columns = zip(*((*key, at) for key, at in reported.items()), strict=True)
        connection.execute(_REPORTED, (*map(list, columns), _TOLD_BY_PROVIDER))
    with connection.cursor() as cursor:
        cursor.executemany(_INSERT, rows)


def cover(
    connection: Connection,
    target: str,
    account: str,
    now: datetime,
    *,
    detail: str,
    phones: Sequence[str] | None = None,
) -> int:
    """Order calls for every number that is out, or those of `phones` that are, at one account; how many.

    For an account that is new, and for opt-outs that a target has lost. The ledger is locked by the caller.
    """
    values = {"target": target, "account": account, "now": now, "detail": detail, "phones": phones}
    return connection.execute(_COVER, values).rowcount
