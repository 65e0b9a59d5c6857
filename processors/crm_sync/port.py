"""What a CRM has to offer. A target is one file in `targets/`, found by looking.

Whatever it raises says what happens next (`processors/outbox/errors.py`): RetryLater and its kinds, NotFound, Rejected.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, ClassVar, Generic, TypeVar

from processors.outbox.budget import Budget
from processors.outbox.rate_limiter import RateLimiter
from runtime.found import found_in
from runtime.settings import Section

S = TypeVar("S", bound=Section)


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a target is able to do; what it is not is left out there."""

    notes: bool = True  #: it takes notes at all
    find_note: bool = True  #: notes can be found by their external id: after an unknown outcome it is asked
    update_note: bool = True
    tags: bool = True
    opt_out: bool = True


@dataclass(frozen=True, slots=True)
class Person:
    """A contact as a target has it."""

    id: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """What a note says."""

    text: str
    external_id: str  #: the id of the event that it was first written for, the same for ever
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class Finding:
    """What `hookline crm check` has found out."""

    about: str
    ok: bool
    sentence: str  #: what is so, or what to mend and how


class CrmTarget(ABC, Generic[S]):
    """One CRM. Used by several threads at once; every method may raise RetryLater and its kinds, and Rejected.

    What its capabilities leave out is never asked of it.
    """

    #: As people write it, and its file's name.
    name: ClassVar[str]
    #: What it is set with.
    settings_type: ClassVar[type[Section]]

    @classmethod
    @abstractmethod
    def configured(cls, settings: S, limiter: RateLimiter) -> CrmTarget[S]:
        """The target that `settings` describe, paying from `limiter`. Raises ConfigurationError."""

    @classmethod
    @abstractmethod
    def budget(cls, settings: S) -> Budget | None:
        """What its requests are paid from; None: it knows no limit."""

    @classmethod
    def places(cls, settings: S) -> Sequence[str]:  # noqa: ARG003
        """Under which names deliveries are ordered: its own, or `name:account` for each of several accounts."""
        return (cls.name,)

    @classmethod
    def at(cls, place: str, settings: S, limiter: RateLimiter) -> CrmTarget[S]:  # noqa: ARG003
        """The target at one of its places. Raises ConfigurationError."""
        return cls.configured(settings, limiter)

    @property
    def place(self) -> str:
        """Which of its places this is."""
        return self.name

    @property
    @abstractmethod
    def capabilities(self) -> Capabilities:
        """What it is able to do, as it is set."""

    def takes(self, phone: str) -> bool:  # noqa: ARG002
        """Whether a contact there can have `phone`; one that cannot is left out there."""
        return True

    @abstractmethod
    def find_by_phone(self, phone: str) -> Sequence[Person]:
        """Every contact with `phone`, the one that counts first."""

    @abstractmethod
    def upsert_contact(self, phone: str, name: str | None, contact: str | None) -> str:
        """The contact's id. Makes it where `contact` is None, else gives it `name`; None leaves it. Raises NotFound."""

    def log_message(self, contact: str, note: Note) -> str:
        """Write `note` at `contact`, however often it is there already; its id. Raises NotFound."""
        raise NotImplementedError

    def find_note(self, contact: str, external_id: str) -> str | None:
        """The id of the note that carries `external_id`. Raises NotFound."""
        raise NotImplementedError

    def update_note(self, contact: str, note: str, said: Note) -> None:
        """Have the note say `said` from now on. Raises NotFound."""
        raise NotImplementedError

    def set_tags(self, contact: str, add: Collection[str], remove: Collection[str]) -> None:
        """Add and remove tags; those of other people stay. Raises NotFound."""
        raise NotImplementedError

    def set_opt_out(self, contact: str, *, opted_out: bool) -> None:
        """Write down whether the contact may be texted. Raises NotFound."""
        raise NotImplementedError

    @abstractmethod
    def check(self) -> Sequence[Finding]:
        """Whether it can be called as it is set: address, credentials, fields. Changes nothing, raises nothing."""

    def close(self) -> None:
        """Let go of connections."""


@lru_cache(maxsize=1)
def target_types() -> Mapping[str, type[CrmTarget[Any]]]:
    """Every target in `targets/` by its name."""
    from processors.crm_sync import targets

    return found_in(targets, CrmTarget)
