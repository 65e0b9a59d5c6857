"""`sms.progress.v1`, `topic_progress` and `hookline complete` on a real Kafka and a real PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from ingest.durable.spool.state import SharedState
from ingest.node.report import NodeReport
from ops.__main__ import main
from processors.engine.database import Database
from processors.engine.processor import Retryable
from processors.persist import topic_progress
from processors.persist.topic_progress import TopicProgress, event_logs
from runtime.connections import KafkaSettings
from runtime.kafka.consumer import Partition
from runtime.kafka.producer import KafkaProducer, NotPublished
from runtime.kafka.reader import read
from runtime.kafka.topics import TopicAdmin
from runtime.postgres import connect
from schemas.privileges import READER
from schemas.topics import EVENT_TOPICS, MESSAGES, PROGRESS
from tests.conftest import PASSWORD
from tests.twins.kafka import MemoryProducer

#: What makes the next look find a minute gone by.
_OLDER = "UPDATE topic_progress SET at = at - interval '2 minutes', written_at = written_at - interval '2 minutes'"
TOPIC_ID = "9b1f0a4e-0000-4000-8000-000000000001"


def one_log(end: int) -> dict[str, dict[str, Any]]:
    return {MESSAGES.name: {"topic_id": TOPIC_ID, "partitions": [[0, end]]}}


@pytest.fixture(autouse=True)
def no_wait_for_contact(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look is not preceded by ten seconds of others: the unit test's simulation has them."""
    monkeypatch.setattr(topic_progress, "ACK_TIMEOUT", 30.0)  # a machine that is busy with other tests
    monkeypatch.setattr(TopicProgress, "_has_contact", lambda *_: True)


@pytest.fixture
def owner(postgres: Any) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(postgres.owner_dsn, autocommit=True) as connection:
        yield connection


@pytest.fixture
def database(postgres: Any) -> Iterator[Database]:
    made = Database(lambda: connect(postgres.dsn("persist"), process="persist"))
    yield made
    made.close()


class ReportingNode:
    """A node that reports to a real PostgreSQL."""

    def __init__(self, name: str, postgres: Any, directory: Path) -> None:
        self.state = SharedState(directory / f"{name}-state")
        self.report = NodeReport(name, self.state, lambda: connect(postgres.dsn("ingest"), process="ingest"))

    def reports(self, spooled: int = 0) -> None:
        self.state.records = spooled
        assert self.report.report()


@pytest.fixture
def node(postgres: Any, tmp_path: Path) -> Iterator[ReportingNode]:
    made = ReportingNode("n1", postgres, tmp_path)
    yield made
    made.report.close()


def times(owner: psycopg.Connection[Any]) -> list[datetime]:
    return [at for (at,) in owner.execute("SELECT at FROM topic_progress ORDER BY at")]


def test_a_minute_is_written_with_the_ends_of_a_real_kafka(
    owner: psycopg.Connection[Any], database: Database, node: ReportingNode, kafka_settings: KafkaSettings
) -> None:
    # Given a node whose spool is empty, and a record on a topic
    node.reports()
    producer = KafkaProducer(kafka_settings, "test")
    try:
        producer.publish(MESSAGES.name, b"key", b"value", [], timeout=20.0)
        # ... of topics that have just been made, and whose partitions all have a leader by now
        answers = Retrying(
            retry=retry_if_exception_type(Retryable), stop=stop_after_delay(60), wait=wait_fixed(0.2), reraise=True
        )
        answers(event_logs, kafka_settings, "test")
        progress = TopicProgress(producer, lambda: event_logs(kafka_settings, "test"))
        # When it is looked at twice within a minute, and once after it
        progress(database)
        progress(database)
        assert len(times(owner)) == 1
        owner.execute(_OLDER)
        node.reports()
        progress(database)
    finally:
        producer.close()
    # Then there are two rows, with the offsets that Kafka has, and the newest record says the same
    rows = owner.execute("SELECT at, logs FROM topic_progress ORDER BY at").fetchall()
    assert len(rows) == 2
    with TopicAdmin(kafka_settings, "test") as admin:
        ends = admin.offsets(admin.describe([topic.name for topic in EVENT_TOPICS]).values())
        bounds = admin.offsets(admin.describe([PROGRESS.name]).values())
    at, logs = rows[-1]
    found = {(name, n): tuple(log) for name, facts in logs.items() for n, log in enumerate(facts["partitions"])}
    assert found == {place: (log.begin, log.end) for place, log in ends.items()}
    assert sum(end for _, end in found.values()) > 0
    places = {Partition(*place): log for place, log in bounds.items()}
    published = [json.loads(record.value or b"") for record in read(kafka_settings, "test", places)]
    newest = max(published, key=lambda record: str(record["at"]))
    assert datetime.fromisoformat(newest["at"]) == at
    assert (newest["logs"], newest["spooled"], newest["parked"]) == (logs, 0, 0)


