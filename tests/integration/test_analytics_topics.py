"""The topics without personal data, on a real Kafka: every event is there, and nothing of anybody."""

from __future__ import annotations

import gc
import os
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from kafka import KafkaAdminClient

from processors.analytics import Analytics
from processors.analytics.keys import Keys
from processors.analytics.settings import AnalyticsSettings
from processors.engine.database import Database
from processors.engine.service import runner_of
from processors.engine.state import State
from runtime.connections import KafkaSettings
from runtime.kafka.connection import client_settings
from runtime.kafka.consumer import KafkaConsumer, Partition, Record
from runtime.kafka.producer import KafkaProducer, OutgoingRecord
from runtime.kafka.reader import read
from runtime.kafka.topics import TopicAdmin
from runtime.postgres import connect
from runtime.process import StopSignal
from runtime.settings import Configuration
from schemas import cloudevents
from schemas.codec import Codec
from schemas.events import Event
from schemas.ids import SchemaIds
from schemas.topics import ANALYTICS_TOPICS, TOPIC_OF
from tests.twins import rig
from tests.twins.events import at, call, contact, message, opt_out, unrecognized
from tests.twins.personal_scan import hits, personal

CODEC = Codec(SchemaIds.checked_in())
SECRET = "a-secret-of-a-test-that-is-long-enough"
#: Events of a run, of which the scan reads all: HOOKLINE_ANALYTICS_COUNT=100000 measures the rate.
COUNT = int(os.environ.get("HOOKLINE_ANALYTICS_COUNT", "2000"))


class Stage:
    """A topic with events of every kind, and analytics in groups of the test's own."""

    def __init__(self, kafka: KafkaSettings, postgres: Any) -> None:
        self.kafka, self.postgres = kafka, postgres
        self.topic = f"test.{uuid4().hex[:12]}"
        admin = KafkaAdminClient(**client_settings(kafka, "test"))
        admin.create_topics({self.topic: {"num_partitions": 6, "replication_factor": 1}})
        admin.wait_for_topics([self.topic])
        admin.close()
        self.producer = KafkaProducer(kafka, "test")

    def publish(self, events: list[Event]) -> None:
        for start in range(0, len(events), 1000):
            records = [
                OutgoingRecord(
                    self.topic, (event.contact_phone or "").encode(), CODEC.encode(event), cloudevents.headers(event)
                )
                for event in events[start : start + 1000]
            ]
            assert set(self.producer.publish_all(records, timeout=20)) == {None}

    def run(self, count: int) -> float:
        """Everything on the topic by a group that has read nothing; events a second of this process's own time."""
        group, stop = f"test-{uuid4().hex[:12]}", StopSignal()
        runner = runner_of(
            Analytics(Configuration.of(AnalyticsSettings(secret=SECRET))),
            KafkaConsumer(self.kafka, "test", group, session_timeout=6.0),
            self.producer,
            # As the owner: a processor's role may write the positions of its own group only, and this is another.
            Database(lambda: connect(self.postgres.owner_dsn, process="analytics")),
            state=State("analytics"),
            stop=stop,
            topics=[self.topic],
            group=group,
        )
        gc.freeze()  # as a service has it: this process holds all of the events besides
        with psycopg.connect(self.postgres.owner_dsn, autocommit=True) as owner, rig.beside(runner.run, stop.set):

            def done() -> int:
                query = "SELECT coalesce(sum(next_offset), 0)::int FROM consumer_offsets WHERE consumer_group = %s"
                [(offsets,)] = owner.execute(query, (group,)).fetchall()
                return int(offsets)

            first = rig.until(done, "the first batch is done", every=0.02)
            began = time.process_time()
            rig.until(lambda: done() == count, "every event is published", every=0.1)
            gc.unfreeze()
            return (count - first) / (time.process_time() - began)

    def published(self) -> list[Record]:
        with TopicAdmin(self.kafka, "test") as admin:
            places = admin.offsets(admin.describe([topic.name for topic in ANALYTICS_TOPICS]).values())
        return list(read(self.kafka, "test", {Partition(*place): bounds for place, bounds in places.items()}))

    def close(self) -> None:
        self.producer.close()


