"""What each provider's file declares of it, as `hookline db migrate` writes it."""

from __future__ import annotations

from collections.abc import Mapping

from ingest.provider import provider_types
from schemas.provider_facts import ProviderFacts

DECLARED: Mapping[str, ProviderFacts] = {name: kind.facts for name, kind in provider_types().items()}
