"""`hookline dlq` on a real Kafka and a real PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import psycopg
import pytest

import ops.processors
from ops.__main__ import main
from ops.dead_letters.box import Memory, open_boxes
from processors.dead_letter import DeadLetters
from processors.processor import SetAside
from runtime.connections import KafkaSettings
from runtime.kafka.consumer import Partition, Record
from runtime.kafka.producer import KafkaProducer, OutgoingRecord
from runtime.kafka.reader import read
from runtime.kafka.topics import TopicAdmin
from runtime.postgres import connect
from schemas.topics import consumer_group, dead_letter_topic, redrive_topic
from tests.conftest import Database

Aside = Callable[..., None]


@pytest.fixture
def processor(
    kafka: str, kafka_settings: KafkaSettings, postgres: Database, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """A processor of this test's own: its topics are there, and the command knows it."""
    name = f"p{uuid4().hex[:8]}"
    topics = [dead_letter_topic(name), redrive_topic(name)]
    with TopicAdmin(kafka_settings, "tests") as admin:
        admin.apply(admin.plan(topics))
    monkeypatch.setattr(ops.processors, "processor_names", lambda: [name])
    monkeypatch.setenv("HOOKLINE_KAFKA__BOOTSTRAP_SERVERS", kafka)
    monkeypatch.setenv("HOOKLINE_POSTGRES__DSN", postgres.application_dsn)
    yield name
    from kafka import KafkaAdminClient

    client = KafkaAdminClient(bootstrap_servers=kafka)
    client.delete_topics([topic.name for topic in topics])
    client.close()


@pytest.fixture
def producer(kafka_settings: KafkaSettings) -> Iterator[KafkaProducer]:
    found = KafkaProducer(kafka_settings, "tests")
    yield found
    found.close()


@pytest.fixture
def aside(producer: KafkaProducer, processor: str) -> Aside:
    """Sets records aside as the processor would."""

    def publish(count: int, *, error_class: str = "NumericValueOutOfRange", disposition: str = "rejected") -> None:
        letters = DeadLetters(
            producer, dead_letter_topic(processor).name, consumer_group(processor), now=lambda: datetime.now(UTC)
        )
        headers = [("ce_id", b"an-id"), ("ce_type", b"message.received"), ("raw", b"\xff\x00")]
        letters.publish(
            [
                SetAside(
                    Record(
                        "sms.messages.v1",
                        1,
                        number,
                        1_767_323_045_000,
                        f"+1303555{number:04}".encode(),
                        b"\x00v",
                        headers,
                    ),
                    disposition,
                    error_class,
                    "out of range",
                )
                for number in range(count)
            ]
        )

    return publish


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    capsys.readouterr()
    code = main([*arguments, "--json"])
    told = capsys.readouterr().out
    return code, json.loads(told) if told else {}


def returned(settings: KafkaSettings, processor: str) -> list[Record]:
    """What is on the processor's redrive topic."""
    name = redrive_topic(processor).name
    with TopicAdmin(settings, "tests") as admin:
        offsets = admin.offsets(admin.describe([name]).values())
    return list(read(settings, "tests", {Partition(*place): bounds for place, bounds in offsets.items()}))


