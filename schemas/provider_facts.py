"""How far a provider's own word can be trusted: declared in its file, kept in PostgreSQL for who reads its events."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProviderFacts:
    """What opt-outs depend on. The defaults are the careful answers, also for a provider that nobody declared."""

    #: Its times come from one clock of its own, so that two of them can be compared.
    one_clock: bool = False
    #: It reports every opt-in itself: there a text that is START counts for nothing of its own.
    reports_opt_ins: bool = False
    #: It numbers its messages, so that an event without a time is known to be new by its derived id.
    numbers_deliveries: bool = False


CAREFUL = ProviderFacts()
