"""What every processor in the package promises, found by scanning: a new one cannot be forgotten."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from click.testing import CliRunner
from psycopg import sql

from ops.__main__ import hookline
from ops.processors import processor_names, topics_of_hookline
from processors.engine.batch import decoded
from processors.engine.database import Database
from processors.engine.isolation import is_rejection, land
from processors.engine.processor import Delivery, Processor, SetAside, processor_types
from processors.engine.service import runner_of
from processors.engine.state import State
from runtime.connections import KafkaSettings, PostgresSettings
from runtime.kafka.consumer import Record
from runtime.postgres import Connection, connect
from runtime.process import StopSignal
from runtime.settings import Configuration, ConfigurationError
from schemas.codec import Codec
from schemas.events import Event, Message, OptOutState
from schemas.ids import SchemaIds
from schemas.kafka_access import PROCESSOR_WRITES
from schemas.times import EARLIEST, LATEST
from schemas.topics import TOPIC_OF
from tests.twins.events import at, call, contact, message, opt_out, opt_out_state, unrecognized
from tests.twins.kafka import MemoryConsumer, MemoryKafka, MemoryProducer
from tests.twins.rig import beside, until

TYPES = processor_types()
_codec = Codec(SchemaIds.checked_in())

#: Columns that tell when a row was written, or in which order, and not what it says.
WRITTEN = {"stored_at", "updated_at", "created_at", "id", "number"}
#: Those of the opt-out ledger: places in the chain, and what is salted or hashed over them.
WRITTEN |= {"position", "last_position", "record_offset", "decided_at", "opened_at", "next_attempt_at"}
WRITTEN |= {"previous_hash", "hash", "evidence_digest", "digest", "salt"}
#: Where a record stood in Kafka: another delivery of the event has another place.
WRITTEN |= {"topic", "partition", "offset"}
#: Tables that tell of progress, not of effects.
PROGRESS = {
    "message_changes",
    "consumer_offsets",
    "consumer_outcomes",
    "consumer_failures",
    "opt_out_cursors",
    "opt_out_published",
    "published_topics",
    "process_heartbeats",
    "provider_facts",
    "topic_progress",
}


@pytest.fixture(params=list(TYPES))
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> type[Processor[Any]]:
    monkeypatch.setenv("HOOKLINE_CRM__TARGETS", "rest")  # without one crm-sync has nobody to order anything for
    return TYPES[request.param]


@pytest.fixture
def database(postgres: Any) -> Iterator[Any]:
    with psycopg.connect(postgres.owner_dsn, autocommit=True) as owner:
        yield postgres, owner


#: What a processor's settings cannot do without.
SETTINGS: dict[str, dict[str, Any]] = {"analytics": {"secret": "a-secret-of-a-test-that-is-long-enough"}}
#: What a processor published while it handled events: topic, key and value.
Published = set[tuple[str, bytes | None, bytes]]


def made(kind: type[Processor[Any]], **given: Any) -> Processor[Any]:
    """The processor with `given` settings and what it needs beside them."""
    own = kind.settings_type(**SETTINGS.get(kind.name, {}), **given)
    return kind(Configuration.of(own, *Configuration.load(*kind.sections())))


def tables(owner: psycopg.Connection[Any]) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, without when it was written."""
    found: dict[str, list[str]] = {}
    columns = owner.execute(
        "SELECT table_name, column_name FROM information_schema.columns JOIN information_schema.tables"
        " USING (table_schema, table_name) WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
        " ORDER BY table_name, ordinal_position"
    )
    for table, column in columns:
        if table not in PROGRESS and not table.startswith(("_yoyo", "yoyo")) and column not in WRITTEN:
            found.setdefault(table, []).append(column)
    return {
        table: sorted(
            owner.execute(
                sql.SQL("SELECT {} FROM {}").format(
                    sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(name)) for name in names),
                    sql.Identifier(table),
                )
            ).fetchall(),
            key=repr,
        )
        for table, names in found.items()
    }


