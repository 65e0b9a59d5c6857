"""`hookline spool` and `hookline quarantine`: from the directory alone, and beside a running service."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from ingest.durable.spool.database import SpoolFull
from ingest.quarantine.keeping import KeepingQuarantine
from ingest.quarantine.store import QuarantineStore
from ingest.request import WebhookRequest
from ingest.webhooks import receive
from ops import exits
from ops.__main__ import main
from runtime.kafka.producer import NotPublished, OutgoingRecord
from schemas.codec import Codec
from schemas.ids import SchemaIds
from tests.contract.players import NEW_SECRET, OLD_SECRET, PLAYERS
from tests.fuzz.providers import settings
from tests.unit.ingest.spools import number_of, opened, record
from tests.unit.runtime.test_schema_registry import FakeRegistry

RECEIPT = datetime(2026, 11, 22, 1, 2, 3, tzinfo=UTC)
Run = Callable[..., tuple[int, Any]]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A spool that no service uses, with two records that wait and one that Kafka refused for good."""
    service, spool = opened(tmp_path / "spool")
    spool.append([record(1), record(2)])
    spool.in_turn(lambda turn: turn.keep_refused(record(3), "MessageSizeTooLargeError"))
    spool.close()
    service.close()
    return tmp_path / "spool"


class Kafka:
    """As much of a KafkaProducer as a replay uses."""

    def __init__(self) -> None:
        self.records: list[OutgoingRecord] = []
        self.is_up = True
        self.failure: Exception | None = None

    def answers(self) -> bool:
        return self.is_up

    def publish_all(self, records: Sequence[OutgoingRecord], *, timeout: float) -> list[Exception | None]:
        self.records += records
        return [self.failure] * len(records)

    def close(self) -> None:
        pass


@pytest.fixture
def kafka(monkeypatch: pytest.MonkeyPatch) -> Kafka:
    made = Kafka()
    monkeypatch.setattr("runtime.kafka.producer.KafkaProducer", lambda *_: made)
    return made


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], kafka: Kafka
) -> Iterator[Run]:
    monkeypatch.setenv("HOOKLINE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HOOKLINE_INGEST__SPOOL_DIR", str(tmp_path / "spool"))
    monkeypatch.setenv("HOOKLINE_KAFKA__BOOTSTRAP_SERVERS", "127.0.0.1:1")  # nobody listens
    for variable, value in settings(NEW_SECRET).items():
        monkeypatch.setenv(variable, value)

    def command(*arguments: str) -> tuple[int, Any]:
        capsys.readouterr()  # what the test itself has logged
        code = main([*arguments, "--json"])
        out = capsys.readouterr().out
        return code, json.loads(out) if out else None

    return command


class Nowhere:
    def publish_all(self, _: object) -> Any:
        raise AssertionError("a 401 publishes nothing")


def quarantined(directory: Path, name: str, *, signed: str, valid: str, **fields: Any) -> None:
    """Have a webhook refused and kept."""
    player = PLAYERS[name]
    request = player.posted({**player.message, **fields}, signed).request(RECEIPT)
    with closing(KeepingQuarantine(QuarantineStore(directory, limit=10 * 2**20, days=36_500))) as kept:
        answer = receive(player.provider(valid), request, Nowhere(), kept)
    assert answer.status == 401


def unreadable(directory: Path, body: bytes, headers: dict[str, str] | None = None) -> None:
    """Have a webhook of TextLink refused and kept because nobody can read it."""
    provider = PLAYERS["textlink"].provider(NEW_SECRET)
    with closing(KeepingQuarantine(QuarantineStore(directory, limit=10 * 2**20, days=36_500))) as kept:
        answer = receive(provider, WebhookRequest("failed", headers or {}, body, RECEIPT), Nowhere(), kept)
    assert answer.status == 400


def test_status_without_a_service(run: Run, directory: Path) -> None:
    code, data = run("spool", "status")
    assert code == exits.OK
    assert (data["service_running"], data["records"], data["refused"], data["breaker"]) == (False, 2, 1, "unknown")
    assert [(refused["event_id"], refused["reason"]) for refused in data["refused_records"]] == [
        ("3", "MessageSizeTooLargeError")
    ]
    assert data["oldest_age_seconds"] > 0


def test_status_beside_a_service(run: Run, directory: Path) -> None:
    service, spool = opened(directory)
    code, data = run("spool", "status")
    assert (code, data["service_running"], data["records"], data["spooling"]) == (exits.OK, True, 2, True)
    assert main(["spool", "status"]) == exits.OK, "for people, too"
    spool.close()
    service.close()


def test_where_there_is_no_spool_it_says_so(run: Run) -> None:
    code, data = run("spool", "status")
    assert code == exits.CONFIG
    assert "HOOKLINE_INGEST__SPOOL_DIR" in data["error"]