def test_letters_are_counted_by_what_was_wrong(
    aside: Aside, processor: str, postgres: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(capsys, "dlq", "ls") == (0, {"processors": [processor], "dead_letters": []})
    with psycopg.connect(postgres.application_dsn, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO crm_deliveries (event_id, target, contact_phone, event_type, received_at, status, detail,"
            " last_attempt_at) VALUES (%s, 'rest', '+13035550142', 'x', now(), 'dead', 'it says 422', now())",
            [uuid4()],
        )
    aside(7)
    aside(3, error_class="Undecodable", disposition="undecodable")

    code, told = run(capsys, "dlq", "ls", processor)

    assert code == 0
    assert [(row["disposition"], row["letters"], row["waiting"]) for row in told["dead_letters"]] == [
        ("rejected", 7, 7),
        ("undecodable", 3, 3),
    ]
    # And what a CRM did not take is among all of them
    assert run(capsys, "dlq", "ls")[1]["dead_letters"][2]["processor"] == "crm:rest"


def test_the_newest_are_shown_and_one_by_its_place(
    aside: Aside, processor: str, capsys: pytest.CaptureFixture[str]
) -> None:
    aside(30)

    code, told = run(capsys, "dlq", "show", processor, "--limit", "5")
    assert (code, len(told["letters"])) == (0, 5)
    place = ["--partition", str(told["letters"][0]["partition"]), "--offset", str(told["letters"][0]["offset"])]
    code, one = run(capsys, "dlq", "show", processor, *place)

    assert (code, one["letters"]) == (0, told["letters"][:1])
    assert run(capsys, "dlq", "show", processor, "--partition", "0", "--offset", "4711")[0] == 1


def test_a_dry_run_sends_nothing_and_without_yes_nothing_goes(
    aside: Aside, processor: str, kafka_settings: KafkaSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    aside(5)

    code, told = run(capsys, "dlq", "redrive", processor, "--dry-run")
    assert (code, told["counts"]) == (0, {"would go": 5})
    assert main(["dlq", "redrive", processor]) == 2  # nobody is there to be asked

    assert returned(kafka_settings, processor) == []


def test_each_letter_goes_back_once_byte_for_byte_to_its_own_processor(
    aside: Aside, processor: str, kafka_settings: KafkaSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    aside(25)

    # When it is redriven in parts, and then again
    assert run(capsys, "dlq", "redrive", processor, "--yes", "--limit", "10")[1]["counts"] == {"sent back": 10}
    assert run(capsys, "dlq", "redrive", processor, "--yes", "--rate", "500")[1]["counts"] == {"sent back": 15}
    assert run(capsys, "dlq", "redrive", processor, "--yes")[1]["counts"] == {}

    # Then every record is there once, as it was before it was set aside
    back = returned(kafka_settings, processor)
    assert sorted(record.key or b"" for record in back) == [f"+1303555{number:04}".encode() for number in range(25)]
    assert {record.value for record in back} == {b"\x00v"}
    for record in back:
        own = [("ce_id", b"an-id"), ("ce_type", b"message.received"), ("raw", b"\xff\x00")]
        assert list(record.headers) == [*own, ("dlq-redrive-count", b"1")]
    assert run(capsys, "dlq", "ls")[1]["dead_letters"][0]["waiting"] == 0


def test_one_letter_by_its_place(
    aside: Aside, processor: str, kafka_settings: KafkaSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    aside(10)
    [letter] = run(capsys, "dlq", "show", processor, "--limit", "1")[1]["letters"]
    place = ["--partition", str(letter["partition"]), "--offset", str(letter["offset"])]

    assert run(capsys, "dlq", "redrive", processor, *place, "--yes")[1]["counts"] == {"sent back": 1}
    assert run(capsys, "dlq", "redrive", processor, *place, "--yes")[1]["counts"] == {}
    assert run(capsys, "dlq", "redrive", processor, "--yes")[1]["counts"] == {"sent back": 9}
    assert len(returned(kafka_settings, processor)) == 10


def test_what_keeps_coming_back_stays(
    processor: str, producer: KafkaProducer, kafka_settings: KafkaSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    # Given a letter that has been sent back three times, and one that somebody else's processor set aside
    for group, count in ((consumer_group(processor), b"3"), ("hookline-other", b"0")):
        headers = [("dlq-consumer-group", group.encode()), ("dlq-redrive-count", count)]
        topic = dead_letter_topic(processor).name
        assert producer.publish_all([OutgoingRecord(topic, b"k", b"v", headers)]) == [None]

    code, told = run(capsys, "dlq", "redrive", processor, "--yes")
    assert (code, returned(kafka_settings, processor)) == (0, [])
    assert all(verdict.startswith("kept: ") for verdict in told["counts"])

    assert run(capsys, "dlq", "redrive", processor, "--yes", "--force")[1]["counts"]["sent back"] == 1
    [back] = returned(kafka_settings, processor)
    assert list(back.headers) == [("dlq-redrive-count", b"4")]


def test_two_redrives_at_once_are_one_too_many(
    aside: Aside,
    processor: str,
    postgres: Database,
    kafka_settings: KafkaSettings,
    capsys: pytest.CaptureFixture[str],
) -> None:
    aside(1)
    [box] = open_boxes(kafka_settings, [processor])
    with connect(postgres.application_dsn, process="tests") as other:
        assert Memory(other).alone(box)

        assert main(["dlq", "redrive", processor, "--yes"]) == 75

    capsys.readouterr()
    assert main(["dlq", "redrive", processor, "--yes"]) == 0


def test_ls_works_without_postgres(
    aside: Aside, processor: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    aside(2)
    monkeypatch.setenv("HOOKLINE_POSTGRES__DSN", "postgresql://hookline_app@127.0.0.1:9/hookline")

    code, told = run(capsys, "dlq", "ls", processor)

    assert (code, told["dead_letters"][0]["letters"], told["dead_letters"][0]["waiting"]) == (0, 2, None)


def test_a_halt_is_lifted_by_resume_and_a_dry_run_only_tells(
    processor: str, postgres: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    group = consumer_group(processor)
    with psycopg.connect(postgres.application_dsn, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO consumer_outcomes (consumer_group, recent, halted_at) VALUES (%s, '111', now())", [group]
        )

        def halted() -> bool:
            query = "SELECT halted_at IS NOT NULL FROM consumer_outcomes WHERE consumer_group = %s"
            row = connection.execute(query, [group]).fetchone()
            assert row is not None
            return bool(row[0])

        assert run(capsys, "dlq", "resume", processor, "--dry-run")[1]["was_halted"] is True
        assert halted()
        assert run(capsys, "dlq", "resume", processor) == (
            0,
            {"processor": processor, "dry_run": False, "was_halted": True, "moved": []},
        )
        assert not halted()
        assert run(capsys, "dlq", "resume", processor)[1]["was_halted"] is False


def test_a_partition_that_lost_its_place_goes_on_only_when_that_is_accepted(
    processor: str, postgres: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    group = consumer_group(processor)
    with psycopg.connect(postgres.application_dsn, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO consumer_offsets (consumer_group, cluster_id, topic_id, partition, topic, next_offset,"
            " lost_since, log_begin) VALUES (%s, 'c', %s, 3, 'sms.calls.v1', 17, now(), 40)",
            [group, uuid4()],
        )

        assert run(capsys, "dlq", "resume", processor)[1]["moved"] == []
        moved = run(capsys, "dlq", "resume", processor, "--accept-loss")[1]["moved"]

        assert moved == [{"topic": "sms.calls.v1", "partition": 3, "lost_offset": 17, "next_offset": 40}]
        row = connection.execute(
            "SELECT next_offset FROM consumer_offsets WHERE consumer_group = %s", [group]
        ).fetchone()
        assert row == (40,)


def test_an_unknown_processor_is_named_with_those_that_there_are(
    processor: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["dlq", "show", "nobody"]) == 2
    assert processor in capsys.readouterr().err
