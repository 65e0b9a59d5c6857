"""Everything about one number: its opt-out with the proof of it, its messages, its events and its CRM deliveries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ops.trace.event_phones import phones_as_they_came
from processors.opt_out.ledger_phones import IS_ALIKE
from runtime.phone_lookup import Match, number_query
from runtime.postgres import Connection, named_rows

#: Messages, events and deliveries of a number that are shown: the newest.
SHOWN = 30

Row = dict[str, Any]

_ALIKE = f"SELECT phone FROM opt_outs WHERE {IS_ALIKE} ORDER BY phone"  # noqa: S608 - texts of ours
#: The worst first.
_STATE = """
SELECT phone, state, since, reason, position, updated_at FROM opt_outs
WHERE phone = ANY (%s) ORDER BY array_position(ARRAY['out', 'hold', 'in'], state), phone LIMIT 1
"""
# The database's own function says whether a row's hash is that of its columns.
_LEDGER = """
SELECT l.position, l.phone, l.action, l.echo, l.tier, l.rule, l.rule_set, l.actor, l.reason, l.provider, l.account,
    l.event_id, l.effective_at, l.received_at, l.decided_at, l.deadline, l.corrects, l.previous_hash, l.hash,
    l.hash = opt_out_row_hash(l) AS hash_is_right, l.phone_as_received, e.text AS evidence, e.name AS evidence_name
FROM opt_out_ledger AS l LEFT JOIN opt_out_evidence AS e ON e.digest = l.evidence_digest
WHERE l.phone = ANY (%s) ORDER BY l.position
"""
_ENFORCEMENTS = """
SELECT target, account, position, status, detail, attempts, deadline, first_attempt_at, last_attempt_at, done_at
FROM enforcements WHERE phone = ANY (%s) ORDER BY position, target, account
"""
_REVIEWS = """
SELECT id, kind, question, opened_at, due_at, decision, decided_by, decided_at FROM opt_out_reviews
WHERE phone = ANY (%s) OR position IN (SELECT position FROM opt_out_ledger WHERE phone = ANY (%s)) ORDER BY id
"""
_PARKED = """
SELECT topic, partition, record_offset, disposition, error_class, parked_at FROM opt_out_parked
WHERE review_id IN (
    SELECT r.id FROM opt_out_reviews AS r JOIN opt_out_ledger AS l USING (position) WHERE l.phone = ANY (%s)
) ORDER BY id
"""
_MESSAGES = f"""
SELECT message_key, provider, account, direction, text, state, first_at, last_at FROM messages
WHERE contact_phone = ANY (%s) ORDER BY first_at DESC LIMIT {SHOWN}
"""  # noqa: S608 - a number of ours
_EVENTS = f"""
SELECT event_id, event_type, provider, account, occurred_at, received_at FROM events
WHERE contact_phone = ANY (%s) ORDER BY occurred_at DESC LIMIT {SHOWN}
"""  # noqa: S608 - as above
_DELIVERIES = f"""
SELECT d.event_id, d.target, d.event_type, d.status, d.detail, d.attempts, d.received_at, d.done_at
FROM (SELECT event_id FROM events WHERE contact_phone = ANY (%s) ORDER BY occurred_at DESC LIMIT {SHOWN}) AS e
JOIN crm_deliveries AS d USING (event_id) ORDER BY d.received_at DESC LIMIT {SHOWN}
"""  # noqa: S608 - as above
_CONTACT = "SELECT phone, name, tag, tags, business_name FROM contacts WHERE phone = ANY (%s) LIMIT 1"
_HEAD = "SELECT position, hash FROM opt_out_ledger ORDER BY position DESC LIMIT 1"


@dataclass(frozen=True, slots=True)
class NumberFacts:
    """What the tables have of a number."""

    phone: str
    ledger_phones: Sequence[str]  #: by the ledger, where that is not the same text
    may_also_be: Sequence[str]  #: numbers of the ledger that it cannot be told apart from
    opt_out: Row | None
    ledger: Sequence[Row]
    enforcements: Sequence[Row]
    reviews: Sequence[Row]
    parked: Sequence[Row]
    contact: Row | None
    messages: Sequence[Row]
    events: Sequence[Row]
    deliveries: Sequence[Row]
    head: Row | None  #: the newest row of the whole chain

    @property
    def state(self) -> str:
        """out, hold or in; "never heard of" where the ledger has no row."""
        return str(self.opt_out["state"]) if self.opt_out else "never heard of"


def number_facts(connection: Connection, phone: str, region: str | None) -> NumberFacts:
    """Everything about `phone`, however the ledger and the events write it. Raises psycopg.Error."""
    number = number_query(phone, region)
    keys = list(number.keys)
    alike = [str(found) for (found,) in connection.execute(_ALIKE, ([phone, number.phone.number], keys, keys))]
    same = [found for found in alike if found == phone or number.match(found) is Match.SAME]
    phones = list(dict.fromkeys([phone, number.phone.number, *same, *phones_as_they_came(connection, number)]))
    return NumberFacts(
        phone=phone,
        ledger_phones=[found for found in same if found != phone],
        may_also_be=[found for found in alike if found not in same and number.match(found) is Match.POSSIBLE],
        opt_out=next(iter(named_rows(connection, _STATE, phones)), None),
        ledger=named_rows(connection, _LEDGER, phones),
        enforcements=named_rows(connection, _ENFORCEMENTS, phones),
        reviews=named_rows(connection, _REVIEWS, phones, phones),
        parked=named_rows(connection, _PARKED, phones),
        contact=next(iter(named_rows(connection, _CONTACT, phones)), None),
        messages=named_rows(connection, _MESSAGES, phones),
        events=named_rows(connection, _EVENTS, phones),
        deliveries=named_rows(connection, _DELIVERIES, phones),
        head=next(iter(named_rows(connection, _HEAD)), None),
    )
