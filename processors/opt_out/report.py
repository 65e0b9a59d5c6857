"""What a compliance officer asks: how fast, how late, how many, and whether anybody was texted after a stop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from runtime.postgres import Connection

#: TextUs restricts an organisation at the second, and advises an alert at the first (seen 2026-11).
ALERT_RATE, RESTRICTED_RATE = 0.010, 0.015
DAYS = 30
#: One confirmation may go out within this time (47 CFR 64.1200(a)(12)).
CONFIRMATION = timedelta(minutes=5)

_SPEED = """
SELECT count(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY s), percentile_cont(0.99) WITHIN GROUP (ORDER BY s), max(s)
FROM (SELECT EXTRACT(epoch FROM e.done_at - l.received_at)::float8 AS s
    FROM enforcements AS e JOIN opt_out_ledger AS l USING (position)
    WHERE e.status = 'done' AND e.attempts > 0 AND e.done_at >= %(since)s) AS done
"""
_LATE = """
SELECT e.phone, e.target, e.account, e.status, e.attempts, e.deadline, e.detail FROM enforcements AS e
WHERE e.status IN ('pending', 'failed', 'parked') AND e.deadline <= %(until)s ORDER BY e.deadline, e.id
"""
_STATUSES = "SELECT target, status, count(*) FROM enforcements GROUP BY target, status ORDER BY target, status"
#: Both by when it happened, so that texts and the opt-outs that answer them fall into the same 30 days even where
#: events come late: a text by its first event, an opt-out by when it was said.
_RATES = """
WITH texted AS (
    SELECT DISTINCT provider, account, contact_phone FROM messages WHERE direction = 'out' AND first_at >= %(since)s
), outs AS (
    SELECT DISTINCT provider, account, phone AS contact_phone FROM opt_out_ledger
    WHERE action = 'out' AND NOT echo AND provider IS NOT NULL AND effective_at >= %(since)s
        AND received_at >= %(since)s  -- never earlier than effective_at: the index is by receipt
        AND position NOT IN (SELECT corrects FROM opt_out_ledger WHERE corrects IS NOT NULL)
)
SELECT provider, account, count(o.contact_phone) FILTER (WHERE t.contact_phone IS NOT NULL), count(t.contact_phone)
FROM texted AS t FULL JOIN outs AS o USING (provider, account, contact_phone)
GROUP BY provider, account ORDER BY provider, account
"""
#: Sent, not delivered, after the number was out: between an opt-out and the next thing that made it in again. The
#: first text within five minutes is the provider's own confirmation. A text whose sending nobody told us of, only its
#: delivery, proves nothing: delivery may be hours later. TextLink's failures carry the time of the sending.
_VIOLATIONS = """
WITH sends AS (
    SELECT m.message_key, m.contact_phone, m.provider, m.account, COALESCE(m.sent_at, m.failure_at) AS sent_at
    FROM messages AS m WHERE m.direction = 'out' AND m.last_at >= %(since)s
        AND COALESCE(m.sent_at, m.failure_at) IS NOT NULL
        -- The ledger is read once, here and for what was corrected; its index is asked for few of the texts
        AND m.contact_phone IN (SELECT phone FROM opt_out_ledger WHERE action = 'out')
), after_out AS (
    SELECT s.*, l.position, l.effective_at FROM sends AS s CROSS JOIN LATERAL (
        SELECT position, effective_at, action FROM opt_out_ledger AS l
        WHERE l.phone = s.contact_phone AND l.action IN ('in', 'out') AND l.received_at <= s.sent_at
            AND l.position NOT IN (SELECT corrects FROM opt_out_ledger WHERE corrects IS NOT NULL)
            -- Opt-ins that are not surely new end nothing: fold.is_surely_new, once more
            AND (l.action = 'out' OR l.occurred_at IS NOT NULL OR l.actor LIKE 'operator:%%'
                OR (l.provider IN (SELECT provider FROM provider_facts WHERE numbers_deliveries)
                    AND substring(l.event_id::text FROM 15 FOR 1) = '5'))
        ORDER BY l.effective_at DESC, (l.action = 'out') DESC LIMIT 1
    ) AS l WHERE l.action = 'out'
)
SELECT message_key, contact_phone, provider, account, sent_at, position FROM (
    SELECT *, row_number() OVER (PARTITION BY contact_phone, position ORDER BY sent_at, message_key) AS nth
    FROM after_out
) AS numbered
WHERE NOT (nth = 1 AND sent_at <= effective_at + %(confirmation)s) ORDER BY sent_at, message_key
"""


@dataclass(frozen=True, slots=True)
class Speed:
    """Seconds from receipt to the target's answer."""

    calls: int
    p50: float | None
    p99: float | None
    max: float | None


@dataclass(frozen=True, slots=True)
class Late:
    """An enforcement that is not done."""

    phone: str
    target: str
    account: str
    status: str
    attempts: int
    deadline: datetime
    detail: str | None


@dataclass(frozen=True, slots=True)
class Rate:
    """Opt-outs of one account in 30 days, among the contacts that it texted."""

    provider: str
    account: str
    opt_outs: int  #: of these contacts; what was taken back is none
    contacts: int  #: contacts that were texted

    @property
    def rate(self) -> float:
        """Opt-outs per contact that was texted."""
        return self.opt_outs / self.contacts if self.contacts else 0.0

    @property
    def alarm(self) -> str | None:
        """How bad it is: "alert", "restricted", or not."""
        return "restricted" if self.rate >= RESTRICTED_RATE else "alert" if self.rate >= ALERT_RATE else None


@dataclass(frozen=True, slots=True)
class Violation:
    """A text that was sent to a number that was out."""

    message_key: str
    phone: str
    provider: str
    account: str
    sent_at: datetime
    position: int  #: the opt-out in the ledger


def speed(connection: Connection, now: datetime, days: float = DAYS) -> Speed:
    """How long calls of the last `days` took."""
    [row] = connection.execute(_SPEED, {"since": now - timedelta(days=days)}).fetchall()
    return Speed(*row)


def late(connection: Connection, until: datetime) -> list[Late]:
    """What is not done and has its deadline before `until`."""
    return [Late(*row) for row in connection.execute(_LATE, {"until": until})]


def statuses(connection: Connection) -> Sequence[tuple[str, str, int]]:
    """How many enforcements there are by target and status."""
    return connection.execute(_STATUSES).fetchall()


def rates(connection: Connection, now: datetime) -> list[Rate]:
    """The opt-out rate of every account in the last 30 days."""
    return [Rate(*row) for row in connection.execute(_RATES, {"since": now - timedelta(days=DAYS)})]


def violations(connection: Connection, now: datetime) -> list[Violation]:
    """Texts of the last 30 days that were sent to numbers that were out."""
    values = {"since": now - timedelta(days=DAYS), "confirmation": CONFIRMATION}
    return [Violation(*row) for row in connection.execute(_VIOLATIONS, values)]
