"""What the last comparison of the ledger with each target found, from what `processors/opt_out/reconcile.py` keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from runtime.postgres import Connection

_ROUNDS = "SELECT target, work, done_at, result FROM target_rounds ORDER BY target, work"
# By the index of calls that are not done.
_CALLS = """
SELECT target, account, status, count(*) FROM enforcements WHERE status IN ('pending', 'failed', 'parked')
GROUP BY target, account, status
"""
_ACCOUNTS = "SELECT target, account FROM target_accounts ORDER BY target, account"


@dataclass(frozen=True, slots=True)
class ComparedPhones:
    """What was compared, in pairs of a phone and an account. None: the round that is stored does not tell."""

    compared: int | None
    told_again: int | None  #: out in the ledger and not at the target: calls were ordered
    written_down: int | None  #: out at the target, which had not told us: opted out in the ledger

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> ComparedPhones:
        """From the JSON of a round."""
        return cls(*(_number(stored.get(name)) for name in ("compared", "lost", "unheard")))

    @property
    def agreed(self) -> int | None:
        """Where both said the same, or a call was under way."""
        if self.compared is None:
            return None
        return self.compared - (self.told_again or 0) - (self.written_down or 0)


@dataclass(frozen=True, slots=True)
class AccountRound:
    """One account of a target: what the comparison found, and the calls that are not done there now."""

    target: str
    account: str
    phones: ComparedPhones
    pending: int
    failed: int
    parked: int


@dataclass(frozen=True, slots=True)
class TargetRound:
    """The last comparison with a target that came to an end, and what failed since."""

    target: str
    compared_at: datetime | None  #: None: none has been made
    accounts_read_at: datetime | None
    accounts: int | None
    phones: ComparedPhones
    failures: int  #: comparisons since then that came to no end
    failed_at: datetime | None
    failure: str  #: why the last of them did not, redacted

    @property
    def state(self) -> str:
        """failed, waiting, repaired or ok."""
        if self.failures:
            return "failed"
        if self.phones.compared is None:
            return "waiting"
        return "repaired" if self.phones.told_again or self.phones.written_down else "ok"


def target_rounds(connection: Connection) -> list[TargetRound]:
    """By target. Raises psycopg.Error."""
    stored: dict[str, dict[str, tuple[datetime, Mapping[str, Any]]]] = {}
    for target, work, done_at, result in connection.execute(_ROUNDS):
        stored.setdefault(target, {})[work] = (done_at, result)
    return [_round(target, works) for target, works in stored.items()]


def account_rounds(connection: Connection) -> list[AccountRound]:
    """By target and account: those that a comparison knew, that the target has, or that calls wait at."""
    calls: dict[tuple[str, str], dict[str, int]] = {}
    for target, account, status, count in connection.execute(_CALLS):
        calls.setdefault((target, account), {})[status] = count
    found = {
        (target, account): phones
        for target, work, _, result in connection.execute(_ROUNDS)
        if work == "reconcile"
        for account, phones in (result.get("by_account") or {}).items()
    }
    known = {(target, account) for target, account in connection.execute(_ACCOUNTS)}
    return [
        AccountRound(
            target=key[0],
            account=key[1],
            phones=ComparedPhones.read(found.get(key, {})),
            **{status: calls.get(key, {}).get(status, 0) for status in ("pending", "failed", "parked")},
        )
        for key in sorted(known | set(found) | set(calls))
    ]


def _round(target: str, works: Mapping[str, tuple[datetime, Mapping[str, Any]]]) -> TargetRound:
    compared_at, result = works.get("reconcile", (None, {}))
    read_at, accounts = works.get("accounts", (None, {}))
    phones = ComparedPhones.read(result)
    failed_at = result.get("failed_at")
    return TargetRound(
        target=target,
        # The row is made with the first look, a whole interval before the first comparison.
        compared_at=None if phones.compared is None else compared_at,
        accounts_read_at=read_at,
        accounts=_number(accounts.get("accounts")),
        phones=phones,
        failures=_number(result.get("failures")) or 0,
        failed_at=None if failed_at is None else datetime.fromisoformat(failed_at),
        failure=str(result.get("failure") or ""),
    )


def _number(value: object) -> int | None:
    return value if isinstance(value, int) else None
