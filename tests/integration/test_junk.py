"""Whatever anybody puts on a topic: all three processors go on, junk is set aside, genuine events have their effect.

HOOKLINE_JUNK_COUNT batches (300; `make fuzz` writes 5,000) from HOOKLINE_JUNK_SEED (a new one each time).
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
from confluent_kafka import Producer as TransactionalProducer
from kafka import KafkaAdminClient
from kafka.structs import TopicPartition

from deploy.local.ports import free_ports
from runtime.connections import KafkaSettings
from runtime.kafka.connection import client_settings
from runtime.kafka.consumer import KafkaConsumer, Partition
from runtime.kafka.librdkafka.consumer import LibrdkafkaConsumer
from runtime.kafka.producer import KafkaProducer, OutgoingRecord
from runtime.kafka.reader import read
from runtime.kafka.topics import TopicAdmin
from schemas import cloudevents
from schemas.codec import Codec
from schemas.events import Event
from schemas.ids import SchemaIds
from schemas.topics import PARTITIONS, RECORD_TOPICS, TOPIC_OF, dead_letter_topic, redrive_topic
from tests.fuzz.junk import batch, junk_batch, large_batches, put_batches
from tests.twins.events import contact, message, opt_out

COUNT = int(os.environ.get("HOOKLINE_JUNK_COUNT", "300"))
SEED = int(os.environ.get("HOOKLINE_JUNK_SEED") or random.SystemRandom().randrange(2**31))
NAMES = ("persist", "opt-out", "crm-sync")
TIME_LIMIT = 120.0 + COUNT / 10
#: Every topic that a processor reads.
TOPICS = [topic.name for topic in (*RECORD_TOPICS, *map(redrive_topic, NAMES))]
_codec = Codec(SchemaIds.checked_in())


class Processes:
    """The three processors, as `hookline process` runs them."""

    def __init__(self, kafka: str, postgres: Any, folder: Path) -> None:
        self.owner = psycopg.connect(postgres.owner_dsn, autocommit=True)
        self.ports = dict(zip(NAMES, free_ports(len(NAMES)), strict=True))
        self.logs = {name: folder / f"{name}.log" for name in NAMES}
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        for name, port in self.ports.items():
            section = name.replace("-", "_").upper()
            environment = {key: value for key, value in os.environ.items() if not key.startswith("HOOKLINE_")} | {
                "HOOKLINE_HOME": str(folder),
                "HOOKLINE_KAFKA__BOOTSTRAP_SERVERS": kafka,
                "HOOKLINE_POSTGRES__DSN": postgres.dsn(name),
                f"HOOKLINE_{section}__ADMIN_PORT": str(port),
            }
            with self.logs[name].open("wb") as output:
                command = [sys.executable, "-m", "ops", "process", name]
                self.running[name] = subprocess.Popen(command, env=environment, stdout=output, stderr=output)

    def ready(self, name: str) -> str:
        """What its /readyz says."""
        try:
            answer = httpx.get(f"http://127.0.0.1:{self.ports[name]}/readyz", timeout=5)
        except httpx.TransportError as error:
            return type(error).__name__
        return "ready" if answer.is_success else answer.text

    def stored(self, name: str) -> dict[tuple[str, int], int]:
        """Where it stands."""
        rows = self.owner.execute(
            "SELECT topic, partition, next_offset FROM consumer_offsets WHERE consumer_group = %s", [f"hookline-{name}"]
        )
        return {(topic, number): offset for topic, number, offset in rows}

    def check(self) -> None:
        """Every one lives and says so."""
        for name, process in self.running.items():
            tail = self.logs[name].read_text("utf-8", "replace")[-4000:]
            assert process.poll() is None, f"{name} ended with {process.returncode}:\n{tail}"

    def close(self) -> None:
        for process in self.running.values():
            process.kill()
            process.wait()
        self.owner.close()


@pytest.fixture
def processes(kafka: str, postgres: Any, tmp_path: Path) -> Iterator[Processes]:
    with closing(Processes(kafka, postgres, tmp_path)) as made:
        yield made


def records_of(events: list[Event]) -> list[OutgoingRecord]:
    return [
        OutgoingRecord(
            TOPIC_OF[type(event)].name,
            str(event.contact_phone).encode(),
            _codec.encode(event),
            cloudevents.headers(event),
        )
        for event in events
    ]


def in_transactions(kafka: str, aborted: list[Event], committed: list[Event]) -> None:
    """Write events in a transaction that is given up, and in one that is not."""
    producer = TransactionalProducer(
        {"bootstrap.servers": kafka, "transactional.id": f"stranger-{SEED}", "log_level": 0}
    )
    producer.init_transactions(30)
    for events, end in ((aborted, producer.abort_transaction), (committed, producer.commit_transaction)):
        producer.begin_transaction()
        for record in records_of(events):
            producer.produce(record.topic, key=record.key, value=record.value, headers=list(record.headers))
        producer.flush(30)
        end(30)


def until(processes: Processes, condition: Any, what: str) -> None:
    deadline = time.monotonic() + TIME_LIMIT
    while not condition():
        processes.check()
        if time.monotonic() > deadline:
            tails = "\n".join(f"{name}: {processes.ready(name)}" for name in NAMES)
            raise AssertionError(f"HOOKLINE_JUNK_SEED={SEED}: {what} never came true\n{tails}")
        time.sleep(0.2)


@pytest.mark.slow
@pytest.mark.timeout(600 + COUNT)
def test_junk_of_every_kind_on_every_topic(kafka: str, kafka_settings: KafkaSettings, processes: Processes) -> None:
    print(f"HOOKLINE_JUNK_SEED={SEED} HOOKLINE_JUNK_COUNT={COUNT}")
    chance = random.Random(SEED)
    # Given junk of every kind on every topic, and what is too large for a letter or for the memory
    batches = [
        (TopicPartition(chance.choice(TOPICS), chance.randrange(PARTITIONS)), junk_batch(chance)) for _ in range(COUNT)
    ]
    batches += [(TopicPartition(topic, chance.randrange(PARTITIONS)), batch([(b"k", None, [])])) for topic in TOPICS]
    batches += [
        (TopicPartition(chance.choice(TOPICS), chance.randrange(PARTITIONS)), large) for large in large_batches() * 2
    ]
    batches += [(TopicPartition("sms.messages.v1", 0), batch([(b"+1", b"junk", [])]))] * 120
    chance.shuffle(batches)
    taken, refused = put_batches(kafka_settings, batches, patience=TIME_LIMIT)
    print(f"Kafka took {taken} batches and refused {refused}")
    assert taken > refused
    # And events in a transaction that was given up and in one that was not, each with its mark behind it
    given_up = [message(key="aborted", contact_phone="+13035550188", text="STOP")]
    in_transaction = [message(key="committed", contact_phone="+13035550166", text="STOP")]
    in_transactions(kafka, given_up, in_transaction)
    # When genuine events follow
    phones = [f"+1303555{number:04d}" for number in range(30)]
    genuine: list[Event] = [message(key=f"genuine-{phone}", contact_phone=phone, text="STOP") for phone in phones]
    genuine += [contact(name="Ann", contact_phone="+13035550155"), opt_out(True, contact_phone="+13035550144")]
    genuine += in_transaction
    with closing(KafkaProducer(kafka_settings, "hookline-tests")) as producer:
        assert set(producer.publish_all(records_of(genuine[:-1]), timeout=30)) == {None}
    # Then each has its effect in every processor
    owner, ids = processes.owner, [event.event_id for event in genuine]

    def effects() -> bool:
        stops = [event.contact_phone for event in genuine if not hasattr(event, "tags")]
        events = owner.execute("SELECT count(*) FROM events WHERE event_id = ANY (%s)", [ids]).fetchone()
        out = owner.execute(
            "SELECT count(*) FROM opt_outs WHERE state = 'out' AND phone = ANY (%s)", [stops]
        ).fetchone()
        synced = owner.execute(
            "SELECT count(*) FROM crm_contacts WHERE opt_out_state = 'out' AND phone = ANY (%s)", [stops]
        ).fetchone()
        named = owner.execute("SELECT name FROM crm_contacts WHERE phone = '+13035550155'").fetchone()
        return (events, out, synced, named) == ((len(ids),), (len(stops),), (len(stops),), ("Ann",))

    until(processes, effects, "the effect of every genuine event")
    assert owner.execute("SELECT count(*) FROM events WHERE event_id = %s", [given_up[0].event_id]).fetchone() == (0,)
    assert owner.execute("SELECT count(*) FROM opt_outs WHERE phone = '+13035550188'").fetchone() == (0,)
    # And every processor has come to the end of every partition, marks of transactions and all, and is ready
    with TopicAdmin(kafka_settings, "hookline-tests") as admin:
        ends = admin.offsets(admin.describe(TOPICS).values())

    def at_the_end() -> bool:
        for name in NAMES:
            stored = processes.stored(name)
            if any(offset != ends[place].end for place, offset in stored.items() if place[0] != "sms.opt-out-state.v1"):
                return False
        return True

    until(processes, at_the_end, "the end of every partition")
    until(processes, lambda: all(processes.ready(name) == "ready" for name in NAMES), "readiness")
    processes.check()
    assert owner.execute("SELECT count(*) FROM consumer_outcomes WHERE halted_at IS NOT NULL").fetchone() == (0,)
    assert owner.execute("SELECT count(*) FROM consumer_failures").fetchone() == (0,)
    # And what was set aside is kept, as it came
    for name in ("persist", "crm-sync"):
        with TopicAdmin(kafka_settings, "hookline-tests") as admin:
            bounds = admin.offsets(admin.describe([dead_letter_topic(name).name]).values())
        stretches = {Partition(*place): offsets for place, offsets in bounds.items()}
        letters = list(read(kafka_settings, "hookline-tests", stretches))
        print(f"{name} has set {len(letters)} records aside")
        assert sum(letter.value == b"junk" for letter in letters) >= 120
    parked = owner.execute("SELECT count(*) FROM opt_out_parked WHERE value = 'junk'::bytea").fetchone()
    assert parked == (120,)


class Assigned:
    """A RebalanceListener that remembers."""

    def __init__(self) -> None:
        self.partitions: frozenset[Partition] = frozenset()

    def revoked(self, partitions: frozenset[Partition]) -> None:
        self.partitions -= partitions

    def assigned(self, partitions: frozenset[Partition]) -> None:
        self.partitions = partitions


@pytest.mark.parametrize("client", [KafkaConsumer, LibrdkafkaConsumer])
def test_what_is_small_on_the_wire_and_large_in_memory_comes_in_parts(
    kafka_settings: KafkaSettings, client: type[KafkaConsumer] | type[LibrdkafkaConsumer]
) -> None:
    """A poll holds so many bytes at most, whatever the batches decompress to."""
    # Given 180 MB in a few kilobytes
    topic = f"test.{uuid4().hex[:12]}"
    with closing(KafkaAdminClient(**client_settings(kafka_settings, "test"))) as admin:
        admin.create_topics({topic: {"num_partitions": 1, "replication_factor": 1}})
        admin.wait_for_topics([topic])
    large = batch([(b"k", b"\x00" * 15_000_000, [])], codec=4)
    assert put_batches(kafka_settings, [(TopicPartition(topic, 0), large)] * 12, patience=TIME_LIMIT) == (12, 0)
    # When it is read
    consumer, listener, place = client(kafka_settings, "test", f"{topic}-group"), Assigned(), Partition(topic, 0)
    consumer.subscribe([topic], listener)
    sizes: list[int] = []
    deadline = time.monotonic() + TIME_LIMIT
    while sum(sizes) < 12:
        assert time.monotonic() < deadline
        if place in listener.partitions and consumer.position(place) is None:
            consumer.seek(place, 0)
        sizes.append(len(consumer.poll(0.5)))
    # Then all of it comes, and never more than three at once: the third goes beyond POLL_BYTES
    assert consumer.position(place) == 12
    assert max(sizes) == 3
    consumer.close(5)


def test_the_same_seed_makes_the_same_junk() -> None:
    made = [[junk_batch(random.Random(seed)) for seed in range(50)] for _ in range(2)]
    assert [junk[61:] for junk in made[0]] == [junk[61:] for junk in made[1]]

    assert made[0][61:] == made[1][61:]