def test_nothing_is_written_while_a_node_spools_kafka_is_away_or_another_process_writes(
    owner: psycopg.Connection[Any], database: Database, node: ReportingNode, postgres: Any
) -> None:
    producer = MemoryProducer()
    progress = TopicProgress(producer, lambda: one_log(0))
    # Given a node that spools
    node.reports(spooled=3)
    progress(database)
    # And one whose spool is empty, while Kafka does not take the record, or does not tell where its logs end
    node.reports()
    producer.failures = [NotPublished("KafkaTimeoutError")]
    with pytest.raises(Retryable):
        progress(database)
    unreachable = KafkaSettings(bootstrap_servers=("127.0.0.1:1",))
    with pytest.raises(Retryable):
        TopicProgress(producer, lambda: event_logs(unreachable, "test"))(database)
    # And while another process writes
    with connect(postgres.dsn("persist"), process="persist") as other, other.transaction():
        other.execute("SELECT pg_advisory_xact_lock(%s)", (topic_progress._LOCK,))
        progress(database)
    assert times(owner) == []
    # When none of it is so
    progress(database)
    assert len(times(owner)) == 1


def test_rows_go_after_90_days(owner: psycopg.Connection[Any], database: Database, node: ReportingNode) -> None:
    for days in (89, 91):
        owner.execute(
            "INSERT INTO topic_progress (at, written_at, logs) SELECT t, t, '{}' FROM (SELECT now() - %s AS t)",
            (timedelta(days=days),),
        )
    node.reports()
    TopicProgress(MemoryProducer(), lambda: one_log(0))(database)
    assert len(times(owner)) == 2


def answer(
    dsn: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], at: datetime | str
) -> tuple[int, list[str], dict[str, Any]]:
    """Exit code, the reasons, and all of what `hookline complete` says."""
    monkeypatch.setenv("HOOKLINE_POSTGRES__DSN", dsn)
    capsys.readouterr()
    code = main(["complete", "--at", str(at), "--json"])
    text = capsys.readouterr().out
    printed = json.loads(text)
    assert "missing" in printed, text
    return code, [entry["reason"] for entry in printed["missing"]], printed


