"""What the metrics say about the ledger and what follows from it, read from PostgreSQL once in a while."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from processors.engine.database import Database
from processors.opt_out import report
from processors.opt_out.ledger import utc_now
from runtime import metrics

#: Seconds between two readings of what is cheap, and how many of those pass between two of what is not.
INTERVAL = 5.0
SELDOM = 60

_HEAD = "SELECT position, hash FROM opt_out_ledger ORDER BY position DESC LIMIT 1"
_STATES = "SELECT state, count(*) FROM opt_outs GROUP BY state"
_REVIEWS = "SELECT kind, count(*) FROM opt_out_reviews WHERE decision IS NULL GROUP BY kind"
_ENFORCEMENTS = "SELECT target, status, count(*) FROM enforcements GROUP BY target, status"
_DEADLINES = """
SELECT count(*) FILTER (WHERE e.deadline <= %(now)s),
    count(*) FILTER (WHERE e.deadline > %(now)s AND e.deadline <= %(near)s),
    COALESCE(EXTRACT(epoch FROM %(now)s - min(l.received_at)), 0)
FROM enforcements AS e JOIN opt_out_ledger AS l USING (position) WHERE e.status IN ('pending', 'failed', 'parked')
"""


class OptOutGauges:
    """Sets them."""

    def __init__(self, *, near: timedelta, now: Callable[[], datetime] = utc_now) -> None:
        self._near = near
        self._now = now
        self._rounds = 0

    def __call__(self, database: Database) -> float:
        """Read and set; seconds until the next time."""
        now = self._now()
        with database.transaction() as connection:
            head = connection.execute(_HEAD).fetchone()
            metrics.OPT_OUT_LEDGER_ROWS.set(head[0] if head else 0)
            metrics.OPT_OUT_LEDGER_HEAD.set(head_number(head[1]) if head else 0)
            states = dict(connection.execute(_STATES).fetchall())
            for state in ("out", "in", "hold"):
                metrics.OPT_OUT_PHONES.labels(state).set(states.get(state, 0))
            kinds = dict(connection.execute(_REVIEWS).fetchall())
            for kind in ("hold", "out", "unrecognized", "parked", "opt-in"):
                metrics.OPT_OUT_REVIEWS.labels(kind).set(kinds.get(kind, 0))
            metrics.ENFORCEMENTS.clear()
            for target, status, count in connection.execute(_ENFORCEMENTS):
                metrics.ENFORCEMENTS.labels(target, status).set(count)
            values = {"now": now, "near": now + self._near}
            [(overdue, near, oldest)] = connection.execute(_DEADLINES, values).fetchall()
            metrics.ENFORCEMENT_OVERDUE.set(overdue)
            metrics.ENFORCEMENT_NEAR.set(near)
            metrics.ENFORCEMENT_OLDEST.set(oldest)
            is_due = self._rounds % SELDOM == 0
            self._rounds += 1  # before what takes long: where it takes too long, it is not asked again at once
            if is_due:
                metrics.OPT_OUT_RATE.clear()
                for rate in report.rates(connection, now):
                    metrics.OPT_OUT_RATE.labels(rate.provider, rate.account).set(rate.rate)
                metrics.OPT_OUT_VIOLATIONS.set(len(report.violations(connection, now)))
        return INTERVAL


def head_number(head: str) -> int:
    """The first 48 bits of a row's hash: what a metric's value, a double, holds exactly."""
    return int(head[:12], 16)
