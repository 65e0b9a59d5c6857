"""What the contract suite needs to know of the service behind a CRM target: one file here for each target.

The file has the target's name and one subclass of Service; the suite finds it, and fails for a target without one.
"""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, ClassVar, NamedTuple, Self

from processors.crm_sync.port import Capabilities, CrmTarget, target_types
from processors.outbox.rate_limiter import Unlimited
from runtime.settings import Configuration


class Held(NamedTuple):
    """A contact as the service itself has it, asked without the target."""

    id: str  #: as the target names it
    name: str | None
    tags: list[str]  #: in order where the service keeps one, else sorted
    opted_out: bool | None


class Service(ABC):
    """A played or real service: started once for all tests of its target, emptied before each."""

    #: What the target is able to do there: said here once more, so that nothing is lost unseen.
    capabilities: ClassVar[Capabilities]
    #: The secret that the target sends, which no error may tell.
    secret: ClassVar[str] = "s3cret-0123456789"
    #: Seconds that the target waits at most where the service is made to take longer.
    impatience: ClassVar[float] = 0.5

    @classmethod
    @contextmanager
    @abstractmethod
    def started(cls) -> Iterator[Self]:
        """Serving. A service that this machine cannot start skips, with the reason (pytest.skip)."""
        yield NotImplemented

    @abstractmethod
    def begin(self) -> None:
        """No faults, and nobody with a phone that the tests use."""

    @abstractmethod
    def environ(self, url: str | None, timeout: float) -> Mapping[str, str]:
        """Settings that point the target here, or at `url`, and have it wait for `timeout` seconds at most."""

    @abstractmethod
    def contacts(self, phone: str) -> Sequence[Held]:
        """Every contact with `phone`."""

    @abstractmethod
    def notes(self, contact: str) -> Sequence[str]:
        """The texts of the notes at `contact`, oldest first."""

    @abstractmethod
    def fault(self, operation: str, **fault: Any) -> None:
        """Have the call of `operation` that counts misbehave once: the writing one where it writes.

        `operation`: one of the suite's. `fault`: as of the sandbox's POST /_sandbox/faults, without the path.
        """

    def target(self, url: str | None = None, *, timeout: float = 10.0) -> CrmTarget[Any]:
        """The target, set to talk to this service, or to `url`."""
        kind = target_types()[type(self).__module__.rpartition(".")[2]]
        settings = Configuration.load(kind.settings_type, environ=dict(self.environ(url, timeout)))[kind.settings_type]
        return kind.configured(settings, Unlimited())


@cache
def service_type(target: str) -> type[Service]:
    """What stands behind `target`."""
    module = importlib.import_module(f"tests.contract.crm.{target.replace('-', '_')}")
    [found] = (
        held
        for held in vars(module).values()
        if isinstance(held, type) and held.__module__ == module.__name__ and issubclass(held, Service)
    )
    return found
