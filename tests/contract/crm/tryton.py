"""tryton: a real Tryton, and in front of it what can misbehave."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Self

from processors.crm_sync.port import Capabilities
from tests.contract.crm.service import Held, Service
from tests.servers.faulty import Faulty, faulty
from tests.servers.starting import started
from tests.servers.tryton import DATABASE, Tryton, start_tryton

#: How the call that counts is made: what has to be known is asked for first.
_METHODS = {"upsert_contact": "POST", "log_message": "POST", "rename": "PUT", "set_tags": "PUT", "set_opt_out": "PUT"}

_CONTACTS = """
SELECT DISTINCT p.id, p.name FROM party_party AS p JOIN party_contact_mechanism AS m ON m.party = p.id
WHERE m.value_compact = ? ORDER BY p.id
"""
_CATEGORIES = """
SELECT c.name FROM "party_party-party_category" AS held JOIN party_category AS c ON c.id = held.category
WHERE held.party = ? ORDER BY c.name
"""


class RealTryton(Service):
    """Looked at in its own database."""

    capabilities: ClassVar = Capabilities()
    impatience: ClassVar = 1.0  # it is a real one, and other tests run beside it

    def __init__(self, tryton: Tryton, front: Faulty) -> None:
        self._tryton = tryton
        self._front = front
        self.secret = tryton.key  # type: ignore[misc] # Tryton chose it

    @classmethod
    @contextmanager
    def started(cls) -> Iterator[Self]:
        with tempfile.TemporaryDirectory(prefix="hookline-tryton-") as home:
            tryton, stop = started("Tryton", lambda: start_tryton(Path(home)))
            try:
                with faulty(tryton.url) as front:
                    yield cls(tryton, front)
            finally:
                stop()

    def begin(self) -> None:
        self._front.no_faults()
        self._tryton.forget_parties()

    def environ(self, url: str | None, timeout: float) -> Mapping[str, str]:
        return {
            "HOOKLINE_CRM_TRYTON__URL": url or self._front.url,
            "HOOKLINE_CRM_TRYTON__DATABASE": DATABASE,
            "HOOKLINE_CRM_TRYTON__TOKEN": self.secret,
            "HOOKLINE_CRM_TRYTON__TIMEOUT": str(timeout),
        }

    def contacts(self, phone: str) -> Sequence[Held]:
        found = []
        for party, name in self._tryton.rows(_CONTACTS, phone):
            categories = [str(category_name) for (category_name,) in self._tryton.rows(_CATEGORIES, party)]
            tags = [category for category in categories if category != "SMS opted out"]
            found.append(Held(str(party), name, tags, "SMS opted out" in categories))
        return found

    def notes(self, contact: str) -> Sequence[str]:
        statement = "SELECT message FROM ir_note WHERE resource = ? ORDER BY id"
        return [str(text) for (text,) in self._tryton.rows(statement, f"party.party,{contact}")]

    def fault(self, operation: str, **fault: Any) -> None:
        self._front.fault(method=_METHODS.get(operation, "GET"), **fault)
