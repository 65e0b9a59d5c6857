"""The accounts that an opt-out has to be true at: read from the target daily, and when there is reason to."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from processors.engine.database import Database
from processors.opt_out import enforcement
from processors.opt_out.ledger import lock, utc_now
from processors.opt_out.target import OptOutTarget, TargetAccount
from processors.outbox.errors import CredentialsRefused, Rejected, RetryLater
from runtime import logs, metrics
from runtime.postgres import Connection

log = logs.logger("processors.opt_out.accounts")

#: Seconds between two looks at whether there is reason.
INTERVAL = 1.0
#: An opt-out since the last reading is reason enough to read again, but not more often than this.
NOT_SOONER = timedelta(seconds=30)
#: Seconds to wait after a reading that failed.
AFTER_FAILURE = 5.0

_LAST = "SELECT done_at FROM target_rounds WHERE target = %s AND work = 'accounts'"
_OPT_OUT_SINCE = "SELECT EXISTS (SELECT FROM opt_out_ledger WHERE action = 'out' AND NOT echo AND decided_at > %s)"
_DONE = """
INSERT INTO target_rounds (target, work, done_at, result) VALUES (%s, 'accounts', %s, %s)
ON CONFLICT (target, work) DO UPDATE SET done_at = EXCLUDED.done_at, result = EXCLUDED.result
"""
_KNOWN = "SELECT account FROM target_accounts WHERE target = %s"
_WRITE = """
INSERT INTO target_accounts (target, account, name, source, seen_at) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (target, account) DO UPDATE SET name = EXCLUDED.name, source = EXCLUDED.source, seen_at = EXCLUDED.seen_at
"""
_FORGET = "DELETE FROM target_accounts WHERE target = %s AND account = ANY (%s)"
_CANCEL = """
UPDATE enforcements SET status = 'cancelled', detail = 'the account is gone'
WHERE target = %s AND account = ANY (%s) AND status IN ('pending', 'failed')
"""


class AccountsReader:
    """Keeps `target_accounts` of one target."""

    def __init__(self, target: OptOutTarget[Any], *, every: timedelta, now: Callable[[], datetime] = utc_now) -> None:
        self._target = target
        self._every = every
        self._now = now

    def __call__(self, database: Database) -> float:
        """Read the accounts, if it is time; seconds until the next look."""
        with database.transaction() as connection:
            if not self._due(connection):
                return INTERVAL
        try:
            by_hand = list(self._target.accounts_by_hand)
            accounts = by_hand or self._target.accounts()
        except CredentialsRefused as error:
            metrics.TARGET_LOCKED.labels(self._target.name).set(1)
            log.error("target_locked", target=self._target.name, reason=str(error))
            return AFTER_FAILURE
        except (RetryLater, Rejected) as error:
            log.warning("accounts_not_read", target=self._target.name, reason=str(error))
            return max(AFTER_FAILURE, getattr(error, "retry_after", None) or 0.0)
        if not accounts:
            log.error("no_accounts", target=self._target.name, effect="those known before stay")
            return AFTER_FAILURE
        with database.transaction() as connection:
            self._keep(connection, accounts, "hand" if by_hand else "api")
        return INTERVAL

    def _due(self, connection: Connection) -> bool:
        last = connection.execute(_LAST, (self._target.name,)).fetchone()
        if last is None or self._now() - last[0] >= self._every:
            return True
        if self._target.accounts_by_hand:
            known = {slug for (slug,) in connection.execute(_KNOWN, (self._target.name,))}
            return known != {account.slug for account in self._target.accounts_by_hand}
        if self._now() - last[0] < NOT_SOONER:
            return False
        return connection.execute(_OPT_OUT_SINCE, (last[0],)).fetchone() == (True,)

    def _keep(self, connection: Connection, accounts: Sequence[TargetAccount], source: str) -> None:
        name, now = self._target.name, self._now()
        lock(connection)
        known = {slug for (slug,) in connection.execute(_KNOWN, (name,))}
        there = {account.slug: account for account in accounts}
        gone = sorted(known - there.keys())
        with connection.cursor() as cursor:
            cursor.executemany(_WRITE, [(name, account.slug, account.name, source, now) for account in there.values()])
        connection.execute(_FORGET, (name, gone))
        ordered = 0
        for slug in sorted(there.keys() - known):
            ordered += enforcement.cover(connection, name, slug, now, detail="the account is new")
        # An account that opt-outs came from before its organisation was known may be none of the organisation's.
        connection.execute(_CANCEL, (name, gone + self._strangers(connection, there.keys() | known)))
        result = {"accounts": len(there), "new": len(there.keys() - known), "gone": len(gone), "ordered": ordered}
        connection.execute(_DONE, (name, now, json.dumps(result)))
        metrics.TARGET_ACCOUNTS.labels(name).set(len(there))
        log.info("accounts_read", target=name, **result)

    def _strangers(self, connection: Connection, ours: set[str]) -> list[str]:
        named = "SELECT DISTINCT account FROM enforcements WHERE target = %s AND status IN ('pending', 'failed')"
        return sorted({slug for (slug,) in connection.execute(named, (self._target.name,))} - ours)
