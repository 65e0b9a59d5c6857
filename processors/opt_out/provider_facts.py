"""What is known of each provider that opt-outs depend on: as its file declares it, by way of PostgreSQL.

Only `hookline db migrate` writes it, before processes of a new release start. So each connection reads it once: the
fold of every stop asks for it, and so does every batch.
"""

from __future__ import annotations

from collections.abc import Mapping
from weakref import WeakKeyDictionary

from runtime.postgres import Connection
from schemas.provider_facts import ProviderFacts

_ROWS = "SELECT provider, one_clock, reports_opt_ins, numbers_deliveries FROM provider_facts"
_READ: WeakKeyDictionary[Connection, Mapping[str, ProviderFacts]] = WeakKeyDictionary()


def provider_facts(connection: Connection) -> Mapping[str, ProviderFacts]:
    """The facts about each provider that `hookline db migrate` knew; one that is not there gets the careful answers."""
    found = _READ.get(connection)
    if found is None:
        found = {provider: ProviderFacts(*facts) for provider, *facts in connection.execute(_ROWS)}
        _READ[connection] = found
    return found