def samples(kind: type[Processor[Any]]) -> list[Event]:
    """Something of everything on its topics, some of it about the same message or contact."""
    numbered = {"provider": "textus", "account": "acme", "provider_message_id": "/messages/1"}
    events: list[Event] = [
        message(key="textlink:in", text="hello", name="Ann", tag="Warm"),
        message(key="textlink:stop", text="STOP", contact_phone="+13035550177"),
        message("sent", "textlink:out", occurred_at=at(1)),
        message("failed", "textlink:out", occurred_at=at(1), failure_id="1"),
        message("sent", "textlink:other", occurred_at=at(2), text="x"),
        message("failed", "textlink:guess", occurred_at=at(5), text="x"),
        message("delivered", "textus:1", occurred_at=at(3), text=None, **numbered),
        message("unknown", "textus:1", occurred_at=at(2), **numbered),
        message(key="textlink:test", is_test=True, text="Working!"),
        contact(name="Ann B.", tags=("a", "b"), occurred_at=at(4)),
        contact(tag="", occurred_at=at(6)),
        contact(contact_phone="not a phone", phone_valid=False, name="Odd"),
        opt_out(True, occurred_at=at(7)),
        opt_out(False, occurred_at=at(8)),
        call(occurred_at=at(9)),
        unrecognized(),
        opt_out_state("out", 1, occurred_at=at(10)),
        opt_out_state("in", 3, occurred_at=at(12)),
        opt_out_state("hold", 2, occurred_at=at(11), contact_phone="+13035550177"),
    ]
    return [event for event in events if TOPIC_OF[type(event)] in kind.topics]


def taken(kind: type[Processor[Any]], postgres: Any, *batches: Sequence[Event]) -> Published:
    """Have these batches handled; what was published meanwhile, a repeat counted once."""
    producer = MemoryProducer()
    database = Database(lambda: connect(postgres.dsn(kind.name), process=kind.name))
    processor = made(kind)
    processor.publish_with(producer, _codec)
    for batch in batches:
        deliveries = [
            Delivery(Record(TOPIC_OF[type(event)].name, 0, n, 0, b"", b"", []), event) for n, event in enumerate(batch)
        ]
        with database.transaction() as connection:
            processor.handle(deliveries, connection)
    database.close()
    return {(record.topic, record.key, record.value) for record in producer.published}


def test_there_are_processors() -> None:
    assert "persist" in TYPES


def test_one_name_everywhere(kind: type[Processor[Any]]) -> None:
    name = kind.name
    assert kind.__module__.split(".")[1] == name.replace("-", "_")
    assert kind.settings_type.section == name.replace("-", "_")
    assert kind.settings_type.variable("admin_port") == f"HOOKLINE_{name.replace('-', '_').upper()}__ADMIN_PORT"
    assert kind.group() == f"hookline-{name}"
    assert (kind.dead_letters().name, kind.redrive().name) == (f"dlq.{name}", f"redrive.{name}")
    assert name in processor_names()
    assert {topic.name for topic in topics_of_hookline()} >= {
        kind.dead_letters().name,
        kind.redrive().name,
        *(topic.name for topic in kind.topics),
    }
    assert name in CliRunner().invoke(hookline, ["process", "--help"]).output


def test_it_says_what_it_is(kind: type[Processor[Any]]) -> None:
    assert kind.__doc__
    assert kind.settings_type.__doc__
    assert kind.topics


def test_every_mistake_in_its_settings_is_named_at_once(kind: type[Processor[Any]]) -> None:
    port = kind.settings_type.variable("admin_port")
    with pytest.raises(ConfigurationError) as raised:
        Configuration.load(KafkaSettings, PostgresSettings, kind.settings_type, environ={port: "lots"})
    named = str(raised.value)
    assert all(part in named for part in (port, "HOOKLINE_KAFKA__BOOTSTRAP_SERVERS", "HOOKLINE_POSTGRES__DSN"))


def test_the_same_events_again_change_nothing(kind: type[Processor[Any]], database: Any) -> None:
    postgres, owner = database
    events = samples(kind)
    published = taken(kind, postgres, events)
    once = tables(owner)
    assert any(once.values()) or published
    again = taken(kind, postgres, events, events + events, *([event] for event in events))
    assert tables(owner) == once
    assert again == published


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_order_of_arrival_makes_no_difference(kind: type[Processor[Any]], database: Any, seed: int) -> None:
    postgres, owner = database
    events = samples(kind)
    published = taken(kind, postgres, events)
    in_order = tables(owner)
    names = sql.SQL(", ").join(map(sql.Identifier, in_order))
    with psycopg.connect(postgres.superuser_dsn, autocommit=True) as superuser:
        superuser.execute("SET session_replication_role = replica")  # a ledger refuses it even to its owner
        superuser.execute(sql.SQL("TRUNCATE {}").format(names))
    random.Random(seed).shuffle(events)
    shuffled = taken(kind, postgres, *([event] for event in events))
    assert tables(owner) == in_order
    assert shuffled == published


