"""What is deleted once it is old enough: each kind of history, its table and the column that says how old a row is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from ops.retention.settings import RetentionSettings
from runtime.settings import ConfigurationError


@dataclass(frozen=True, slots=True)
class History:
    """One kind. `keys` finds the rows of a stretch of time, `delete` deletes those with the given keys."""

    name: str
    days: Callable[[RetentionSettings], float | None]
    keys: str  #: with %(since)s and %(until)s; gives one key a row
    delete: str  #: with %(keys)s; says nothing of rows that are gone already
    oldest: str  #: the oldest time, or null
    needs_audit: bool = False  #: whether only days go whose audit has passed


EVENTS = History(
    "events",
    lambda settings: settings.events_days,
    "SELECT event_id FROM events WHERE received_at >= %(since)s AND received_at < %(until)s",
    "WITH traces AS (DELETE FROM event_traces WHERE event_id = ANY (%(keys)s))"
    " DELETE FROM events WHERE event_id = ANY (%(keys)s)",
    "SELECT min(received_at) FROM events",
    needs_audit=True,
)
#: crm_links and crm_notes remember what a CRM has: a repeat of an event after this makes no second note.
DELIVERIES = History(
    "crm deliveries",
    lambda settings: settings.deliveries_days,
    "SELECT event_id FROM crm_deliveries"
    " WHERE received_at >= %(since)s AND received_at < %(until)s AND status = 'done'",
    "DELETE FROM crm_deliveries WHERE event_id = ANY (%(keys)s) AND status = 'done'",
    "SELECT min(received_at) FROM crm_deliveries WHERE status = 'done'",
)
DEAD_LETTERS = History(
    "dead letters",
    lambda settings: settings.dead_letters_days,
    "SELECT ctid FROM dead_letters WHERE failed_at >= %(since)s AND failed_at < %(until)s",
    "DELETE FROM dead_letters WHERE ctid = ANY (%(keys)s::tid[])",  # its rows are never updated: a ctid stays
    "SELECT min(failed_at) FROM dead_letters",
)
#: The chain stays: a ledger's row holds the digest of its evidence.
EVIDENCE = History(
    "evidence",
    lambda settings: settings.evidence_days,
    "SELECT evidence_digest FROM opt_out_ledger"
    " WHERE received_at >= %(since)s AND received_at < %(until)s AND evidence_digest IS NOT NULL",
    "DELETE FROM opt_out_evidence WHERE digest = ANY (%(keys)s)",
    "SELECT min(received_at) FROM opt_out_ledger",
)
COUNTS = History(
    "counts",
    lambda settings: settings.counts_days,
    "SELECT DISTINCT minute FROM ingest_counts WHERE minute >= %(since)s AND minute < %(until)s",
    "DELETE FROM ingest_counts WHERE minute = ANY (%(keys)s)",
    "SELECT min(minute) FROM ingest_counts",
)

HISTORIES = (EVENTS, DELIVERIES, DEAD_LETTERS, EVIDENCE, COUNTS)


def limits(settings: RetentionSettings, topic_days: float, now: datetime) -> dict[str, datetime | None]:
    """By history: what is older goes; None: all of it stays.

    `topic_days`: how long the topics keep records. An audit compares topics with `events` and counts, so these have to
    be kept longer. Raises ConfigurationError where they are not.
    """
    mistakes = [
        f"{settings.variable(field)}={days:g} is not more than the {topic_days:g} days that the topics keep records"
        f" (HOOKLINE_KAFKA__RETENTION_DAYS): set it to {topic_days + 1:g} at least, for audits compare the two"
        for field, days in (("events_days", settings.events_days), ("counts_days", settings.counts_days))
        if days is not None and days < topic_days + 1
    ]
    if mistakes:
        raise ConfigurationError(mistakes)
    found: dict[str, datetime | None] = {}
    for history in HISTORIES:
        days = history.days(settings)
        found[history.name] = None if days is None else now - timedelta(days=days)
    return found
