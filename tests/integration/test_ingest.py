"""The ingest service as it runs: Granian, several workers, a real Kafka."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from kafka import KafkaConsumer

from deploy.local.ports import free_ports
from runtime.kafka.internals.batches import read_whatever_comes
from runtime.web_server import processor_of
from schemas.codec import Codec
from schemas.ids import SchemaIds
from tests.contract.players import NEW_SECRET, PLAYERS
from tests.fuzz.providers import settings
from tests.twins.workers import workers_of

DEADLINE = 120.0  # seconds; far beyond what any step takes


def wait_until(holds: Callable[[], Any], what: str) -> Any:
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        if found := holds():
            return found
        time.sleep(0.05)
    pytest.fail(f"not within {DEADLINE:g} s: {what}")


class Service:
    """A running `hookline ingest`."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, admin_port: int, log: Path) -> None:
        self.process = process
        self.url = f"http://127.0.0.1:{port}"
        self.admin_url = f"http://127.0.0.1:{admin_port}"
        self.port = port
        self.log = log

    def ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", timeout=2).status_code == 200
        except httpx.TransportError:
            return False

    def workers(self) -> list[psutil.Process]:
        return workers_of(self.process.pid)

    def post(self, provider: str = "textlink", **fields: Any) -> httpx.Response:
        posted = PLAYERS[provider].posted({**PLAYERS[provider].message, **fields}, NEW_SECRET)
        return httpx.post(self.url + posted.path, content=posted.body, headers=posted.headers, timeout=10)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Service]]:
    started: list[Service] = []

    def run(kafka: str) -> Service:
        port, admin_port = free_ports(2)
        environment = {key: value for key, value in os.environ.items() if not key.startswith("HOOKLINE_")} | {
            "HOOKLINE_KAFKA__BOOTSTRAP_SERVERS": kafka,
            "HOOKLINE_INGEST__PORT": str(port),
            "HOOKLINE_INGEST__ADMIN_PORT": str(admin_port),
            "HOOKLINE_INGEST__WORKERS": "2",
            "HOOKLINE_INGEST__SPOOL_DIR": str(tmp_path / "spool"),
            **settings(NEW_SECRET),
        }
        log = tmp_path / "ingest.log"
        with log.open("ab") as output:
            process = subprocess.Popen([sys.executable, "-m", "ops", "ingest"], env=environment, stderr=output)
        started.append(Service(process, port, admin_port, log))
        return started[-1]

    yield run
    for service in started:
        service.process.terminate()
        service.process.wait(30)


@pytest.fixture
def service(start: Callable[..., Service], kafka: str) -> Service:
    service = start(kafka)
    wait_until(service.ready, "ingest is ready")
    return service


def records_of(kafka: str, ids: set[str], *topics: str) -> dict[str, Any]:
    """The records on `topics` whose ce_id is one of `ids`, by id."""
    found: dict[str, Any] = {}
    consumer = KafkaConsumer(*topics, bootstrap_servers=kafka, auto_offset_reset="earliest", enable_auto_commit=False)
    budget = read_whatever_comes(consumer)  # other tests leave junk on these topics
    with closing(consumer):
        deadline = time.monotonic() + DEADLINE
        while ids - found.keys() and time.monotonic() < deadline:
            budget.renew()
            for record in chain.from_iterable(consumer.poll(timeout_ms=500).values()):
                found[(dict(record.headers).get("ce_id") or b"").decode("utf-8", "replace")] = record
    return {event_id: record for event_id, record in found.items() if event_id in ids}


def test_a_webhook_becomes_an_avro_record(service: Service, kafka: str) -> None:
    # When one of each provider is posted
    answers = {name: service.post(name) for name in PLAYERS}
    # Then each is answered 200, once Kafka has it
    for answer in answers.values():
        assert answer.status_code == 200
        assert answer.headers["X-Durability"] == "kafka"
    ids = {answer.headers["X-Event-Id"]: name for name, answer in answers.items()}
    records = records_of(kafka, set(ids), "sms.messages.v1")
    assert records.keys() == ids.keys()
    # And its record is ours: key, wire format, CloudEvents
    for event_id, record in records.items():
        event = Codec(SchemaIds.checked_in()).decode(record.value)
        assert record.key == b"+13035550142"
        assert str(event.event_id) == event_id
        headers = dict(record.headers)
        assert headers["ce_type"] == b"message.received"
        assert headers["ce_source"] == f"/providers/{ids[event_id]}/{event.account}".encode()
        assert headers["content-type"] == b"application/avro"