def test_draining_into_a_kafka_that_is_down_keeps_everything(run: Run, directory: Path) -> None:
    # In a process of its own: kafka-python leaves sockets behind, which pytest takes for a mistake of ours
    command = [sys.executable, "-m", "ops", "spool", "drain", "--timeout", "0.5", "--json"]
    ended = subprocess.run(command, capture_output=True, timeout=120, check=False, cwd=Path(__file__).parents[3])
    data = json.loads(ended.stdout)
    assert (ended.returncode, data["left"], data["drained"]) == (exits.TRY_LATER, 2, 0)
    assert run("spool", "status")[1]["records"] == 2


def test_a_dry_run_changes_nothing(run: Run, directory: Path) -> None:
    assert run("spool", "drain", "--dry-run")[0] == exits.OK
    assert run("spool", "requeue", "--dry-run")[1]["requeued"] == 1
    assert run("spool", "status")[1]["refused"] == 1


def test_requeue_puts_back_what_kafka_refused(run: Run, directory: Path) -> None:
    assert run("spool", "requeue")[1] == {"dry_run": False, "requeued": 1}
    service, spool = opened(directory)
    assert [number_of(row.record) for row in spool.in_turn(lambda turn: turn.first(9))] == [1, 2, 3]
    spool.close()
    service.close()


@pytest.mark.parametrize("name", sorted(PLAYERS))
@pytest.mark.parametrize("beside_a_service", [False, True])
def test_a_mended_secret_brings_the_webhook_back(
    run: Run, directory: Path, kafka: Kafka, name: str, *, beside_a_service: bool
) -> None:
    # Given one webhook that was refused because our secret was old, and one that somebody made up
    quarantined(directory, name, signed=NEW_SECRET, valid=OLD_SECRET)
    quarantined(directory, name, signed="made-up-by-somebody", valid=NEW_SECRET, id="x", timestamp=1_748_455_363_371)
    held = opened(directory) if beside_a_service else ()
    # Then the list tells them apart
    code, data = run("quarantine", "ls")
    verdicts = [webhook["now"] for webhook in data["webhooks"]]
    assert (code, verdicts[0]) == (exits.OK, "authentic")
    assert verdicts[1].startswith("wrong_")
    shown = run("quarantine", "show", "2")[1]
    assert "hello" in shown["body"]
    assert "made-up-by-somebody" not in json.dumps(shown)
    # When they are replayed, the authentic one comes back, with its time of receipt
    assert [webhook["now"] for webhook in run("quarantine", "replay", "--dry-run")[1]["webhooks"]] == verdicts
    code, data = run("quarantine", "replay")
    assert (code, [webhook["now"] for webhook in data["webhooks"]]) == (exits.OK, ["replayed", verdicts[1]])
    for webhook in held:
        webhook.close()
    # Through the spool of the service, or straight to Kafka where nobody would drain it
    service, spool = opened(directory)
    spooled = [row.record for row in spool.in_turn(lambda turn: turn.first(9))][2:]
    spool.close()
    service.close()
    [back] = spooled if beside_a_service else kafka.records
    assert (len(spooled), len(kafka.records)) == ((1, 0) if beside_a_service else (0, 1))
    event = Codec(SchemaIds.checked_in()).decode(back.value)
    assert (event.provider, event.received_at, str(event.event_id)) == (name, RECEIPT, data["webhooks"][0]["event_id"])
    # And the other only by number and force
    assert run("quarantine", "replay", "2")[0] == exits.CHECK_FAILED
    assert run("quarantine", "replay", "--force")[0] == exits.USAGE
    assert run("quarantine", "replay", "2", "--force")[1]["webhooks"][0]["now"] == "replayed"
    assert run("quarantine", "ls")[1]["webhooks"] == []
    assert len(run("quarantine", "ls", "--all")[1]["webhooks"]) == 2


