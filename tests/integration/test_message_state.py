"""`sms.message-state.v1` says of every message what `messages` says, in whatever order the events come."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from psycopg.rows import dict_row

from processors.engine.database import Database
from processors.engine.processor import Retryable
from processors.persist.publication import MessageStatePublication
from runtime.connections import KafkaSettings
from runtime.kafka.consumer import Partition
from runtime.kafka.producer import KafkaProducer, NotPublished
from runtime.kafka.reader import read
from runtime.kafka.topics import Offsets, TopicAdmin
from runtime.postgres import connect
from schemas.codec import Codec
from schemas.events import Event, MessageState
from schemas.ids import SchemaIds
from schemas.topics import MESSAGE_STATE
from tests.integration.test_persist_folds import Persisted, arrivals
from tests.twins.events import at, message
from tests.twins.kafka import MemoryProducer

CODEC = Codec(SchemaIds.checked_in())
#: What the topic and the table both have.
FIELDS = (
    *("message_key", "provider", "account", "contact_phone", "account_phone", "direction", "text", "state"),
    *("provider_message_id", "conversation_id", "custom_id", "failure_id", "sim_card_id", "portal"),
    *("first_at", "last_at"),
)


class Published:
    """persist on a database of its own, and who publishes the states."""

    def __init__(self, postgres: Any, producer: Any) -> None:
        self.persisted = Persisted(postgres.owner_dsn, postgres.dsn("persist"))
        self.owner = psycopg.connect(postgres.owner_dsn, autocommit=True, row_factory=dict_row)
        self.database = Database(lambda: connect(postgres.dsn("persist"), process="persist"))
        self.publication = MessageStatePublication(producer, CODEC)

    def publish(self) -> None:
        while not self.publication(self.database):
            pass

    def forget(self) -> None:
        self.persisted.forget()
        self.owner.execute("TRUNCATE message_changes")

    def rows(self) -> dict[str, dict[str, Any]]:
        rows = self.owner.execute("SELECT *, state_at AS occurred_at FROM messages").fetchall()
        return {row["message_key"]: {name: row[name] for name in (*FIELDS, "occurred_at")} for row in rows}

    def close(self) -> None:
        self.database.close()
        self.owner.close()
        self.persisted.close()


@pytest.fixture
def memory() -> MemoryProducer:
    return MemoryProducer()


@pytest.fixture
def published(postgres: Any, memory: MemoryProducer) -> Iterator[Published]:
    made = Published(postgres, memory)
    yield made
    made.close()


def compacted(records: Any) -> dict[str, dict[str, Any]]:
    """The newest state of every key, as a reader of the topic has it."""
    newest: dict[str, MessageState | None] = {}
    for record in records:
        state = None if record.value is None else CODEC.decode(record.value)
        assert state is None or isinstance(state, MessageState)
        newest[record.key.decode()] = state
    return {
        key: {name: getattr(state, name) for name in (*FIELDS, "occurred_at")}
        for key, state in newest.items()
        if state is not None
    }


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(arrivals())
def test_the_topic_says_what_the_table_says(
    published: Published, memory: MemoryProducer, arrived: tuple[list[Event], list[list[Event]]]
) -> None:
    published.forget()
    memory.published.clear()
    for batch in arrived[1]:
        published.persisted.take(batch)
        published.publish()
        assert compacted(memory.published) == published.rows()
    again = len(memory.published)
    published.publish()
    assert len(memory.published) == again, "what has not changed is not published again"


def test_what_kafka_did_not_take_is_published_later(published: Published, memory: MemoryProducer) -> None:
    published.persisted.take([message("sent", "a"), message("sent", "b", contact_phone="+13035550143")])
    memory.failures = [None, NotPublished("KafkaTimeoutError")]
    with pytest.raises(Retryable):
        published.publish()
    published.publish()
    assert compacted(memory.published) == published.rows()
    assert len(published.rows()) == 2


def test_one_process_at_a_time_publishes(published: Published, memory: MemoryProducer, postgres: Any) -> None:
    other = MessageStatePublication(memory, CODEC)
    published.persisted.take([message("sent", "a")])
    with published.database.transaction() as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (0x484C4D5347535441,))
        second = Database(lambda: connect(postgres.dsn("persist"), process="persist"))
        assert other(second) > 0
        second.close()
        assert not memory.published
    published.publish()
    assert compacted(memory.published).keys() == {"a"}


def state_logs(kafka: KafkaSettings) -> dict[Partition, Offsets]:
    """Where the logs of the topic begin and end."""
    with TopicAdmin(kafka, "test") as admin:
        places = admin.offsets(admin.describe([MESSAGE_STATE.name]).values())
    return {Partition(*place): bounds for place, bounds in places.items()}


def test_the_failure_rate_of_a_sim_is_the_same_from_the_topic_and_from_the_table(
    postgres: Any, kafka_settings: KafkaSettings
) -> None:
    # Given 60 messages of SIM 13, of which 21 fail: 9 under the key of their sent event, 12 with another time, and so
    # with another key
    chance = random.Random(7)
    events: list[Event] = []
    for n in range(60):
        about = {"contact_phone": f"+1303555{n:04}", "sim_card_id": "13", "text": f"text {n}"}
        events.append(message("sent", f"textlink:{n}", occurred_at=at(n), **about))
        if n < 21:
            key, minute = (f"textlink:{n}", n) if n < 9 else (f"textlink:{n}:failed", n + 3)
            events.append(message("failed", key, occurred_at=at(minute), failure_id=str(n), **about))
    chance.shuffle(events)
    # When they arrive in any order, on a real Kafka
    before = state_logs(kafka_settings)
    producer = KafkaProducer(kafka_settings, "test")
    published = Published(postgres, producer)
    try:
        for start in range(0, len(events), 7):
            published.persisted.take(events[start : start + 7])
            published.publish()
        rows = published.rows()
    finally:
        published.close()
        producer.close()
    # What other tests have put there is before.
    stretches = {at: Offsets(before[at].end, bounds.end) for at, bounds in state_logs(kafka_settings).items()}
    records = list(read(kafka_settings, "test", stretches))
    topic = {key: state for key, state in compacted(records).items() if state["sim_card_id"] == "13"}
    # Then both say what is true
    assert topic == rows
    assert (len(topic), sum(state["state"] == "failed" for state in topic.values())) == (60, 21)
