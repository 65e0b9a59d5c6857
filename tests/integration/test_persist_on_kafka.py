"""persist as a process, on a real Kafka and a real PostgreSQL: what is published is there once, whatever dies."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest
from kafka import KafkaAdminClient

from runtime.connections import KAFKA_CLIENTS, KafkaSettings
from runtime.kafka.connection import client_settings
from runtime.kafka.producer import KafkaProducer, OutgoingRecord
from schemas.cloudevents import headers
from schemas.codec import Codec
from schemas.events import Event
from schemas.ids import SchemaIds
from schemas.topics import MESSAGES
from tests.twins import persist_process, rig
from tests.twins.events import message, unrecognized

_codec = Codec(SchemaIds.checked_in())
ROOT = Path(__file__).parents[2]


def until(condition: Callable[[], Any], what: str) -> Any:
    """Longer than in memory: a member that was killed stays in the group for its session's 6 s."""
    for _ in range(4):
        try:
            return rig.until(condition, what)
        except AssertionError:
            continue
    return rig.until(condition, what)


class Stage:
    """A topic and a group of the test's own, a database, and processes."""

    def __init__(self, settings: KafkaSettings, postgres: Any) -> None:
        """Of the processes: whatever `settings` name; what is asked and published here is kafka-python's."""
        self.settings, self.postgres = settings, postgres
        self.topic, self.group = f"test.{uuid4().hex[:12]}", f"test-{uuid4().hex[:12]}"
        self.admin = KafkaAdminClient(**client_settings(settings, "test"))
        self.admin.create_topics({self.topic: {"num_partitions": 6, "replication_factor": 1}})
        self.admin.wait_for_topics([self.topic])
        self.producer = KafkaProducer(settings, "test")
        self.owner = psycopg.connect(postgres.owner_dsn, autocommit=True)
        self.processes: list[subprocess.Popen[bytes]] = []

    def publish(self, events: list[Event], topic: str | None = None) -> None:
        records = [
            OutgoingRecord(topic or self.topic, str(event.contact_phone).encode(), _codec.encode(event), headers(event))
            for event in events
        ]
        assert set(self.producer.publish_all(records, timeout=20)) == {None}

    def start(self) -> subprocess.Popen[bytes]:
        [bootstrap] = self.settings.bootstrap_servers
        # As the owner: the role of persist may write the positions of its own group only, and this is another.
        command = [sys.executable, "-m", persist_process.__name__, bootstrap, self.settings.client]
        process = subprocess.Popen(
            [*command, self.postgres.owner_dsn, self.group, self.topic], cwd=ROOT, stderr=subprocess.DEVNULL
        )
        self.processes.append(process)
        return process

    def stored(self) -> set[UUID]:
        return {row[0] for row in self.owner.execute("SELECT event_id FROM events")}

    def close(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()
        self.producer.close()
        self.admin.close()
        self.owner.close()


@pytest.fixture(params=KAFKA_CLIENTS)
def stage(request: pytest.FixtureRequest, kafka_settings: KafkaSettings, postgres: Any) -> Iterator[Stage]:
    made = Stage(kafka_settings.model_copy(update={"client": request.param}), postgres)
    yield made
    made.close()


def many(count: int) -> list[Event]:
    return [message(key=f"k{n}", contact_phone=f"+1303555{n % 100:04d}", name="Ann") for n in range(count)]


def test_what_is_published_becomes_rows_and_sigterm_ends_it_cleanly(stage: Stage) -> None:
    events = [*many(50), unrecognized()]
    stage.publish(events)
    process = stage.start()
    until(lambda: stage.stored() == {event.event_id for event in events}, "every event is stored")
    assert stage.owner.execute("SELECT count(*) FROM messages").fetchone() == (50,)
    assert stage.owner.execute("SELECT count(*), min(name) FROM contacts").fetchone() == (50, "Ann")
    places = stage.owner.execute('SELECT topic, partition, "offset", message_key FROM events').fetchall()
    assert {place[0] for place in places} == {stage.topic}
    assert len({place[:3] for place in places}) == 51
    [(ends,)] = stage.owner.execute("SELECT sum(next_offset) FROM consumer_offsets").fetchall()
    assert sum(len({p[2] for p in places if p[1] == number}) for number in {p[1] for p in places}) == ends
    assert {place[3] for place in places} == {None, *(event.message_key for event in events[:50])}  # type: ignore[attr-defined]
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    # it has left the group, so that the next one gets the partitions at once
    assert stage.admin.describe_groups([stage.group])[stage.group]["members"] == []


def test_what_is_set_aside_is_in_the_index_of_dead_letters(stage: Stage) -> None:
    event = message()
    junk = OutgoingRecord(stage.topic, b"k", b"\x00\x00\x00\x00\x63rubbish", [*headers(event), ("x", b"\xff")])
    assert stage.producer.publish_all([junk], timeout=20) == [None]
    stage.publish([unrecognized()])
    stage.start()
    until(stage.stored, "the good one is stored")
    rows = stage.owner.execute(
        "SELECT d.event_id, d.event_type, d.topic, d.disposition, d.error_class, d.ours, d.record_offset"
        " FROM dead_letters AS d JOIN consumer_offsets AS o USING (consumer_group, topic_id, partition)"
    ).fetchall()
    assert rows == [(event.event_id, "message.received", stage.topic, "undecodable", "Undecodable", True, 0)]
    [(kafka_at, spooled_at)] = stage.owner.execute("SELECT kafka_at, spooled_at FROM events").fetchall()
    assert abs((datetime.now(UTC) - kafka_at).total_seconds()) < 120
    assert spooled_at is None


@pytest.mark.slow
def test_killed_in_the_middle_another_one_goes_on_and_nothing_is_there_twice(stage: Stage) -> None:
    events = many(6000)
    stage.publish(events[:4000])
    process = stage.start()
    until(lambda: len(stage.stored()) > 200, "it has begun")
    process.kill()
    stage.publish(events[4000:])
    stage.start()
    until(lambda: len(stage.stored()) == 6000, "every event is stored")
    assert stage.stored() == {event.event_id for event in events}
    counted = stage.owner.execute("SELECT sum(next_offset) FROM consumer_offsets").fetchone()
    assert counted == (6000,)
    assert stage.owner.execute("SELECT count(*) FROM messages").fetchone() == (6000,)


@pytest.mark.slow
def test_two_share_the_work_and_one_takes_over_from_the_other(stage: Stage) -> None:
    first, two = stage.start(), stage.start()

    def members() -> int:
        return len(stage.admin.describe_groups([stage.group])[stage.group]["members"])

    until(lambda: members() == 2, "both have joined")
    events = many(4000)
    stage.publish(events[:2000])
    until(lambda: len(stage.stored()) == 2000, "the first half is stored")
    first.send_signal(signal.SIGTERM)
    stage.publish(events[2000:])
    until(lambda: len(stage.stored()) == 4000, "the second half is stored")
    assert first.wait(20) == 0
    assert two.poll() is None


@pytest.mark.slow
def test_frozen_in_mid_batch_and_resumed_it_is_fenced_off(stage: Stage) -> None:
    # Given a process that is stopped for longer than its group waits, while it works
    events = many(4000)
    stage.publish(events[:2000])
    frozen = stage.start()
    until(lambda: len(stage.stored()) > 0, "it has begun")
    frozen.send_signal(signal.SIGSTOP)
    stage.start()
    stage.publish(events[2000:])
    until(lambda: len(stage.stored()) == 4000, "the other one has done it all")
    # When it comes back
    frozen.send_signal(signal.SIGCONT)
    late = many(4100)[4000:]
    stage.publish(late)
    until(lambda: len(stage.stored()) == 4100, "they go on")
    # Then nothing is there twice, and both live
    assert [process.poll() for process in stage.processes] == [None, None]
    assert stage.owner.execute("SELECT sum(next_offset) FROM consumer_offsets").fetchone() == (4100,)


def test_the_command_runs_it_and_tells_how_it_is(kafka: str, postgres: Any, stage: Stage, tmp_path: Path) -> None:
    environment = os.environ | {
        "HOOKLINE_KAFKA__BOOTSTRAP_SERVERS": kafka,
        "HOOKLINE_KAFKA__CLIENT": stage.settings.client,
        "HOOKLINE_POSTGRES__DSN": postgres.dsn("persist"),
        "HOOKLINE_PERSIST__ADMIN_PORT": "0",
    }
    command = [sys.executable, "-m", "ops", "process", "persist"]
    # A file and no pipe: other tests leave junk on this topic, and persist's lines on it would fill a pipe
    # that nobody reads until persist waits in a write.
    log = tmp_path / "persist.log"
    with log.open("w", encoding="utf-8") as stderr:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=stderr)
    stage.processes.append(process)
    started = until(lambda: re.search(r"^.*processor_starting.*\n", log.read_text("utf-8"), re.MULTILINE), "it starts")
    port = json.loads(started[0])["admin_port"]
    event = message(key="through the command", account="test-account")
    stage.publish([event], MESSAGES.name)
    until(lambda: event.event_id in stage.stored(), "the event is stored")
    with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        # A look at Kafka is a second apart from the next one.
        ready = {"ok": True, "process": "persist", "reason": "ok"}
        until(lambda: client.get("/readyz").json() == ready, "persist says that it is ready")
        metrics = client.get("/metrics").text
    assert 'hookline_records_total{processor="persist",topic="sms.messages.v1"}' in metrics
    assert 'hookline_halted{processor="persist"} 0.0' in metrics
    process.terminate()
    assert process.wait(20) == 0
    said = log.read_text("utf-8")
    assert "processor_stopped" in said
    assert postgres.dsn("persist") not in said


def test_without_its_settings_it_refuses_to_start_and_names_them() -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HOOKLINE_")}
    command = [sys.executable, "-m", "ops", "process", "persist"]
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 78
    assert "HOOKLINE_KAFKA__BOOTSTRAP_SERVERS" in ended.stderr
    assert "HOOKLINE_POSTGRES__DSN" in ended.stderr


def test_while_it_is_paused_nothing_is_stored_and_then_it_goes_on(stage: Stage) -> None:
    stage.owner.execute(
        "INSERT INTO process_pauses (consumer_group, paused_by, reason) VALUES (%s, 'kim', 'a test')", (stage.group,)
    )
    events = many(20)
    stage.publish(events)
    process = stage.start()
    until(lambda: stage.admin.describe_groups([stage.group])[stage.group]["members"], "it has joined")
    time.sleep(3)
    assert stage.stored() == set()
    assert process.poll() is None
    stage.owner.execute("UPDATE process_pauses SET resumed_at = now()")
    until(lambda: stage.stored() == {event.event_id for event in events}, "every event is stored")
