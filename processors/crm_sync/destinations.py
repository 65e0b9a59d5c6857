"""Where deliveries go: the targets of the settings, one place each, or one for each of a target's accounts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic

from processors.crm_sync.port import CrmTarget, S, target_types
from processors.crm_sync.settings import CrmSettings
from processors.outbox.rate_limiter import BudgetLimiter, RateLimiter, Unlimited
from runtime.postgres import Connection
from runtime.settings import Configuration, ConfigurationError


@dataclass(frozen=True, slots=True)
class Destination(Generic[S]):
    """A target, or one of its accounts: with deliveries, lanes, links and a breaker of its own."""

    name: str  #: "rest"; "textus:acme"
    kind: type[CrmTarget[S]]
    settings: S

    def limiter(self, connect: Callable[[], Connection], sleep: Callable[[float], bool]) -> RateLimiter:
        """What its kind's requests are paid from; `sleep` as of BudgetLimiter."""
        budget = self.kind.budget(self.settings)
        return Unlimited() if budget is None else BudgetLimiter(budget, connect, sleep)

    def target(self, limiter: RateLimiter) -> CrmTarget[S]:
        """Who brings things there, paying from `limiter`. Raises ConfigurationError."""
        return self.kind.at(self.name, self.settings, limiter)


def places_of(
    targets: Iterable[str], load: Callable[..., Configuration] = Configuration.load
) -> list[Destination[Any]]:
    """Every place of `targets`, in order of their names. Raises ConfigurationError."""
    known, names = target_types(), sorted(set(targets))
    if unknown := [name for name in names if name not in known]:
        there = ", ".join(known)
        raise ConfigurationError([f"{CrmSettings.variable('targets')}: no {', '.join(unknown)}; there are {there}"])
    configuration = load(*(known[name].settings_type for name in names))
    found = []
    for name in names:
        kind, settings = known[name], configuration[known[name].settings_type]
        found += [Destination(place, kind, settings) for place in kind.places(settings)]
    return found
