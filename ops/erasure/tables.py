"""Erasing a number from PostgreSQL, in one transaction: what schemas/personal_columns.py says of each column."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from ops.erasure.crm_notes import LINKED
from ops.erasure.person import ErasedPerson
from processors.opt_out import states
from processors.opt_out.fold import Scope
from processors.opt_out.ledger import lock, utc_now
from runtime.postgres import Connection
from schemas.personal_columns import Erasing, columns_of

#: In the order in which processors lock these tables, so that nobody waits in a circle.
_BEFORE_LEDGER = {
    "events": "UPDATE events SET contact_phone = NULL, payload = '{}', message_key = NULL"
    " WHERE event_id = ANY (%(events)s) AND (contact_phone IS NOT NULL OR payload <> '{}')",
    "message_failures": "DELETE FROM message_failures WHERE contact_phone = ANY (%(phones)s)",
    "messages": "DELETE FROM messages WHERE contact_phone = ANY (%(phones)s)",
    "contacts": "DELETE FROM contacts WHERE phone = ANY (%(phones)s)",
    "crm_contacts": "DELETE FROM crm_contacts WHERE phone = ANY (%(phones)s)",
    "crm_links": "DELETE FROM crm_links WHERE " + LINKED,  # noqa: S608 - our own texts, here and below
    "crm_notes": "DELETE FROM crm_notes WHERE contact_phone = ANY (%(phones)s)",
    "crm_deliveries": "DELETE FROM crm_deliveries WHERE contact_phone = ANY (%(phones)s)",
    "crm_lanes": "DELETE FROM crm_lanes WHERE contact_phone = ANY (%(phones)s)",
}
_REMEMBER_EVENTS = "INSERT INTO erased_events (event_id) SELECT unnest(%(events)s::uuid[]) ON CONFLICT DO NOTHING"
#: What stands in a phone's place, as pairs.
_AS = " FROM unnest(%(kept)s::text[], %(erased)s::text[]) AS known (kept, erased)"
_OF_ERASED = _AS + " WHERE phone = known.kept"
_PARKED = """
UPDATE opt_out_parked SET key = NULL, value = NULL, headers = '[]', error_message = '', phone = NULL
WHERE phone = ANY (%(phones)s)
"""
_LEDGER = {
    "opt_out_evidence": "DELETE FROM opt_out_evidence WHERE digest IN"
    " (SELECT evidence_digest FROM opt_out_ledger WHERE phone = ANY (%(kept)s))",
    "opt_out_ledger": "UPDATE opt_out_ledger SET phone = known.erased, phone_as_received = NULL" + _OF_ERASED,  # noqa: S608
    "opt_out_reviews": "UPDATE opt_out_reviews SET phone = known.erased, question = 'erased'" + _OF_ERASED,  # noqa: S608
    "enforcements": "UPDATE enforcements SET phone = known.erased, detail = NULL" + _OF_ERASED,  # noqa: S608
}
_LINK = "INSERT INTO erased_returns (phone, erased_phone) SELECT kept, erased" + _AS + " ON CONFLICT DO NOTHING"
_UNLINK = "DELETE FROM erased_returns WHERE phone = ANY (%(kept)s)"
_DROP_STATES = "DELETE FROM opt_outs WHERE phone = ANY (%(kept)s)"
_REMEMBER_FORMS = "INSERT INTO erased_numbers (digest, phone) VALUES (%s, %s) ON CONFLICT DO NOTHING"
_REMEMBER_PEPPER = "INSERT INTO erased_peppers (pepper) SELECT unnest(%s::text[]) ON CONFLICT DO NOTHING"


def erase_rows(connection: Connection, person: ErasedPerson, events: Sequence[UUID], scope: Scope) -> dict[str, int]:
    """Erase `person` from every table; how many rows of each there were. Within the caller's transaction.

    Notes at CRMs are found by `crm_links`, so the caller has read those before (`ops/erasure/crm_notes.py`).
    """
    phones = list(person.phones)
    values = {"phones": phones, "events": list(events)}
    connection.execute(_REMEMBER_EVENTS, values)
    counts = {table: connection.execute(statement, values).rowcount for table, statement in _BEFORE_LEDGER.items()}
    counts["opt_out_parked"] = connection.execute(_PARKED, values).rowcount
    if person.in_ledger:
        counts |= _erase_from_ledger(connection, person, scope)
    return {table: count for table, count in counts.items() if count}


def _erase_from_ledger(connection: Connection, person: ErasedPerson, scope: Scope) -> dict[str, int]:
    pairs = person.erased_as
    values = {"kept": list(pairs), "erased": list(pairs.values())}
    lock(connection)
    # One number from here on, whatever keys its rows were digested by; how it stands is written under the digest too.
    connection.execute(_LINK, values)
    states.refold(connection, pairs, scope, utc_now())
    counts = {table: connection.execute(statement, values).rowcount for table, statement in _LEDGER.items()}
    counts["opt_outs"] = connection.execute(_DROP_STATES, values).rowcount
    connection.execute(_UNLINK, values)
    with connection.cursor() as cursor:
        cursor.executemany(_REMEMBER_FORMS, person.forms)
    connection.execute(_REMEMBER_PEPPER, (sorted({erased.split(":")[1] for erased in _keys(person)}),))
    return counts


def _keys(person: ErasedPerson) -> set[str]:
    """What the number is found by: the key of its forms, and of what stands in its place."""
    return {*person.erased_as.values(), person.peppers.digest("").erased_phone}


def named_by_operators(connection: Connection, person: ErasedPerson) -> list[dict[str, object]]:
    """Where operators have written the number into a reason, which nothing but a person can judge."""
    found: list[dict[str, object]] = []
    for table, column in columns_of(Erasing.WORDS):
        query = (
            f"SELECT count(*) FROM {table}"  # noqa: S608 - our tables and columns
            f" WHERE strpos(regexp_replace({column}, '[^0-9]', '', 'g'), %s) > 0"
        )
        [(count,)] = connection.execute(query, (person.telling_digits,)).fetchall()
        if count:
            found.append({"table": table, "column": column, "rows": count})
    return found
