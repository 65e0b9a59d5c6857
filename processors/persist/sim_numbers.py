"""Our own number of each TextLink SIM, from the settings into `sim_numbers`, where analysts' views find it."""

from __future__ import annotations

from collections.abc import Mapping

from processors.engine.database import Database

#: Seconds until it is looked at again: another process may have been started with other settings since.
INTERVAL = 600.0

_KEEP = """
INSERT INTO sim_numbers (sim_card_id, phone) SELECT * FROM unnest(%s::text[], %s::text[]) ORDER BY 1
ON CONFLICT (sim_card_id) DO UPDATE SET phone = EXCLUDED.phone
"""
_FORGET = "DELETE FROM sim_numbers WHERE sim_card_id <> ALL (%s)"


class SimNumbers:
    """Keeps the table as the settings have it."""

    def __init__(self, phones: Mapping[str, str]) -> None:
        self._phones = phones

    def __call__(self, database: Database) -> float:
        """One round; seconds until the next."""
        with database.transaction() as connection:
            connection.execute(_KEEP, (list(self._phones), list(self._phones.values())))
            connection.execute(_FORGET, (list(self._phones),))
        return INTERVAL
