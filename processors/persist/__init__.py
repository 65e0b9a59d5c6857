"""persist: every event into `events`, the current state into `messages` and `contacts`."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial

from pydantic import Field, field_validator

from processors.engine.periodic_tasks import periodic_task
from processors.engine.processor import Background, Delivery, Processor
from processors.engine.publication import Backlog
from processors.engine.published_topic import PublishedTopicWatch, kafka_place
from processors.engine.settings import ProcessorSettings
from processors.engine.sql import sql
from processors.persist import failures
from processors.persist.publication import MessageStatePublication, start_over
from processors.persist.sim_numbers import SimNumbers
from processors.persist.topic_progress import TopicProgress, event_logs
from processors.staging import fold_contacts, stage
from processors.staging.origin import origin_of
from runtime.connections import KafkaSettings
from runtime.kafka.clients import producer_of
from runtime.postgres import Connection
from runtime.process import StopSignal
from runtime.schema_registry import SchemaRegistrySettings, codec
from runtime.settings import Configuration, StringList
from schemas.topics import EVENT_TOPICS, MESSAGE_STATE

_EVENTS = sql(__package__, "events")
_FORGET_KNOWN = sql(__package__, "forget_known")
_FAILURES = sql(__package__, "failures")
_MESSAGES = sql(__package__, "messages")


class PersistSettings(ProcessorSettings, name="persist"):
    """The processor that keeps PostgreSQL in step."""

    sim_numbers: StringList = Field(
        default=(),
        description="our own number of each TextLink SIM, which no webhook carries: 13=+13035550100,14=+13035550101",
    )

    @field_validator("sim_numbers")
    @classmethod
    def _pairs(cls, pairs: tuple[str, ...]) -> tuple[str, ...]:
        for pair in pairs:
            sim, _, phone = pair.partition("=")
            if not (sim.strip() and phone.strip()):
                raise ValueError(f"{pair!r} is no pair of a SIM's id and its number, such as 13=+13035550100")
        return pairs

    def phone_of_sim(self) -> dict[str, str]:
        """Our own number, by SIM."""
        pairs = (pair.partition("=") for pair in self.sim_numbers)
        return {sim.strip(): phone.strip() for sim, _, phone in pairs}


class Persist(Processor[PersistSettings]):
    """Stages a batch with COPY and folds it with one statement a table.

    Every fold gives the same result for any order of arrival, and none takes an event twice. Rows are written in
    order of their key, table after table, so that several processes wait for each other but never in a circle.
    """

    name = "persist"
    topics = EVENT_TOPICS
    settings_type = PersistSettings

    def __init__(self, configuration: Configuration) -> None:
        super().__init__(configuration)
        self._backlog = Backlog(self.settings.batch_records)

    def handle(self, batch: Sequence[Delivery], connection: Connection) -> None:
        stage(connection, (delivery.event for delivery in batch), [origin_of(delivery.record) for delivery in batch])
        with connection.cursor() as cursor:
            # A batch that a crash of the database takes away takes its offsets with it, and Kafka has its records:
            # it is read again (docs/decisions/0011).
            cursor.execute("SET LOCAL synchronous_commit = off")
            if cursor.execute(_EVENTS).rowcount < len(batch):
                cursor.execute(_FORGET_KNOWN)
            cursor.execute(_FAILURES)
            touched = failures.touched(connection)
            cursor.execute(_MESSAGES)
            if touched:
                failures.rejoin(connection, touched)
            fold_contacts(connection, "contacts")
        self._backlog.handled(len(batch))

    def background(self, connect: Callable[[], Connection], stop: StopSignal) -> Sequence[Background]:
        """See Processor.background. Raises ConfigurationError."""
        kafka = self.configuration[KafkaSettings]
        producer = producer_of(kafka, f"hookline-message-state-{os.getpid()}")
        states = MessageStatePublication(producer, codec(self.configuration[SchemaRegistrySettings]), self._backlog)
        numbers = SimNumbers(self.settings.phone_of_sim())
        place = partial(kafka_place, kafka, MESSAGE_STATE.name, f"hookline-persist-place-{os.getpid()}")
        progress = TopicProgress(producer, lambda: event_logs(kafka, "hookline-progress"))
        return [
            periodic_task("message-states", connect, stop, states),
            periodic_task("state-topic", connect, stop, PublishedTopicWatch(MESSAGE_STATE.name, place, start_over)),
            periodic_task("sim-numbers", connect, stop, numbers),
            periodic_task("progress", connect, stop, progress),
        ]
