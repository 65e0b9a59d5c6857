"""Under which texts the ledger has a number that somebody asks about."""

from __future__ import annotations

from runtime.phone_lookup import Match, NumberQuery
from runtime.postgres import Connection

_PHONES = "SELECT phone FROM opt_outs WHERE phone = ANY (%s) OR lookup_key = ANY (%s) ORDER BY phone"


def ledger_phones(connection: Connection, number: NumberQuery) -> tuple[list[str], list[str]]:
    """The phones of the ledger that are `number`, its present form first; and those that it cannot be told from."""
    rows = connection.execute(_PHONES, ([number.phone.number], list(number.keys)))
    matches = {phone: number.match(phone) for (phone,) in rows}
    same = [phone for phone, match in matches.items() if match is Match.SAME]
    same.sort(key=lambda phone: phone != number.phone.number)
    return same, [phone for phone, match in matches.items() if match is Match.POSSIBLE]