#: The ends of every calendar, those of what a record may tell, and times between.
MOMENTS = (
    datetime.min.replace(tzinfo=UTC),
    datetime(1, 1, 2, tzinfo=UTC),
    EARLIEST - timedelta(microseconds=1),
    EARLIEST,
    at(0),
    LATEST - timedelta(microseconds=1),
    LATEST,
    datetime.max.replace(tzinfo=UTC),
)


def test_a_record_of_any_time_is_handled_or_set_aside(kind: type[Processor[Any]], database: Any) -> None:
    postgres, _ = database
    chance = random.Random(20261102)
    texts = ("STOP", "wrong number", "START", "hello", None)
    # Given events of every kind with every pair of times
    made_of: list[Event] = []
    for sample in samples(kind):
        for occurred, received in itertools.product(MOMENTS, MOMENTS):
            own: dict[str, Any] = {"event_id": uuid4(), "occurred_at": occurred, "received_at": received}
            if isinstance(sample, Message):
                own |= {"text": chance.choice(texts), "message_key": str(uuid4()), "is_test": False}
            if isinstance(sample, OptOutState):
                own |= {"since": chance.choice(MOMENTS)}
            made_of.append(replace(sample, **own))
    records = [
        Record(TOPIC_OF[type(event)].name, 0, n, 0, b"+13035550142", _codec.encode(event), [])
        for n, event in enumerate(made_of)
    ]
    deliveries, undecodable = decoded(records, _codec)
    assert {letter.error_class for letter in undecodable} == {"Undecodable"}
    assert {delivery.event.received_at for delivery in deliveries} == set(MOMENTS[3:6])
    # When they are handled
    processor, database_of_it = made(kind), Database(lambda: connect(postgres.dsn(kind.name), process=kind.name))
    processor.publish_with(MemoryProducer(), _codec)
    faults: list[Exception] = []
    for start in range(0, len(deliveries), 50):
        with database_of_it.transaction() as connection:
            land(deliveries[start : start + 50], processor.handle, connection, lambda _, error: faults.append(error))
    database_of_it.close()
    # Then nothing of it ends the process
    assert [error for error in faults if not is_rejection(error)] == []


def test_what_it_cannot_read_is_kept_and_the_rest_lands(kind: type[Processor[Any]], database: Any) -> None:
    # Given every kind of rubbish between good records, on each of its topics
    postgres, owner = database
    good = [event for event in samples(kind) if not event.is_test]
    rubbish = [None, b"", b"\x00", b"{}", b"\x00\x00\x00\x00\x01", b"\x00\x00\x00\xff\xff" + b"x" * 40]
    rubbish += [_codec.encode(good[0])[:-3], _codec.encode(good[0]) + b"\x00"]
    kafka, producer = MemoryKafka(), MemoryProducer()
    for topic in (*kind.topics, kind.redrive()):
        kafka.create(topic.name, 2)
    end = 0
    for event, bad in zip(good * 10, rubbish, strict=False):
        kafka.append(kind.topics[0].name, 0, bad)
        kafka.append(kind.topics[0].name, 0, _codec.encode(event), headers=[("n", str(event.event_id).encode())])
        end += 2
    # When it runs
    parked: list[SetAside] = []
    processor = made(kind, recheck=0.1)
    park = processor.park

    def parks(aside: SetAside, connection: Connection) -> bool:
        taken = park(aside, connection)
        parked.extend([aside] * taken)
        return taken

    processor.park = parks  # type: ignore[method-assign]
    stop, state = StopSignal(), State(kind.name)
    consumer = MemoryConsumer(kafka, kind.group())
    runner = runner_of(
        processor,
        consumer,
        producer,
        Database(lambda: connect(postgres.dsn(kind.name), process=kind.name)),
        state=state,
        stop=stop,
    )
    with beside(runner.run, stop.set):
        until(lambda: owner.execute("SELECT max(next_offset) FROM consumer_offsets").fetchone() == (end,))
    # Then all of it is kept, as it came, and the good ones have their effects
    letters = [record for record in producer.published if record.topic == kind.dead_letters().name]
    effects = [record for record in producer.published if record.topic != kind.dead_letters().name]
    kept = [letter.value for letter in letters] + [letter.record.value for letter in parked]
    assert sorted(kept, key=repr) == sorted(rubbish, key=repr)
    writes = {topic.name for topic in PROCESSOR_WRITES.get(kind.name, ())}
    assert {record.topic for record in effects} <= writes
    assert any(tables(owner).values()) or effects
