"""Under which texts events are stored for one number: E.164, and as it came where it was no full number then.

What is a full number depends on the region that was set when the event was received.
"""

from __future__ import annotations

from runtime.phone_lookup import Match, NumberQuery, number_query, stored_number
from runtime.postgres import Connection

#: By the index events_by_odd_phone: few numbers are not read as full ones.
_AS_IT_CAME = """
SELECT DISTINCT contact_phone FROM events WHERE NOT phone_valid AND phone_lookup_key(contact_phone) = ANY (%s)
"""
_IN_LEDGER = "SELECT phone FROM opt_outs WHERE lookup_key = ANY (%s)"


def event_phones(connection: Connection, text: str, region: str | None) -> list[str]:
    """Every text that events of the number `text` may have in place of a phone, its E.164 first. Raises psycopg.Error.

    `region`: what a number without a country code is taken for. What was stored without one and cannot be told from
    the number is included, as the gate takes it for the number; of two full numbers only what is surely the same.
    """
    number = number_query(text, region)
    stored = [
        phone
        for query in (_AS_IT_CAME, _IN_LEDGER)
        for phone in _phones(connection, query, number)
        if _may_be_shown(number, phone)
    ]
    return list(dict.fromkeys([number.phone.number, text, *sorted(stored)]))


def phones_as_they_came(connection: Connection, number: NumberQuery) -> list[str]:
    """What events have in place of a phone that surely is `number`, without E.164. Raises psycopg.Error."""
    return [phone for phone in _phones(connection, _AS_IT_CAME, number) if number.match(phone) is Match.SAME]


def _phones(connection: Connection, query: str, number: NumberQuery) -> list[str]:
    if not number.keys:
        return []
    return sorted(str(phone) for (phone,) in connection.execute(query, (list(number.keys),)).fetchall())


def _may_be_shown(number: NumberQuery, phone: str) -> bool:
    match = number.match(phone)
    are_full = number.phone.valid and stored_number(phone).number is not None
    return match is Match.SAME or (match is Match.POSSIBLE and not are_full)
