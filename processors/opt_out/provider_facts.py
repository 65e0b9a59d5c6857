"""What is known of each provider that opt-outs depend on. A provider that is not listed gets the careful answers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProviderFacts:
    """How far a provider's own word about time and identity can be trusted."""

    #: Its times come from one clock of its own, so that two of them can be compared. TextLink's come from phones.
    one_clock: bool = False
    #: It reports opt-ins itself: there a text that is START counts for nothing of its own.
    reports_opt_ins: bool = False
    #: It numbers its deliveries, so that an event without a time is known to be new by its derived id.
    numbers_deliveries: bool = False


_KNOWN = {"textus": ProviderFacts(one_clock=True, reports_opt_ins=True, numbers_deliveries=True)}
_CAREFUL = ProviderFacts()


def facts_about(provider: str | None) -> ProviderFacts:
    """What is known of `provider`."""
    return _KNOWN.get(provider or "", _CAREFUL)


def numbering_providers() -> list[str]:
    """The providers that number their deliveries."""
    return sorted(name for name, facts in _KNOWN.items() if facts.numbers_deliveries)
