"""What a processor is. A new one is one new file: a subclass of Processor, found by `processor_types`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar, cast

from processors.engine.settings import ProcessorSettings
from runtime.admin import Readiness
from runtime.found import found_in
from runtime.kafka.consumer import Record
from runtime.kafka.producer import BulkProducer
from runtime.postgres import Connection
from runtime.process import StopSignal
from runtime.settings import Configuration, Section
from schemas.codec import Codec
from schemas.events import Event
from schemas.topics import Topic, consumer_group, dead_letter_topic, redrive_topic

S = TypeVar("S", bound=ProcessorSettings)


#: Seconds without a sign of life after which work beside the consumer counts as frozen, where it does not say better.
#: A round of calls to an API whose answers are slow is no sign until it is over.
BACKGROUND_LIMIT = 600.0


class Delivery(NamedTuple):
    """An event and the record that brought it."""

    record: Record
    event: Event


class Retryable(Exception):
    """Try again later, for as long as it takes: the world is down, or asks to wait."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after  #: seconds that the world asked for; None: ours to choose


class Rejected(Exception):
    """Set this record aside and go on with the next: it will never work."""


@dataclass(frozen=True, slots=True)
class SetAside:
    """A record that was set aside, and why."""

    record: Record
    disposition: str  #: "undecodable", "rejected" or "poison"
    error_class: str
    error_message: str  #: without personal data
    attempts: int = 1


class Background(NamedTuple):
    """Work beside the consumer, in a thread of its own, until the process stops."""

    name: str
    run: Callable[[], None]
    limit: float = BACKGROUND_LIMIT  #: seconds without a sign of life after which it counts as frozen


class Processor(ABC, Generic[S]):
    """Handles events. What it writes through the connection it is given happens exactly once."""

    #: As people write it, such as "opt-out"; its file's name with hyphens.
    name: ClassVar[str]
    #: What it reads, beside its own redrive topic.
    topics: ClassVar[tuple[Topic, ...]]
    settings_type: ClassVar[type[ProcessorSettings]]
    #: Whether it tells PostgreSQL up to when it has committed everything (processors/engine/freshness.py).
    tells_freshness: ClassVar[bool] = False

    def __init__(self, configuration: Configuration) -> None:
        """`configuration`: its own section, those of `sections`, and for `background` what every processor shares."""
        self.configuration = configuration
        self.settings = cast(S, configuration[self.settings_type])

    @classmethod
    def sections(cls) -> Sequence[type[Section]]:
        """The sections that it reads beside its own. Raises ConfigurationError."""
        return ()

    def publish_with(self, producer: BulkProducer, codec: Codec) -> None:
        """What it publishes with, where handling an event is to publish something; called before the first batch."""
        del producer, codec

    @abstractmethod
    def handle(self, batch: Sequence[Delivery], connection: Connection) -> None:
        """Do what `batch` asks for, within the transaction that is open on `connection`.

        The same events may come again, in any order, alone or together, and must change nothing then.
        Raises Retryable, Rejected (of any record in the batch: it is found and set aside), or whatever our bugs
        raise.
        """

    def park(self, aside: SetAside, connection: Connection) -> bool:
        """Keep `aside` in the offset's transaction instead of the dead letters; False: it is a dead letter."""
        del aside, connection
        return False

    def background(self, connect: Callable[[], Connection], stop: StopSignal) -> Sequence[Background]:
        """Work that goes on beside the consumer until `stop`."""
        del connect, stop
        return ()

    def readiness(self) -> Readiness:
        """Whether anything of its own keeps it from its work."""
        return Readiness(True)

    @classmethod
    def group(cls) -> str:
        """Its consumer group."""
        return consumer_group(cls.name)

    @classmethod
    def dead_letters(cls) -> Topic:
        """Where it sets records aside."""
        return dead_letter_topic(cls.name)

    @classmethod
    def redrive(cls) -> Topic:
        """Where its dead letters return to it."""
        return redrive_topic(cls.name)


def processor_types() -> dict[str, type[Processor[Any]]]:
    """Every processor in this package by its name, found by looking."""
    import processors

    return found_in(processors, Processor)
