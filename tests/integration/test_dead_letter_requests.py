"""What operators ask for in the console about dead letters, carried out on a real Kafka and a real PostgreSQL."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from kafka.errors import KafkaTimeoutError

from processors.dead_letters import carry_out as program
from processors.dead_letters.carry_out import TRY_AGAIN, carry_out
from processors.dead_letters.request_loop import RequestLoop
from processors.dead_letters.requests import MOST_ATTEMPTS, RequestMemory
from processors.engine.batch import decoded
from processors.engine.database import Database as EngineDatabase
from processors.engine.dead_letter import DeadLetters
from processors.engine.processor import SetAside
from processors.persist import Persist, PersistSettings
from runtime.connections import KafkaSettings
from runtime.kafka.consumer import Record
from runtime.kafka.producer import KafkaProducer
from runtime.postgres import connect
from runtime.process import StopSignal
from runtime.settings import Configuration
from schemas.codec import Codec
from schemas.ids import SchemaIds
from schemas.topics import consumer_group, dead_letter_topic
from tests.conftest import Database
from tests.integration.test_dlq import Aside, PlayedProcessor, aside, played, processor, producer, returned, run
from tests.twins.console import PlayedConsole, post
from tests.twins.events import message

__all__ = ["aside", "played", "processor", "producer"]


@pytest.fixture
def owner(postgres: Database) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(postgres.owner_dsn, autocommit=True) as connection:
        yield connection


@pytest.fixture
def ask(postgres: Database, processor: str) -> Callable[..., int]:
    """Asks as the console does, with its role."""

    def inserted(action: str = "redrive", **columns: Any) -> int:
        row = {"most": 10_000, "requested_by": "olga", "reason": "mended", "processor": processor} | columns
        names, marks = ", ".join(row), ", ".join(["%s"] * len(row))
        with connect(postgres.dsn("console"), process="tests") as connection:
            [(number,)] = connection.execute(
                f"INSERT INTO dead_letter_requests (action, {names}) VALUES (%s, {marks}) RETURNING id",  # noqa: S608
                (action, *row.values()),
            ).fetchall()
        return int(number)

    return inserted


@pytest.fixture
def carried_out(processor_dsn: str, kafka_settings: KafkaSettings, processor: str) -> Callable[[], int]:
    """Carries out the oldest request, with the role of the processor."""

    def carry() -> int:
        with connect(processor_dsn, process="tests") as connection:
            return carry_out(connection, kafka_settings, processor)

    return carry


def row(owner: psycopg.Connection[Any], number: int) -> dict[str, Any]:
    with owner.cursor(row_factory=psycopg.rows.dict_row) as cursor:
        found = cursor.execute("SELECT * FROM dead_letter_requests WHERE id = %s", (number,)).fetchone()
    assert found is not None
    return found


def test_ten_thousand_letters_killed_in_the_middle_and_repeated_take_effect_once(
    kafka: str,
    kafka_settings: KafkaSettings,
    postgres: Database,
    owner: psycopg.Connection[Any],
    producer: KafkaProducer,
    processor: str,
    processor_dsn: str,
    ask: Callable[..., int],
) -> None:
    # Given 10,000 events that were set aside
    codec, event = Codec(SchemaIds.checked_in()), message("received", "hello")
    events = [replace(event, event_id=uuid4(), message_key=f"textlink:{number}") for number in range(10_000)]
    letters = DeadLetters(
        producer, dead_letter_topic(processor).name, consumer_group(processor), now=lambda: datetime.now(UTC)
    )
    for start in range(0, len(events), 1000):
        records = [
            Record("sms.messages.v1", 0, start + n, 1_767_323_045_000, str(start + n).encode(), codec.encode(made), [])
            for n, made in enumerate(events[start : start + 1000])
        ]
        letters.publish([SetAside(record, "rejected", "NumericValueOutOfRange", "no") for record in records])
    number = ask(error_class="NumericValueOutOfRange")
    settings = {"HOOKLINE_KAFKA__BOOTSTRAP_SERVERS": kafka, "HOOKLINE_POSTGRES__DSN": processor_dsn}

    def start() -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", program.__name__, processor, str(os.getpid())]
        return subprocess.Popen(command, env=os.environ | settings)

    # When its process is killed on its way, and started again
    with start() as process:
        while row(owner, number)["handled"] < 3_000:
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    assert row(owner, number)["state"] == "running"
    assert row(owner, number)["handled"] < len(events)
    with start() as process:
        assert process.wait(120) == 0

    # Then all have come back, at most the batch that was under way twice, and each event is stored once
    done = row(owner, number)
    assert (done["state"], done["handled"], done["expected"], done["kept"]) == ("done", 10_000, 10_000, 0)
    assert owner.execute("SELECT count(*) FROM redriven_letters").fetchone() == (10_000,)
    back = returned(kafka_settings, processor)
    assert len({record.key for record in back}) == 10_000
    assert len(back) <= 10_000 + 100
    deliveries, undecodable = decoded(back, codec)
    assert undecodable == []
    persist = Persist(Configuration.of(PersistSettings()))
    with connect(postgres.dsn("persist"), process="persist") as connection:
        for begin in range(0, len(deliveries), 2000):
            with connection.transaction():
                persist.handle(deliveries[begin : begin + 2000], connection)
    assert owner.execute("SELECT count(*) FROM events").fetchone() == (10_000,)


def test_a_canary_that_fails_stops_the_request_and_says_so(
    aside: Aside,
    played: PlayedProcessor,
    processor: str,
    owner: psycopg.Connection[Any],
    kafka_settings: KafkaSettings,
    ask: Callable[..., int],
    carried_out: Callable[[], int],
    postgres: Database,
    tmp_path: Path,
) -> None:
    aside(20)
    played.has_handled(1000)
    played.set_aside(0, "NumericValueOutOfRange")
    number = ask(canary=3)

    assert carried_out() == 0

    ended = row(owner, number)
    assert (ended["state"], ended["handled"], ended["expected"]) == ("canary failed", 3, 20)
    assert "of the canary's 3 letters failed again" in ended["detail"]
    assert "no other was sent" in ended["detail"]
    assert len(returned(kafka_settings, processor)) == 3
    console = PlayedConsole(tmp_path, postgres.dsn("console"))
    shown = console.client("viv").get("/dead-letters/requests").text
    console.close()
    assert "canary failed" in shown
    assert "no other was sent" in shown
    assert "hx-get" not in shown  # nothing goes on, so nothing is refreshed
    # And it is over: nobody carries it out again
    assert carried_out() == 0
    assert len(returned(kafka_settings, processor)) == 3


def test_a_canary_that_is_fine_lets_the_others_go_and_one_that_nobody_handles_does_not(
    aside: Aside,
    played: PlayedProcessor,
    processor: str,
    owner: psycopg.Connection[Any],
    ask: Callable[..., int],
    carried_out: Callable[[], int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    aside(20)
    late = ask(canary=2)
    with monkeypatch.context() as impatient:
        impatient.setattr(program, "CANARY_TIMEOUT", 0.5)
        assert carried_out() == 0
    assert (row(owner, late)["state"], row(owner, late)["handled"]) == ("failed", 2)
    assert "has not handled the canary" in row(owner, late)["detail"]

    played.has_handled(1000)
    fine = ask(canary=2)
    assert carried_out() == 0
    assert (row(owner, fine)["state"], row(owner, fine)["handled"]) == ("done", 18)


def test_only_the_letters_of_the_cause_go_and_what_stays_is_counted(
    aside: Aside,
    processor: str,
    owner: psycopg.Connection[Any],
    ask: Callable[..., int],
    carried_out: Callable[[], int],
    capsys: pytest.CaptureFixture[str],
    producer: KafkaProducer,
) -> None:
    aside(5)
    aside(4, error_class="Undecodable", disposition="undecodable")
    headers = [("dlq-consumer-group", consumer_group(processor).encode()), ("dlq-redrive-count", b"3")]
    headers += [("dlq-disposition", b"rejected"), ("dlq-error-class", b"NumericValueOutOfRange")]
    producer.publish(dead_letter_topic(processor).name, b"k", b"v", headers)
    first = ask(disposition="rejected", error_class="NumericValueOutOfRange", writer="unknown", most=3)
    second = ask(disposition="rejected", error_class="NumericValueOutOfRange", writer="unknown")
    third = ask(error_class="Undecodable", action="discard")

    assert [carried_out() for _ in range(4)] == [0, 0, 0, 0]

    assert (row(owner, first)["handled"], row(owner, second)["handled"]) == (3, 2)
    assert row(owner, first)["kept"] + row(owner, second)["kept"] >= 1
    assert "has been sent back 3 times already" in row(owner, second)["detail"]
    assert (row(owner, third)["state"], row(owner, third)["handled"]) == ("done", 4)
    assert owner.execute("SELECT DISTINCT reason, discarded_by FROM discarded_letters").fetchall() == [
        ("mended", "olga")
    ]
    waiting = [counted["waiting"] for counted in run(capsys, "dlq", "ls")[1]["dead_letters"]]
    assert sorted(waiting) == [0, 0, 1]


def test_an_operator_stops_a_request_between_two_batches(
    aside: Aside,
    processor: str,
    owner: psycopg.Connection[Any],
    kafka_settings: KafkaSettings,
    ask: Callable[..., int],
    carried_out: Callable[[], int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    aside(250)
    number = ask()
    remember = RequestMemory.remember

    def stopped(self: RequestMemory, *arguments: Any) -> None:
        owner.execute("UPDATE dead_letter_requests SET stopped_by = 'olga' WHERE id = %s", (number,))
        remember(self, *arguments)

    monkeypatch.setattr(RequestMemory, "remember", stopped)
    assert carried_out() == 0

    ended = row(owner, number)
    assert (ended["state"], ended["handled"], ended["detail"]) == ("stopped", 100, "stopped by olga")
    assert len(returned(kafka_settings, processor)) == 100
    # One that is stopped while it waits never begins
    early = ask(stopped_by="viv")
    assert carried_out() == 0
    assert (row(owner, early)["state"], row(owner, early)["handled"]) == ("stopped", 0)


def test_one_process_at_a_time_and_none_after_many_failures(
    aside: Aside,
    processor: str,
    owner: psycopg.Connection[Any],
    postgres: Database,
    ask: Callable[..., int],
    carried_out: Callable[[], int],
) -> None:
    aside(1)
    number = ask()
    with connect(postgres.dsn("operator"), process="tests") as other:
        other.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [f"hookline-redrive-{processor}"])
        assert carried_out() == TRY_AGAIN
    assert row(owner, number)["state"] == "waiting"

    owner.execute("UPDATE dead_letter_requests SET attempts = %s WHERE id = %s", (MOST_ATTEMPTS, number))
    assert carried_out() == 0
    assert row(owner, number)["state"] == "failed"


def test_a_kafka_that_is_away_postpones_the_request(
    owner: psycopg.Connection[Any],
    ask: Callable[..., int],
    carried_out: Callable[[], int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    number = ask()

    def away(*_: object) -> None:
        raise KafkaTimeoutError("nothing came for 10 s")

    monkeypatch.setattr(program, "open_boxes", away)
    assert [carried_out(), carried_out()] == [TRY_AGAIN, TRY_AGAIN]
    assert "Kafka does not answer" in row(owner, number)["detail"]
    assert row(owner, number)["attempts"] == 0


def test_the_loop_starts_a_process_for_a_request_and_ends_it_with_the_processor(
    kafka: str,
    aside: Aside,
    processor: str,
    owner: psycopg.Connection[Any],
    processor_dsn: str,
    ask: Callable[..., int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    aside(7)
    monkeypatch.setenv("HOOKLINE_POSTGRES__DSN", processor_dsn)
    database = EngineDatabase(lambda: connect(processor_dsn, process="tests"))
    loop = RequestLoop(processor, StopSignal())
    assert loop(database) > 0  # nothing waits
    number = ask()
    assert loop(database) == 0
    assert (row(owner, number)["state"], row(owner, number)["handled"]) == ("done", 7)

    # What fails is tried again, later each time
    ask()
    failing = RequestLoop(processor, StopSignal(), lambda: [sys.executable, "-c", "raise SystemExit(75)"])
    assert [failing(database) for _ in range(7)] == [2, 4, 8, 16, 32, 60, 60]
    # What hangs ends with the processor
    stop = StopSignal()
    hanging = RequestLoop(processor, stop, lambda: [sys.executable, "-c", "import time; time.sleep(600)"])
    threading.Timer(0.3, stop.set).start()
    began = time.monotonic()
    hanging(database)
    assert time.monotonic() - began < 30
    database.close()


def test_an_operator_asks_in_the_console_and_a_viewer_does_not(
    postgres: Database, owner: psycopg.Connection[Any], tmp_path: Path
) -> None:
    owner.execute(
        "INSERT INTO dead_letters (consumer_group, topic_id, partition, record_offset, topic, disposition,"
        " error_class, error_message, attempts, ours) VALUES ('hookline-persist', %s, 0, 1, 'sms.messages.v1',"
        " 'rejected', 'NumericValueOutOfRange', 'for +13035550142', 1, true)",
        (uuid4(),),
    )
    console = PlayedConsole(tmp_path, postgres.dsn("console"))
    viewer, operator = console.client("viv"), console.client("olga")
    fields = {
        "action": "redrive", "processor": "persist", "disposition": "rejected",
        "error_class": "NumericValueOutOfRange", "writer": "ours", "canary": "5", "most": "500",
        "reason": "the column is wider now",
    }  # fmt: skip
    path = "/dead-letters/requests"
    # A viewer sees the page without a form, and neither they nor a form without its token change anything
    assert "Redrive" not in viewer.get("/dead-letters").text
    assert post(viewer, path, **fields).status_code == 403
    assert post(viewer, f"{path}/1/stop", reason="no more").status_code == 403
    assert operator.post(path, data=fields).status_code == 403
    assert console.client().post(path, data=fields).status_code in (303, 401)
    for wrong in (
        {"action": "drop"}, {"processor": "nobody"}, {"canary": "-1"}, {"canary": "x"}, {"most": "0"},
        {"most": "100001"}, {"writer": "me"}, {"reason": ""}, {"error_class": "x" * 301},
    ):  # fmt: skip
        assert post(operator, path, **fields | wrong).status_code == 400, wrong
    assert owner.execute("SELECT count(*) FROM dead_letter_requests").fetchone() == (0,)

    assert "Redrive" in operator.get("/dead-letters").text
    assert post(operator, path, **fields).status_code == 303

    [(number, *stored)] = owner.execute(
        "SELECT id, processor, action, disposition, error_class, writer, canary, most, requested_by, reason, state"
        " FROM dead_letter_requests"
    ).fetchall()
    cause = ("rejected", "NumericValueOutOfRange", "ours")
    assert stored == ["persist", "redrive", *cause, 5, 500, "olga", "the column is wider now", "waiting"]
    assert owner.execute(
        "SELECT username, action, subject, reason FROM console_records WHERE kind = 'change'"
    ).fetchall() == [
        ("olga", "redrive dead letters", f"request {number}: dead letters of persist", "the column is wider now")
    ]
    shown = viewer.get(path).text
    assert "waiting" in shown
    assert 'hx-trigger="every 2s"' in shown
    assert "Stop" not in shown
    assert "Stop" in operator.get(path).text
    assert post(operator, f"{path}/{number}/stop", reason="the wrong cause").status_code == 303
    assert post(operator, f"{path}/{number}/stop", reason="the wrong cause").status_code == 409
    assert post(operator, f"{path}/{2**70}/stop", reason="no such number").status_code == 409
    assert "olga has asked for its end" in viewer.get(path).text
    console.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE dead_letter_requests SET state = 'done'",
        "DELETE FROM dead_letter_requests",
        "UPDATE dead_letter_requests SET requested_by = 'somebody else'",
    ],
)
def test_the_console_changes_no_request_but_to_stop_it(postgres: Database, statement: str) -> None:
    with connect(postgres.dsn("console"), process="tests") as connection, pytest.raises(psycopg.Error):
        connection.execute(statement)
    with connect(postgres.dsn("persist"), process="tests") as connection, pytest.raises(psycopg.Error):
        connection.execute(statement.replace("state = 'done'", "reason = 'another'"))


def test_a_cause_is_one_row_whatever_its_topics(
    postgres: Database, owner: psycopg.Connection[Any], tmp_path: Path
) -> None:
    # A letter that was sent back in vain stands on the redrive topic: a request for its cause is about both
    for topic in ("sms.messages.v1", "redrive.persist"):
        owner.execute(
            "INSERT INTO dead_letters (consumer_group, topic_id, partition, record_offset, topic, disposition,"
            " error_class, error_message, attempts, ours) VALUES ('hookline-persist', %s, 0, 1, %s, 'rejected', 'E',"
            " '', 1, true)",
            (uuid4(), topic),
        )
    console = PlayedConsole(tmp_path, postgres.dsn("console"))
    shown = console.client("olga").get("/dead-letters").text
    console.close()
    assert "redrive.persist, sms.messages.v1" in shown
    assert shown.count('name="action" value="redrive"') == 1