def test_every_kind_goes_to_its_topic(service: Service, kafka: str) -> None:
    textus = PLAYERS["textus"].message
    sent = {
        "sms.contacts.v1": service.post("textlink", text=None, tag="Warm", name="A"),
        "sms.unrecognized.v1": service.post("textus", action="message.exploded", id="u1"),
        "sms.calls.v1": service.post("textus", action="phone_call.completed", id="c1", phoneCall={"id": "1"}),
        "sms.opt-outs.v1": service.post("textus", action="contact.opted-out", id="o1", optOut={"id": "1"}),
        "sms.messages.v1": service.post("textus", **{**textus, "id": "m1"}),
    }
    # `text` is there, though null, so the single URL reads a text; its own URL says that it is a tag
    tag = httpx.post(
        f"{service.url}/webhooks/textlink/tag",
        json={"secret": NEW_SECRET, "phone_number": "+13035550142", "tag": "Warm", "name": "A"},
        timeout=10,
    )
    sent["sms.contacts.v1"] = tag
    for topic, answer in sent.items():
        assert answer.status_code == 200
        assert records_of(kafka, {answer.headers["X-Event-Id"]}, topic), topic


def test_a_killed_worker_is_replaced_and_the_service_goes_on(service: Service) -> None:
    before = wait_until(lambda: len(found := service.workers()) == 2 and found, "two workers")
    before[0].kill()
    wait_until(
        lambda: len(now := service.workers()) == 2 and before[0].pid not in {worker.pid for worker in now},
        "two workers again",
    )
    wait_until(service.ready, "ready again")
    assert service.post().status_code == 200


def test_a_worker_killed_again_and_again_is_replaced_each_time(service: Service) -> None:
    for _ in range(3):
        victim, _other = wait_until(lambda: len(found := service.workers()) == 2 and found, "two workers")
        victim.kill()
        psutil.wait_procs([victim], timeout=DEADLINE)
    wait_until(lambda: len(service.workers()) == 2 and service.ready(), "two workers, and ready")
    assert service.process.poll() is None


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux lets a process choose its processor")
def test_workers_share_out_the_processors_and_so_does_one_that_replaces_another(service: Service) -> None:
    everywhere = sorted(os.sched_getaffinity(0))
    chosen = [processor_of(worker, 2) for worker in range(2)]
    expected = sorted(everywhere if processor is None else [processor] for processor in chosen)

    def as_expected() -> bool:
        return sorted(worker.cpu_affinity() for worker in service.workers()) == expected

    wait_until(as_expected, "each on its own")
    victim = service.workers()[0]
    victim.kill()
    psutil.wait_procs([victim], timeout=DEADLINE)
    wait_until(as_expected, "each on its own again")


def test_no_worker_outlives_its_parent(service: Service) -> None:
    workers = wait_until(lambda: len(found := service.workers()) == 2 and found, "two workers")
    service.process.kill()
    _, alive = psutil.wait_procs(workers, timeout=DEADLINE)
    assert not alive


def test_sigterm_ends_it_with_0(service: Service) -> None:
    workers = service.workers()
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(DEADLINE) == 0
    assert not psutil.wait_procs(workers, timeout=DEADLINE)[1]


def test_metrics_are_summed_over_workers(service: Service) -> None:
    for number in range(40):
        assert service.post("textlink", text=str(number)).status_code == 200
    scraped = httpx.get(f"{service.admin_url}/metrics", timeout=5).text
    assert 'hookline_webhooks_total{provider="textlink",status="200"} 40.0' in scraped
    assert httpx.get(f"{service.admin_url}/version", timeout=5).json()["process"] == "ingest"


def refusal(environment: dict[str, str]) -> str:
    """What ingest says when it refuses to start with `environment`: exit code 78."""
    command = [sys.executable, "-m", "ops", "ingest"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=DEADLINE, check=False)
    assert done.returncode == 78
    return done.stderr


def test_without_secrets_it_refuses_to_start(kafka: str, tmp_path: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("HOOKLINE_")}
    environment |= {"HOOKLINE_KAFKA__BOOTSTRAP_SERVERS": kafka, "HOOKLINE_INGEST__PORT": "http"}
    reported = refusal(environment)
    assert "HOOKLINE_INGEST__PORT" in reported
    # And where the values can be read, what is missing is named
    del environment["HOOKLINE_INGEST__PORT"]
    reported = refusal(environment)
    assert "HOOKLINE_TEXTLINK__SECRETS" in reported
    assert "HOOKLINE_TEXTUS__SIGNING_SECRETS" in reported


def test_secrets_and_phones_stay_out_of_the_log(service: Service) -> None:
    service.post("textlink", text="a private text")
    refused = httpx.post(
        f"{service.url}/webhooks/textlink/received",
        json={"secret": "not-the-secret", "phone_number": "+13035550142", "text": "a private text"},
        timeout=10,
    )
    assert refused.status_code == 401
    wait_until(lambda: "wrong_secret" in service.log.read_text(), "the refusal is logged")
    log = service.log.read_text()
    for private in (NEW_SECRET, "not-the-secret", "3035550142", "a private text"):
        assert private not in log
