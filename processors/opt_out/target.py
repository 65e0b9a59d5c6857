"""Where opt-outs are made true beyond our own database. A target is one file in `targets/`, found by looking."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar, Generic, TypeVar

from processors.outbox.budget import Budget
from processors.outbox.rate_limiter import RateLimiter
from runtime.found import found_in
from runtime.settings import Section

S = TypeVar("S", bound=Section)


@dataclass(frozen=True, slots=True)
class TargetAccount:
    """One account of the organisation at a target."""

    slug: str
    name: str | None


class OptOutTarget(ABC, Generic[S]):
    """One target. Used by several threads at once; every method may raise RetryLater and its kinds, and Rejected.

    NotFound: the target does not know the account; `processors/outbox/errors.py` says what the others mean.
    """

    #: As people write it; where the target is also a provider, the provider's name.
    name: ClassVar[str]
    #: What it is set with; `is_used` says whether that is enough.
    settings_type: ClassVar[type[Section]]

    @classmethod
    @abstractmethod
    def is_used(cls, settings: S) -> bool:
        """Whether `settings` are enough to call it; a target that is not used is told nothing."""

    @classmethod
    @abstractmethod
    def configured(cls, settings: S, limiter: RateLimiter) -> OptOutTarget[S]:
        """The target that `settings` describe, paying from `limiter`; they have to be enough."""

    @classmethod
    @abstractmethod
    def budget(cls, settings: S) -> Budget:
        """What its requests are paid from."""

    @property
    def accounts_by_hand(self) -> Collection[TargetAccount]:
        """The accounts that a setting names; none: ask the target."""
        return ()

    @abstractmethod
    def accounts(self) -> list[TargetAccount]:
        """Every account of the organisation."""

    @abstractmethod
    def opt_out(self, account: str, phone: str) -> None:
        """Have `account` never text `phone`, which may be so already. Raises NotFound."""

    @abstractmethod
    def out_of(self, account: str, phones: Collection[str]) -> set[str]:
        """Those of `phones` that `account` has opted out. Raises NotFound."""

    @abstractmethod
    def batch(self) -> int:
        """How many phones one question may name."""

    def close(self) -> None:
        """Let go of connections."""


@lru_cache(maxsize=1)
def target_types() -> Mapping[str, type[OptOutTarget[Any]]]:
    """Every target in `targets/` by its name."""
    from processors.opt_out import targets

    return found_in(targets, OptOutTarget)


@lru_cache(maxsize=1)
def target_names() -> frozenset[str]:
    """What targets there are."""
    return frozenset(target_types())
