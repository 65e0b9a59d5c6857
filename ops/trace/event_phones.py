"""Under which texts events are stored for one number: E.164, and as it came where it was no full number then.

What is a full number depends on the region that was set when the event was received.
"""

from __future__ import annotations

from processors.opt_out.ledger_phones import IS_ALIKE
from runtime.phone_lookup import Match, NumberQuery, number_query, stored_number
from runtime.postgres import Connection

#: By the index events_by_odd_phone_keys: few numbers are not read as full ones.
_AS_IT_CAME = """
SELECT DISTINCT contact_phone FROM events WHERE NOT phone_valid AND phone_lookup_keys(contact_phone) && %s::text[]
"""
_IN_LEDGER = f"SELECT phone FROM opt_outs WHERE {IS_ALIKE}"  # noqa: S608 - texts of ours


def event_phones(connection: Connection, text: str, region: str | None) -> list[str]:
    """Every text that events of the number `text` may have in place of a phone, its E.164 first. Raises psycopg.Error.

    `region`: what a number without a country code is taken for. What was stored without one and cannot be told from
    the number is included, as the gate takes it for the number; of two full numbers only what is surely the same.
    """
    number = number_query(text, region)
    keys = list(number.keys)
    known = [
        *_phones(connection, _AS_IT_CAME, keys),
        *_phones(connection, _IN_LEDGER, [number.phone.number], keys, keys),
    ]
    stored = [phone for phone in known if _may_be_shown(number, phone)]
    return list(dict.fromkeys([number.phone.number, text, *sorted(stored)]))


def phones_as_they_came(connection: Connection, number: NumberQuery) -> list[str]:
    """What events have in place of a phone that surely is `number`, without E.164. Raises psycopg.Error."""
    return [phone for phone in _phones(connection, _AS_IT_CAME, list(number.keys)) if number.match(phone) is Match.SAME]


def _phones(connection: Connection, query: str, *values: list[str]) -> list[str]:
    return sorted(str(phone) for (phone,) in connection.execute(query, values).fetchall())


def _may_be_shown(number: NumberQuery, phone: str) -> bool:
    match = number.match(phone)
    are_full = number.phone.valid and stored_number(phone).number is not None
    return match is Match.SAME or (match is Match.POSSIBLE and not are_full)
