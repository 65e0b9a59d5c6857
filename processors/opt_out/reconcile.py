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
from runtime.logs import Redactor
from runtime.postgres import Connection

log = logs.logger("processors.opt_out.reconcile")

#: Seconds between two looks at whether it is time.
INTERVAL = 30.0
#: Characters that are kept of why a comparison failed.
LONGEST_REASON = 300

_redactor = Redactor()

_LAST = "SELECT done_at FROM target_rounds WHERE target = %s AND work = 'reconcile'"
_DONE = """
INSERT INTO target_rounds (target, work, done_at, result) VALUES (%s, 'reconcile', %s, %s)
ON CONFLICT (target, work) DO UPDATE SET done_at = EXCLUDED.done_at, result = EXCLUDED.result
"""
# In the row of the last comparison, which the next one that succeeds replaces.
_FAILED = """
UPDATE target_rounds SET result = result || jsonb_build_object(
    'failures', COALESCE((result ->> 'failures')::integer, 0) + 1, 'failed_at', %s::timestamptz, 'failure', %s::text)
WHERE target = %s AND work = 'reconcile'
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
    compared: dict[str, int] = field(default_factory=dict)  #: account -> phones
    lost: dict[str, list[str]] = field(default_factory=dict)  #: account -> phones that are out here and not there
    unheard: dict[str, list[str]] = field(default_factory=dict)  #: account -> phones that are out there and not here

    def counts(self) -> dict[str, int]:
        """In numbers."""
        counts = {"accounts": len(self.compared), "compared": sum(self.compared.values())}
        return counts | {
            "lost": sum(map(len, self.lost.values())),
            "unheard": sum(map(len, self.unheard.values())),
        }

    def by_account(self) -> dict[str, dict[str, int]]:
        """The same of each account."""
        return {
            account: {
                "compared": compared,
                "lost": len(self.lost.get(account, ())),
                "unheard": len(self.unheard.get(account, ())),
            }
            for account, compared in self.compared.items()
        }


def compare(database: Database, target: OptOutTarget[Any]) -> Difference:
    """Ask `target` about every number that the ledger knows. Raises RetryLater and its kinds, and Rejected."""
    found = Difference(target.name)
    with database.transaction() as connection:
        accounts = [slug for (slug,) in connection.execute(_ACCOUNTS, (target.name,))]
    for account in accounts:
        found.compared[account] = 0
        for states in _batches(database, target.batch()):
            out_there = target.out_of(account, list(states))
            lost = [phone for phone, state in states.items() if state == "out" and phone not in out_there]
            unheard = [phone for phone, state in states.items() if state != "out" and phone in out_there]
            with database.transaction() as connection:
                lost = _without(connection, target.name, account, lost, ["pending"])
                unheard = _without(connection, target.name, account, unheard, ["pending", "done", "cancelled"])
            found.compared[account] += len(states)
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
    result = found.counts() | {"by_account": found.by_account()}
    connection.execute(_DONE, (found.target, now, json.dumps(result)))
    metrics.RECONCILED.labels(found.target).inc(found.counts()["lost"])
    metrics.RECONCILED_AT.labels(found.target).set(now.timestamp())


def note_failure(connection: Connection, target: str, error: Exception, now: datetime) -> None:
    """Write down that a comparison came to no end, and why, without personal data."""
    connection.execute(_FAILED, (now, _redactor.text(str(error))[:LONGEST_REASON], target))


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
            with database.transaction() as connection:
                note_failure(connection, self._target.name, error, self._now())
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
