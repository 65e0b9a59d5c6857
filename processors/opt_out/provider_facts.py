"""What is known of each provider that opt-outs depend on: as its file declares it, by way of PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping

from runtime.postgres import Connection
from schemas.provider_facts import ProviderFacts

_ROWS = "SELECT provider, one_clock, reports_opt_ins, numbers_deliveries FROM provider_facts"


def provider_facts(connection: Connection) -> Mapping[str, ProviderFacts]:
    """The facts about each provider that `hookline db migrate` knew; one that is not there gets the careful answers."""
    return {provider: ProviderFacts(*facts) for provider, *facts in connection.execute(_ROWS)}
