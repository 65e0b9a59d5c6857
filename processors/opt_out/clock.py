"""The clock of holds: what nobody decided in time becomes an opt-out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from processors.engine.database import Database
from processors.opt_out import reviews
from processors.opt_out.entry import EntryDraft
from processors.opt_out.ledger import Ledger, lock, utc_now
from runtime import logs, metrics

log = logs.logger("processors.opt_out.clock")

#: Seconds between two looks.
INTERVAL = 1.0


class HoldClock:
    """Looks for holds whose time is up."""

    def __init__(self, ledger: Ledger, now: Callable[[], datetime] = utc_now) -> None:
        self._ledger = ledger
        self._now = now

    def __call__(self, database: Database) -> float:
        """Make an opt-out of every hold that is due; seconds until the next look."""
        now = self._now()
        with database.transaction() as connection:
            if not reviews.due(connection, now, limit=1):
                return INTERVAL
        with database.transaction() as connection:
            lock(connection)  # before the second look: somebody may be deciding at this very moment
            overdue = reviews.due(connection, now)
            drafts = [
                EntryDraft(
                    phone=review.phone,
                    action="out",
                    actor="clock",
                    reason=f"nobody decided the hold of row {review.position} in time",
                )
                for review in {review.phone: review for review in overdue}.values()
                if review.phone is not None
            ]
            self._ledger.append(connection, drafts)
            reviews.close(connection, [review.id for review in overdue], "expired", "clock", now)
        metrics.OPT_OUT_HOLDS_EXPIRED.inc(len(overdue))
        log.warning("holds_expired", reviews=[review.id for review in overdue])
        return 0.0