def test_what_comes_back_carries_the_numbers_of_the_registry_that_is_set(
    run: Run, directory: Path, kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = httpx.MockTransport(FakeRegistry(5000))
    client = httpx.Client
    monkeypatch.setattr(httpx, "Client", lambda **settings: client(**settings | {"transport": registry}))
    monkeypatch.setenv("HOOKLINE_SCHEMA_REGISTRY__URL", "http://registry.example")
    quarantined(directory, "textlink", signed=NEW_SECRET, valid=OLD_SECRET)
    assert run("quarantine", "replay")[0] == exits.OK
    [back] = kafka.records
    assert int.from_bytes(back.value[1:5], "big") >= 5000


def test_what_could_not_be_read_comes_back_with_a_mended_body(
    run: Run, directory: Path, kafka: Kafka, tmp_path: Path
) -> None:
    # Given the published failed sample, in which a comma is missing
    whole = '{"secret": "%s", "phone_number": "+13035550142", "text": "hi",\n "textlink_id": 5\n "portal": true}'
    unreadable(directory, (whole % NEW_SECRET).encode())
    unreadable(directory, (whole % "made-up-by-somebody").encode())
    assert [webhook["now"] for webhook in run("quarantine", "ls")[1]["webhooks"]] == ["not_json", "wrong_secret"]
    assert run("quarantine", "replay")[1]["counts"] == {"not_json": 1, "wrong_secret": 1}
    # When the operator takes its body, mends it and hands it over
    shown = run("quarantine", "show", "1")[1]["body"]
    assert NEW_SECRET not in shown
    mended = tmp_path / "mended.json"
    mended.write_text(shown.replace("5\n", "5,\n"))
    assert run("quarantine", "replay", "1", "--body", str(mended), "--dry-run")[1]["webhooks"][0]["now"] == "authentic"
    code, data = run("quarantine", "replay", "1", "--body", str(mended))
    # Then it is the event that it would have been
    assert (code, data["counts"]) == (exits.OK, {"replayed": 1})
    [back] = kafka.records
    event = Codec(SchemaIds.checked_in()).decode(back.value)
    assert (event.event_type, event.received_at) == ("message.failed", RECEIPT)
    assert "secret" not in event.payload
    # And the other, whose secret is wrong, does not come back by a body alone
    assert run("quarantine", "replay", "2", "--body", str(mended))[0] == exits.CHECK_FAILED
    assert run("quarantine", "replay", "2", "--body", str(mended), "--force")[1]["counts"] == {"replayed": 1}
    assert run("quarantine", "replay", "--body", str(mended))[0] == exits.USAGE


def test_a_list_goes_on_where_it_ended(run: Run, directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(5):
        quarantined(directory, "textlink", signed=NEW_SECRET, valid=OLD_SECRET, text=f"number {number}")
    data = run("quarantine", "ls", "--limit", "2", "--after", "1")[1]
    assert ([webhook["id"] for webhook in data["webhooks"]], data["total"]) == ([2, 3], 5)
    assert main(["quarantine", "ls", "--limit", "2"]) == exits.OK
    shown = capsys.readouterr()
    assert "--after 2" in shown.err
    assert main(["quarantine", "ls", "--limit", "5"]) == exits.OK
    assert "--after" not in capsys.readouterr().err


def test_many_come_back_a_group_at_a_time(run: Run, directory: Path, kafka: Kafka) -> None:
    player, count = PLAYERS["textlink"], 1_512
    with closing(KeepingQuarantine(QuarantineStore(directory, limit=10 * 2**20, days=36_500))) as kept:
        for number in range(count):
            fields = {**player.message, "timestamp": 1_748_455_363_370 + number}
            receive(player.provider(OLD_SECRET), player.posted(fields, NEW_SECRET).request(RECEIPT), Nowhere(), kept)
    assert len(run("quarantine", "ls")[1]["webhooks"]) == count
    code, data = run("quarantine", "replay")
    assert (code, data["counts"]) == (exits.OK, {"replayed": count})
    assert len({webhook["event_id"] for webhook in data["webhooks"]}) == count
    assert len(kafka.records) == count
    assert run("spool", "status")[1]["records"] == 2
    assert run("quarantine", "replay")[1] == {"webhooks": [], "dry_run": False, "counts": {}}


def test_a_spool_that_is_full_ends_a_replay_and_keeps_the_rest(
    run: Run, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quarantined(directory, "textlink", signed=NEW_SECRET, valid=OLD_SECRET)

    def full(*_: object) -> None:
        raise SpoolFull("spool_full")

    service, spool = opened(directory)
    monkeypatch.setattr("ingest.durable.spool.store.Spool.append", full)
    assert main(["quarantine", "replay"]) == exits.TRY_LATER
    spool.close()
    service.close()
    assert run("quarantine", "ls")[1]["total"] == 1


def test_where_neither_ingest_runs_nor_kafka_answers_a_replay_is_refused(
    run: Run, directory: Path, kafka: Kafka
) -> None:
    # Given a stop in the quarantine of a node that has signed off with an empty spool, so that the gate trusts it
    quarantined(directory, "textlink", signed=NEW_SECRET, valid=OLD_SECRET, text="STOP")
    kafka.is_up = False
    # When it is replayed
    code, data = run("quarantine", "replay")
    # Then it says what to do, the stop is in no spool that nobody knows of, and nothing is lost
    assert code == exits.TRY_LATER
    assert "start ingest on this node, or bring Kafka back" in data["error"]
    assert run("spool", "status")[1]["records"] == 2
    assert run("quarantine", "ls")[1]["total"] == 1


def test_what_kafka_does_not_confirm_stays_in_the_quarantine(
    run: Run, directory: Path, kafka: Kafka, capsys: pytest.CaptureFixture[str]
) -> None:
    quarantined(directory, "textlink", signed=NEW_SECRET, valid=OLD_SECRET)
    kafka.failure = NotPublished("timeout")
    assert main(["quarantine", "replay"]) == exits.TRY_LATER
    assert "NotPublished" in capsys.readouterr().err
    assert run("quarantine", "ls")[1]["total"] == 1
    # When Kafka is well again, it comes back under the same id
    kafka.failure = None
    assert run("quarantine", "replay")[1]["counts"] == {"replayed": 1}
    first, second = (Codec(SchemaIds.checked_in()).decode(record.value) for record in kafka.records)
    assert first.event_id == second.event_id


def test_a_webhook_that_is_not_there(run: Run, directory: Path) -> None:
    assert run("quarantine", "show", "7")[0] == exits.CHECK_FAILED
    assert run("quarantine", "replay", "7")[0] == exits.CHECK_FAILED