def test_the_command_says_what_is_missing_and_an_analyst_may_run_it(
    owner: psycopg.Connection[Any],
    database: Database,
    node: ReportingNode,
    postgres: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    reader = make_conninfo(postgres.superuser_dsn, user=READER, password=PASSWORD)

    def complete(at: datetime | str) -> tuple[int, list[str], dict[str, Any]]:
        return answer(reader, monkeypatch, capsys, at)

    # Given nothing yet
    assert complete("2026-01-01")[:2] == (1, ["no_record"])
    assert complete("2999-01-01")[:2] == (1, ["not_yet"])
    # When a node spools, it is named; and when it is silent
    node.reports(spooled=3)
    code, reasons, printed = complete("2026-01-01")
    assert (code, reasons) == (1, ["spooled"])
    assert "n1 holds 3 events" in printed["missing"][0]["message"]
    node.reports()
    owner.execute("UPDATE ingest_nodes SET heard_at = heard_at - interval '10 minutes'")
    code, reasons, printed = complete("2026-01-01")
    assert (code, reasons) == (1, ["silent"])
    assert "hookline nodes retire n1 --reason" in printed["missing"][0]["message"]
    # When all is on the topics, and persist has not stored it
    node.reports()
    TopicProgress(MemoryProducer(), lambda: one_log(5))(database)
    [at] = times(owner)
    assert complete(at)[:2] == (1, ["not_stored"])
    # And has
    owner.execute(
        "INSERT INTO consumer_offsets (consumer_group, cluster_id, topic_id, partition, topic, next_offset)"
        " VALUES ('hookline-persist', 'c', %s, 0, %s, 5)",
        (TOPIC_ID, MESSAGES.name),
    )
    code, reasons, printed = complete(at)
    assert (code, reasons, printed["ok"]) == (0, [], True)
    assert datetime.fromisoformat(printed["complete_until"]) == at
    assert complete(at - timedelta(hours=1))[0] == 0
    assert complete(at + timedelta(microseconds=1))[:2] == (1, ["no_record"])
    # When PostgreSQL's clock was ahead while a record was written, that claims nothing, and is withdrawn
    owner.execute("INSERT INTO topic_progress (at, logs) SELECT at + interval '1 hour', logs FROM topic_progress")
    assert complete(at + timedelta(minutes=50))[:2] == (1, ["not_yet"])
    assert datetime.fromisoformat(complete(at)[2]["complete_until"]) == at
    TopicProgress(MemoryProducer(), lambda: one_log(5))(database)
    assert times(owner) == [at]
    # When opt-out has parked one of these records, and not one that came later
    for offset in (4, 5):
        owner.execute(
            "INSERT INTO opt_out_parked (topic, partition, record_offset, record_timestamp, headers, disposition,"
            " error_class, error_message, attempts) VALUES (%s, 0, %s, 0, '[]', 'undecodable', 'e', 'm', 1)",
            (MESSAGES.name, offset),
        )
    code, reasons, printed = complete(at)
    assert (code, reasons) == (1, ["parked"])
    assert "parked 1 record" in printed["missing"][0]["message"]
    # And a person has decided
    [(review,)] = owner.execute(
        "INSERT INTO opt_out_reviews (kind, question, opened_at, decision) VALUES ('parked', 'q', now(), 'seen')"
        " RETURNING id"
    ).fetchall()
    owner.execute("UPDATE opt_out_parked SET review_id = %s", (review,))
    assert complete(at)[0] == 0
    # When persist has set an event aside that came before, it is said: it is in no table until it is redriven
    owner.execute(
        "INSERT INTO dead_letters (consumer_group, topic_id, partition, record_offset, topic, event_id, disposition,"
        " error_class, error_message, attempts, ours)"
        " VALUES ('hookline-persist', %s, 0, 3, %s, gen_random_uuid(), 'rejected', 'e', 'm', 1, true)",
        (TOPIC_ID, MESSAGES.name),
    )
    code, _, printed = complete(at)
    assert (code, printed["set_aside"]) == (0, 1)
    assert "1 events are dead letters" in printed["notes"][0]
    owner.execute("DELETE FROM dead_letters")
    # When a node is gone for good with events in its spool, nobody waits for them, and it is said
    node.reports(spooled=2)
    owner.execute("UPDATE ingest_nodes SET retired_at = now()")
    code, _, printed = complete(at)
    assert (code, len(printed["notes"])) == (0, 1)


def test_a_log_of_which_nothing_is_left_has_nothing_to_store(
    owner: psycopg.Connection[Any], database: Database, node: ReportingNode
) -> None:
    # Given a partition whose records all went before this database was made: persist has no position there
    node.reports()
    logs = {MESSAGES.name: {"topic_id": TOPIC_ID, "partitions": [[40, 40]]}}
    TopicProgress(MemoryProducer(), lambda: logs)(database)
    assert owner.execute("SELECT is_stored FROM analytics.progress").fetchall() == [(True,)]


@pytest.mark.parametrize("at", ["yesterday", "2026-13-01", ""])
def test_a_time_that_is_none_is_one_sentence(at: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["complete", "--at", at]) == 2
    assert f"{at!r} is no time: write it as 2026-11-02" in capsys.readouterr().err