@pytest.fixture
def stage(kafka_settings: KafkaSettings, postgres: Any) -> Iterator[Stage]:
    made = Stage(kafka_settings, postgres)
    yield made
    made.close()


def everything(count: int) -> list[Event]:
    """Events of every kind, with a phone, a name or a text in every field that holds one."""
    made: list[Event] = []
    for number in range(count):
        phone, name = f"+1303{5_000_000 + number % 700:07}", f"Zebulon Quackenbush {number % 700}"
        text = f"{name} lives at Elm Street {number}, call {phone}"
        payload = f'{{"phone_number": "{phone}", "text": "{text}", "name": "{name}"}}'
        common: dict[str, Any] = {"contact_phone": phone, "payload": payload, "occurred_at": at(number / 60)}
        kinds: list[Event] = [
            message(key=f"textlink:key-{number}", text=text, name=name, tag=f"friend of {name}", **common),
            message(
                "sent", f"textlink:key-{number}", text=text, account_phone="+13035550100", custom_id=text, **common
            ),
            contact(name=name, tags=(f"friend of {name}", text), business_name=f"{name} Inc", **common),
            opt_out(True, account_phone="+13035550100", **common),
            call(provider_call_id=f"/calls/{phone}", conversation_id=f"/conversations/{phone}", **common),
            unrecognized(kind=text, payload=payload),
        ]
        made.append(kinds[number % len(kinds)] if number % 3 else kinds[number % 2])
    return made


def event_id(record: Any) -> str:
    """The id in the headers; others leave records without one, or with a null, on these topics."""
    return (dict(record.headers).get("ce_id") or b"").decode("utf-8", "replace")


def test_every_event_is_there_once_more_and_nothing_of_anybody(stage: Stage) -> None:
    # Given events of every kind, full of personal data, on a real Kafka
    events = everything(COUNT)
    stage.publish(events)
    keys = Keys(SECRET)
    expected = {str(keys.event_id(event.event_id)) for event in events}
    # When analytics reads them
    rate = stage.run(len(events))
    # Then each has its record, on its topic
    ours = [record for record in stage.published() if event_id(record) in expected]
    assert {event_id(record) for record in ours} == expected
    assert len({(record.key, record.value) for record in ours}) == len(expected), "a repeat, if any, is the same record"
    topics = {record.topic for record in ours}
    assert topics == {TOPIC_OF[type(event)].name.replace(".v1", ".analytics.v1") for event in events}
    # and the scan finds nothing of what they hold
    planted = set().union(*map(personal, events))
    assert len(planted) > 300
    shared = {"+13035550100", "Zebulon", "Quackenbush", "Elm Street", "friend of"}
    by_id = {str(keys.event_id(event.event_id)): event for event in events}
    for record in ours:
        event = by_id[event_id(record)]
        assert hits(personal(event) | shared, record.key, record.value or b"", record.headers) == set()
    assert any(hits(personal(event) | shared, None, CODEC.encode(event), []) for event in events), "the scan looks"
    # and a contact has the same key, so the same partition, on all of them
    places = {(record.key, record.partition) for record in ours if record.topic != "sms.unrecognized.analytics.v1"}
    assert len(places) == len({key for key, _ in places})
    if len(events) > 10_000:  # fewer are few batches
        print(f"analytics: {rate:,.0f} events a second of the process's time")


def test_what_is_published_again_has_the_same_ids_and_the_same_bytes(stage: Stage) -> None:
    events = everything(60)
    stage.publish(events)
    expected = {str(Keys(SECRET).event_id(event.event_id)) for event in events}

    stage.run(len(events))
    stage.run(len(events))  # as after a crash before the position moved

    ours = [record for record in stage.published() if event_id(record) in expected]
    repeats = Counter((record.topic, record.key, record.value) for record in ours)
    assert min(repeats.values()) >= 2  # Kafka may confirm too late, and then has a record once more
    assert len(repeats) == len(events)
