"""Which days were audited, and which of them may lose their events."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta

from ops.audit.audit import Audit
from runtime.postgres import Connection

DAY = timedelta(days=1)
#: A day is audited when it has been over for so long: what came at its end is stored by then.
SETTLED = timedelta(hours=1)

_KNOWN = "SELECT day, ok FROM audited_days WHERE day >= %s AND day < %s"
_RECORD = """
INSERT INTO audited_days (day, ok, accepted, on_topics, in_postgres, missing, gaps)
VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (day) DO UPDATE SET ok = EXCLUDED.ok, accepted = EXCLUDED.accepted, on_topics = EXCLUDED.on_topics,
    in_postgres = EXCLUDED.in_postgres, missing = EXCLUDED.missing, gaps = EXCLUDED.gaps, audited_at = now()
"""
_HELD_BACK = """
SELECT days.day::date FROM generate_series(%s::date, %s::date, '1 day') AS days (day)
LEFT JOIN audited_days AS audited ON audited.day = days.day::date
WHERE NOT coalesce(audited.ok OR audited.accepted_by IS NOT NULL, false) ORDER BY 1 LIMIT 1
"""
_ACCEPT = """
INSERT INTO audited_days (day, ok, accepted, on_topics, in_postgres, missing, gaps, accepted_by, reason)
SELECT day, false, 0, 0, 0, 0, 0, %(who)s, %(reason)s
FROM generate_series(%(first)s::date, %(last)s::date, '1 day') AS days (day)
ON CONFLICT (day) DO UPDATE SET accepted_by = EXCLUDED.accepted_by, reason = EXCLUDED.reason
    WHERE NOT audited_days.ok
"""


def begin_of(day: date) -> datetime:
    """Midnight, UTC."""
    return datetime.combine(day, time(), UTC)


def days_to_audit(connection: Connection, now: datetime, topic_days: float) -> list[date]:
    """Whole days that the topics still hold and whose audit has not passed yet, oldest first."""
    last = (now - SETTLED).date()  # exclusive
    first = (now - timedelta(days=topic_days) + DAY).date()
    known: dict[date, bool] = dict(connection.execute(_KNOWN, (first, last)).fetchall())
    days = [first + DAY * count for count in range((last - first).days)]
    return [day for day in days if not known.get(day)]


def audit_days(
    connection: Connection, days: Iterable[date], audited: Callable[[datetime, datetime], Audit]
) -> dict[date, Audit]:
    """Audit each of `days` and keep the outcome."""
    found = {}
    for day in days:
        outcome = found[day] = audited(begin_of(day), begin_of(day + DAY))
        counts = (outcome.accepted, outcome.on_topics, outcome.in_postgres, len(outcome.missing), len(outcome.gaps))
        connection.execute(_RECORD, (day, outcome.ok, *counts))
    return found


def released_until(connection: Connection, since: datetime, limit: datetime) -> datetime:
    """Up to when events may go: the first day from `since` on that is neither audited well nor accepted, or `limit`."""
    first, last = since.astimezone(UTC).date(), limit.astimezone(UTC).date()
    row = connection.execute(_HELD_BACK, (first, last - DAY)).fetchone()
    return limit if row is None else max(since, begin_of(row[0]))


def accept_days(connection: Connection, first: date, last: date, who: str, reason: str) -> int:
    """Let the events of `first` to `last` go although no audit has passed; how many days that changed."""
    values = {"first": first, "last": last, "who": who, "reason": reason}
    return connection.execute(_ACCEPT, values).rowcount
