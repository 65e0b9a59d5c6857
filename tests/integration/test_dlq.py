"""`hookline dlq` on a real Kafka and a real PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from kafka.structs import TopicPartition

import ops.processors
from ops.__main__ import main
from processors.dead_letters.box import Memory, open_boxes
from processors.engine.dead_letter import DeadLetters
from processors.engine.processor import SetAside
from runtime.connections import KafkaSettings
from runtime.kafka.consumer import Partition, Record
from runtime.kafka.producer import KafkaProducer, OutgoingRecord
from runtime.kafka.reader import read
from runtime.kafka.topics import TopicAdmin
from runtime.postgres import connect
from schemas.topics import consumer_group, dead_letter_topic, redrive_topic
from tests.conftest import Database
from tests.fuzz.junk import batch, put_batches

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
    monkeypatch.setenv("HOOKLINE_POSTGRES__DSN", postgres.dsn("operator"))
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
    output = capsys.readouterr().out
    return code, json.loads(output) if output else {}


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
    with psycopg.connect(postgres.owner_dsn, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO crm_deliveries (event_id, target, contact_phone, event_type, received_at, status, detail,"
            " last_attempt_at) VALUES (%s, 'rest', '+13035550142', 'x', now(), 'dead', 'it says 422', now())",
            [uuid4()],
        )
    aside(7)
    aside(3, error_class="Undecodable", disposition="undecodable")

    code, reported = run(capsys, "dlq", "ls", processor)

    assert code == 0
    assert [(row["disposition"], row["letters"], row["waiting"]) for row in reported["dead_letters"]] == [
        ("rejected", 7, 7),
        ("undecodable", 3, 3),
    ]
    # And what a CRM did not take is among all of them
    assert run(capsys, "dlq", "ls")[1]["dead_letters"][2]["processor"] == "crm:rest"


def test_the_newest_are_shown_and_one_by_its_place(
    aside: Aside, processor: str, capsys: pytest.CaptureFixture[str]
) -> None:
    aside(30)

    code, reported = run(capsys, "dlq", "show", processor, "--limit", "5")
    assert (code, len(reported["letters"])) == (0, 5)
    place = ["--partition", str(reported["letters"][0]["partition"]), "--offset", str(reported["letters"][0]["offset"])]
    code, shown = run(capsys, "dlq", "show", processor, *place)

    assert (code, shown["letters"]) == (0, reported["letters"][:1])
    assert run(capsys, "dlq", "show", processor, "--partition", "0", "--offset", "4711")[0] == 1


def test_a_dry_run_sends_nothing_and_without_yes_nothing_goes(
    aside: Aside, processor: str, kafka_settings: KafkaSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    aside(5)

    code, reported = run(capsys, "dlq", "redrive", processor, "--dry-run")
    assert (code, reported["counts"]) == (0, {"would go": 5})
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

    code, reported = run(capsys, "dlq", "redrive", processor, "--yes")
    assert (code, returned(kafka_settings, processor)) == (0, [])
    assert all(verdict.startswith("kept: ") for verdict in reported["counts"])

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
    with connect(postgres.dsn("operator"), process="tests") as other:
        assert Memory(other).alone(box)

        assert main(["dlq", "redrive", processor, "--yes"]) == 75

    capsys.readouterr()
    assert main(["dlq", "redrive", processor, "--yes"]) == 0


def test_ls_works_without_postgres(
    aside: Aside, processor: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    aside(2)
    monkeypatch.setenv("HOOKLINE_POSTGRES__DSN", "postgresql://hookline_operator@127.0.0.1:9/hookline")

    code, reported = run(capsys, "dlq", "ls", processor)

    assert (code, reported["dead_letters"][0]["letters"], reported["dead_letters"][0]["waiting"]) == (0, 2, None)


def test_a_halt_is_lifted_by_resume_and_a_dry_run_only_tells(
    processor: str, postgres: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    group = consumer_group(processor)
    with psycopg.connect(postgres.owner_dsn, autocommit=True) as connection:
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
            {
                "processor": processor,
                "dry_run": False,
                "was_halted": True,
                "halt": "3 of the last 100 records were set aside; mend the cause, then resume",
                "moved": [],
                "excused": [],
            },
        )
        assert not halted()
        assert run(capsys, "dlq", "resume", processor)[1]["was_halted"] is False


def test_a_partition_that_lost_its_place_goes_on_only_when_that_is_accepted(
    processor: str, postgres: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    group = consumer_group(processor)
    with psycopg.connect(postgres.owner_dsn, autocommit=True) as connection:
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


def test_discarded_letters_are_recorded_and_wait_no_longer(
    aside: Aside, processor: str, postgres: Database, kafka_settings: KafkaSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    # Given letters of two kinds, none of which our processes wrote
    aside(3)
    aside(4, error_class="Undecodable", disposition="undecodable")
    command = ["dlq", "discard", processor, "--error-class", "Undecodable", "--writer", "unknown"]
    # When it is only tried, or command about what nobody has, nothing is written down
    assert main(command) == 2  # without a reason
    code, answer = run(capsys, *command, "--reason", "a test wrote them", "--dry-run")
    assert (code, answer["dry_run"], len(answer["letters"])) == (0, True, 4)
    assert run(capsys, *command[:-1], "ours", "--reason", "x", "--yes")[1]["letters"] == []
    with psycopg.connect(postgres.owner_dsn, autocommit=True) as connection:
        assert connection.execute("SELECT count(*) FROM discarded_letters").fetchone() == (0,)
        # When they are discarded, it is answer which, and written down why and by whom
        code, answer = run(capsys, *command, "--reason", "a test wrote them", "--by", "Ann", "--yes")
        assert (code, answer["counts"]) == (0, {"undecodable": 4})
        rows = connection.execute(
            "SELECT partition, letter_offset, processor, reason, discarded_by FROM discarded_letters ORDER BY 1, 2"
        ).fetchall()
    places = sorted((letter["partition"], letter["offset"]) for letter in answer["letters"])
    assert rows == [(*place, processor, "a test wrote them", "Ann") for place in places]
    # Then they neither wait nor go back
    counts = {row["error_class"]: row for row in run(capsys, "dlq", "ls")[1]["dead_letters"]}
    assert {name: (row["letters"], row["waiting"]) for name, row in counts.items()} == {
        "NumericValueOutOfRange": (3, 3),
        "Undecodable": (4, 0),
    }
    assert run(capsys, *command, "--reason", "again", "--yes")[1]["letters"] == []
    assert run(capsys, "dlq", "redrive", processor, "--yes")[1]["counts"] == {"sent back": 3}
    assert len(returned(kafka_settings, processor)) == 3


def test_a_discard_of_a_crm_s_deliveries_is_refused(processor: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dlq", "discard", "crm:rest", "--reason", "x", "--yes"]) == 2
    assert "deliveries" in capsys.readouterr().err


def test_a_letter_that_lacks_its_value_is_not_sent_back(
    producer: KafkaProducer, processor: str, capsys: pytest.CaptureFixture[str]
) -> None:
    letters = DeadLetters(
        producer, dead_letter_topic(processor).name, consumer_group(processor), now=lambda: datetime.now(UTC)
    )
    record = Record("sms.messages.v1", 0, 7, -1, b"k", b"x" * 3_000_000, [])
    letters.publish([SetAside(record, "undecodable", "Undecodable", "no")])
    [letter] = run(capsys, "dlq", "show", processor)[1]["letters"]
    assert letter["left_out"].startswith("value of 3000000 bytes, SHA-256 ")
    assert letter["bytes"] == 0
    [verdict] = run(capsys, "dlq", "redrive", processor, "--yes", "--force")[1]["counts"]
    assert verdict.startswith("kept: the letter lacks its value of 3000000 bytes")


def test_junk_on_the_topic_of_the_letters_is_shown_like_any_other(
    kafka_settings: KafkaSettings, processor: str, capsys: pytest.CaptureFixture[str]
) -> None:
    place = TopicPartition(dead_letter_topic(processor).name, 3)
    headers: list[tuple[str, bytes | None]] = [
        ("dlq-redrive-count", b"9" * 5000),
        ("dlq-last-failed-at", None),
        ("dlq-disposition", b"\x1b[31m"),
        ("PLACEHOLDER", None),
    ]
    batches = [(place, batch([(None, None, headers)], timestamp=0, codec=codec)) for codec in range(5)]
    assert put_batches(kafka_settings, batches, patience=30) == (5, 0)
    assert len(run(capsys, "dlq", "show", processor)[1]["letters"]) == 5
    assert run(capsys, "dlq", "ls")[1]["dead_letters"][0]["letters"] == 5
    assert main(["dlq", "ls"]) == 0
    assert "\x1b" not in capsys.readouterr().out
    assert run(capsys, "dlq", "discard", processor, "--reason", "junk", "--yes")[1]["letters"] != []


def test_a_halt_is_lifted_for_all_that_is_on_the_topics(
    kafka: str, postgres: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOOKLINE_KAFKA__BOOTSTRAP_SERVERS", kafka)
    monkeypatch.setenv("HOOKLINE_POSTGRES__DSN", postgres.dsn("operator"))
    settings = KafkaSettings(bootstrap_servers=(kafka,))
    place = TopicPartition("redrive.persist", 5)
    assert put_batches(settings, [(place, batch([(b"k", b"v", [])] * 3))], patience=30) == (1, 0)
    with TopicAdmin(settings, "tests") as admin:
        [end] = [its.end for key, its in admin.offsets(admin.describe([place.topic]).values()).items() if key == place]
    with psycopg.connect(postgres.owner_dsn, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO consumer_outcomes (consumer_group, recent, halted_at) VALUES ('hookline-persist', '1', now())"
        )
        excused = "SELECT topic, partition, excused_below FROM consumer_offsets WHERE excused_below > 0"
        assert run(capsys, "dlq", "resume", "persist", "--through-end", "--dry-run")[1]["was_halted"] is True
        assert connection.execute(excused).fetchall() == []
        answer = run(capsys, "dlq", "resume", "persist", "--through-end")[1]
        rows = connection.execute(excused).fetchall()
    assert (place.topic, place.partition, end) in rows
    assert {"topic": place.topic, "partition": place.partition, "below_offset": end} in answer["excused"]


def test_an_unknown_processor_is_named_with_those_that_there_are(
    processor: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["dlq", "show", "nobody"]) == 2
    assert processor in capsys.readouterr().err


class PlayedProcessor:
    """What PostgreSQL knows of the processor: how far it has come on its redrive topic, and what it set aside there."""

    def __init__(self, settings: KafkaSettings, postgres: Database, processor: str) -> None:
        self.settings, self.processor = settings, processor
        self.owner = psycopg.connect(postgres.owner_dsn, autocommit=True)
        name = redrive_topic(processor).name
        with TopicAdmin(settings, "tests") as admin:
            self.topic_id = admin.shapes([name])[name].id
        self.topic = name

    def has_handled(self, offsets: int) -> None:
        """Every partition of its redrive topic below this offset."""
        for number in range(12):
            self.owner.execute(
                "INSERT INTO consumer_offsets (consumer_group, cluster_id, topic_id, partition, topic, next_offset)"
                " VALUES (%s, 'c', %s, %s, %s, %s)",
                (consumer_group(self.processor), self.topic_id, number, self.topic, offsets),
            )

    def set_aside(self, offset: int, error_class: str) -> None:
        """Of every partition the record at this offset."""
        for number in range(12):
            self.owner.execute(
                "INSERT INTO dead_letters (consumer_group, topic_id, partition, record_offset, topic, disposition,"
                " error_class, error_message, attempts, ours) VALUES (%s, %s, %s, %s, %s, 'rejected', %s, '', 1, true)",
                (consumer_group(self.processor), self.topic_id, number, offset, self.topic, error_class),
            )


@pytest.fixture
def played(kafka_settings: KafkaSettings, postgres: Database, processor: str) -> Iterator[PlayedProcessor]:
    made = PlayedProcessor(kafka_settings, postgres, processor)
    yield made
    made.owner.close()


def test_after_a_canary_that_is_fine_the_others_go(
    aside: Aside,
    processor: str,
    played: PlayedProcessor,
    kafka_settings: KafkaSettings,
    capsys: pytest.CaptureFixture[str],
) -> None:
    aside(20)
    played.has_handled(1000)
    played.set_aside(500, "Earlier")  # not one of the canary

    code, answer = run(capsys, "dlq", "redrive", processor, "--yes", "--canary", "3")

    assert (code, answer["counts"]) == (0, {"sent back": 20})
    assert len(returned(kafka_settings, processor)) == 20


def test_a_canary_that_fails_stops_the_redrive(
    aside: Aside,
    processor: str,
    played: PlayedProcessor,
    kafka_settings: KafkaSettings,
    capsys: pytest.CaptureFixture[str],
) -> None:
    aside(20)
    played.has_handled(1000)
    played.set_aside(0, "NumericValueOutOfRange")

    code = main(["dlq", "redrive", processor, "--yes", "--canary", "3", "--json"])

    captured = capsys.readouterr()
    assert code == 1
    assert "canary's 3 letters failed again" in captured.err
    assert "NumericValueOutOfRange" in captured.err
    assert json.loads(captured.out)["counts"] == {"sent back": 3, "kept: the canary failed": 17}
    assert len(returned(kafka_settings, processor)) == 3


def test_a_canary_that_nobody_handles_stops_it_too(
    aside: Aside,
    processor: str,
    played: PlayedProcessor,
    kafka_settings: KafkaSettings,
    capsys: pytest.CaptureFixture[str],
) -> None:
    aside(9)
    command = ["dlq", "redrive", processor, "--yes", "--canary", "2", "--canary-timeout", "1"]

    assert main(command) == 75

    assert "has not handled the canary" in capsys.readouterr().err
    assert len(returned(kafka_settings, processor)) == 2
    # What went is remembered; when the processor runs, a second run sends the others
    played.has_handled(1000)
    assert main(command) == 0
    assert len(returned(kafka_settings, processor)) == 9


def test_letters_are_grouped_by_cause(
    producer: KafkaProducer, processor: str, capsys: pytest.CaptureFixture[str]
) -> None:
    messages = ["value 17 is out of range", "value 4711 is out of range", 'no column "a"', 'no column "b"', "other"]
    letters = [
        OutgoingRecord(
            dead_letter_topic(processor).name,
            b"k",
            b"v",
            [("dlq-error-message", text.encode()), ("dlq-disposition", b"rejected"), ("dlq-error-class", b"DataError")],
        )
        for text in messages
    ]
    assert set(producer.publish_all(letters)) == {None}

    _, answer = run(capsys, "dlq", "ls", processor)

    causes = {row["cause"]: row["letters"] for row in answer["dead_letters"]}
    assert causes == {"value … is out of range": 2, "no column …": 2, "other": 1}
