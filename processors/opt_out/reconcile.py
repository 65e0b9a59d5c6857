"""Comparing with a target what it and the ledger say, and repairing towards out: never the other way."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from processors.engine.database import Database
from processors.opt_out import enforcement
from processors.opt_out.entry import EntryDraft
from processors.opt_out.ledger import Ledger, lock, utc_now
from processors.opt_out.target import OptOutTarget
from processors.outbox.errors import Rejected, RetryLater
from processors.outbox.rate_limiter import LimiterStopped
from runtime import logs, metrics
from runtime.postgres import Connection

log = logs.logger("processors.opt_out.reconcile")

#: Seconds between two looks at whether it is time.
INTERVAL = 30.0

_LAST = "SELECT done_at FROM target_rounds WHERE target = %s AND work = 'reconcile'"
_DONE = """
INSERT INTO target_rounds (target, work, done_at, result) VALUES (%s, 'reconcile', %s, %s)
ON CONFLICT (target, work) DO UPDATE SET done_at = EXCLUDED.done_at, result = EXCLUDED.result
"""
_ACCOUNTS = "SELECT account FROM target_accounts WHERE target = %s ORDER BY account"
_PHONES = (
    "SELECT phone, state FROM opt_outs WHERE phone > %s AND phone ~ '^\\+[1-9][0-9]{6,14}$' ORDER BY phone LIMIT %s"
)
#: Calls that are still to be made, and, of numbers that are in again, those that we made ourselves.
_OURS = "SELECT phone FROM enforcements WHERE target = %s AND account = %s AND phone = ANY (%s) AND status = ANY (%s)"


@dataclass(slots=True)
class Difference:
    """What one target says otherwise than the ledger."""

    target: str
    accounts: int = 0
    compared: int = 0  #: pairs of phone and account
    lost: dict[str, list[str]] = field(default_factory=dict)  #: account -> phones that are out here and not there
    unheard: dict[str, list[str]] = field(default_factory=dict)  #: account -> phones that are out there and not here

    def counts(self) -> dict[str, int]:
        """In numbers."""
        counts = {"accounts": self.accounts, "compared": self.compared}
        return counts | {
            "lost": sum(map(len, self.lost.values())),
            "unheard": sum(map(len, self.unheard.values())),
        }


def compare(database: Database, target: OptOutTarget[Any]) -> Difference:
    """Ask `target` about every number that the ledger knows. Raises RetryLater and its kinds, and Rejected."""
    found = Difference(target.name)
    with database.transaction() as connection:
        accounts = [slug for (slug,) in connection.execute(_ACCOUNTS, (target.name,))]
    found.accounts = len(accounts)
    for account in accounts:
        for states in _batches(database, target.batch()):
            out_there = target.out_of(account, list(states))
            lost = [phone for phone, state in states.items() if state == "out" and phone not in out_there]
            unheard = [phone for phone, state in states.items() if state != "out" and phone in out_there]
            with database.transaction() as connection:
                lost = _without(connection, target.name, account, lost, ["pending"])
                unheard = _without(connection, target.name, account, unheard, ["pending", "done", "cancelled"])
            found.compared += len(states)
            found.lost.setdefault(account, []).extend(lost)
            found.unheard.setdefault(account, []).extend(unheard)
    return found


def repair(connection: Connection, ledger: Ledger, found: Difference, now: datetime) -> None:
    """Order calls for what the target has lost, and write down what it never told us."""
    drafts = [
        EntryDraft(
            phone=phone,
            action="out",
            actor="reconcile",
            reason=f"{found.target} has it out, and never told us",
            provider=found.target,
            account=account,
        )
        for account, phones in found.unheard.items()
        for phone in phones
    ]
    lock(connection)
    ledger.append(connection, drafts)
    for account, phones in found.lost.items():
        if phones:
            detail = f"{found.target} had lost it"
            enforcement.cover(connection, found.target, account, now, detail=detail, phones=phones)
    connection.execute(_DONE, (found.target, now, json.dumps(found.counts())))
    metrics.RECONCILED.labels(found.target).inc(found.counts()["lost"])
    metrics.RECONCILED_AT.labels(found.target).set(now.timestamp())


class OptOutReconciler:
    """Compares and repairs by itself, once in a while."""

    def __init__(
        self, target: OptOutTarget[Any], ledger: Ledger, *, every: timedelta, now: Callable[[], datetime] = utc_now
    ) -> None:
        self._target = target
        self._ledger = ledger
        self._every = every
        self._now = now

    def __call__(self, database: Database) -> float:
        """Compare, if it is time; seconds until the next look."""
        with database.transaction() as connection:
            last = connection.execute(_LAST, (self._target.name,)).fetchone()
            if last is None:  # nothing has been enforced yet: the first comparison is a whole interval away
                connection.execute(_DONE, (self._target.name, self._now(), json.dumps({})))
                return INTERVAL
        metrics.RECONCILED_AT.labels(self._target.name).set(last[0].timestamp())
        if self._now() - last[0] < self._every:
            return INTERVAL
        try:
            found = compare(database, self._target)
        except (RetryLater, Rejected) as error:
            log.warning("not_reconciled", target=self._target.name, reason=str(error))
            return max(INTERVAL, getattr(error, "retry_after", None) or 0.0)
        except LimiterStopped:
            return 0.0
        with database.transaction() as connection:
            repair(connection, self._ledger, found, self._now())
        log.info("reconciled", target=self._target.name, **found.counts())
        return INTERVAL


def _batches(database: Database, size: int) -> Iterator[dict[str, str]]:
    after = ""
    while True:
        with database.transaction() as connection:
            states = dict(connection.execute(_PHONES, (after, size)).fetchall())
        if not states:
            return
        yield states
        after = max(states)


def _without(connection: Connection, target: str, account: str, phones: list[str], statuses: list[str]) -> list[str]:
    ours = {phone for (phone,) in connection.execute(_OURS, (target, account, phones, statuses))}
    return [phone for phone in phones if phone not in ours]
