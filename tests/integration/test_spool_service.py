"""The spool in a running ingest."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import httpx
import pytest

from deploy.local.ports import free_ports
from tests.contract.players import NEW_SECRET, PLAYERS
from tests.integration.test_ingest import records_of, wait_until

NOBODY = "127.0.0.1:1"  # no Kafka listens there


class Ingest:
    """`hookline ingest` on one spool directory, started as often as a test likes."""

    def __init__(self, home: Path) -> None:
        self.spool = home / "spool"
        self.port, self.admin_port = free_ports(2)
        self.started: list[subprocess.Popen[bytes]] = []

    def environment(self, kafka: str, **more: str) -> dict[str, str]:
        plain = {key: value for key, value in os.environ.items() if not key.startswith("HOOKLINE_")}
        return plain | {
            "HOOKLINE_KAFKA__BOOTSTRAP_SERVERS": kafka,
            "HOOKLINE_INGEST__PORT": str(self.port),
            "HOOKLINE_INGEST__ADMIN_PORT": str(self.admin_port),
            "HOOKLINE_INGEST__WORKERS": "2",
            "HOOKLINE_INGEST__SPOOL_DIR": str(self.spool),
            "HOOKLINE_TEXTLINK__SECRETS": NEW_SECRET,
            "HOOKLINE_TEXTUS__SIGNING_SECRETS": NEW_SECRET,
            **more,
        }

    def start(self, kafka: str, **more: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "ops", "ingest"]
        process = subprocess.Popen(command, env=self.environment(kafka, **more), stderr=subprocess.DEVNULL)
        self.started.append(process)
        wait_until(lambda: self.readyz() == 200, "ingest is ready")
        return process

    def readyz(self) -> int:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/readyz", timeout=5).status_code
        except httpx.TransportError:
            return 0

    def post(self, number: int, signed: str = NEW_SECRET) -> httpx.Response:
        player = PLAYERS["textlink"]
        # A text that no other test posts: the same content is the same event, and Kafka is shared.
        posted = player.posted({**player.message, "text": f"spooled {number}"}, signed, "received")
        url = f"http://127.0.0.1:{self.port}{posted.path}"
        return httpx.post(url, content=posted.body, headers=posted.headers, timeout=10)

    def gauge(self, name: str) -> float:
        text = httpx.get(f"http://127.0.0.1:{self.admin_port}/metrics", timeout=10).text
        return float(next(line.split()[1] for line in text.splitlines() if line.startswith(f"{name} ")))

    def stop(self, process: subprocess.Popen[bytes]) -> int:
        process.terminate()
        return process.wait(30)

    def close(self) -> None:
        for process in self.started:
            if process.poll() is None:
                self.stop(process)


@pytest.fixture
def ingest(tmp_path: Path) -> Iterator[Ingest]:
    ingest = Ingest(tmp_path)
    yield ingest
    ingest.close()


@pytest.mark.slow
def test_what_was_spooled_without_kafka_is_in_it_after_a_restart(ingest: Ingest, kafka: str) -> None:
    # Given an ingest that starts without Kafka: it takes events all the same, at once
    first = ingest.start(NOBODY)
    ids = {}
    for number in range(20):
        begun = time.monotonic()
        answer = ingest.post(number)
        assert time.monotonic() - begun < 3  # what a provider is promised: no webhook waits for a Kafka that is away
        assert (answer.status_code, answer.headers["X-Durability"]) == (200, "spool")
        ids[answer.headers["X-Event-Id"]] = number
    assert ingest.gauge("hookline_spool_records") == 20
    assert ingest.gauge("hookline_spooling") == 1
    # A second service on its directory is refused by name
    other = {"HOOKLINE_INGEST__PORT": "0", "HOOKLINE_INGEST__ADMIN_PORT": "0"}
    command = [sys.executable, "-m", "ops", "ingest"]
    refused = subprocess.run(
        command, env=ingest.environment(NOBODY, **other), capture_output=True, timeout=60, check=False
    )
    assert refused.returncode == 78
    assert b"HOOKLINE_INGEST__SPOOL_DIR" in refused.stderr
    # When it is killed with everything it has, and started with Kafka
    first.kill()
    first.wait()
    ingest.start(kafka)
    wait_until(lambda: ingest.gauge("hookline_spooling") == 0, "handed back")
    # Then all is there, in order, and events go to Kafka again
    records = records_of(kafka, set(ids), "sms.messages.v1")
    assert records.keys() == ids.keys()
    offsets = [records[event_id].offset for event_id in sorted(ids, key=ids.__getitem__)]
    assert offsets == sorted(offsets), "one contact, one partition"
    assert ingest.post(21).headers["X-Durability"] == "kafka"
    assert ingest.gauge("hookline_spool_replayed_total") == 20


@pytest.mark.slow
def test_it_leaves_the_load_balancer_before_it_stops(ingest: Ingest) -> None:
    process = ingest.start(NOBODY, HOOKLINE_INGEST__LEAVE_SECONDS="2")
    process.terminate()
    wait_until(lambda: ingest.readyz() == 503, "leaving")
    assert ingest.post(1).status_code == 200, "it still serves"
    assert process.wait(30) == 0


def posting(ingest: Ingest, client: int, answered: list[int]) -> str:
    """How it ended for a client that keeps its connection and posts as long as it may; `answered` counts."""
    connection = HTTPConnection("127.0.0.1", ingest.port, timeout=10)
    player = PLAYERS["textlink"]
    while True:
        posted = player.posted({**player.message, "text": f"client {client}: {len(answered)}"}, NEW_SECRET, "received")
        try:
            if connection.sock is None:
                connection.connect()
        except ConnectionRefusedError:
            return "refused before anything was sent"
        try:
            connection.request("POST", posted.path, posted.body, posted.headers)
            answer = connection.getresponse()
        except (OSError, HTTPException) as error:
            return f"sent, and not answered: {type(error).__name__}"
        answer.read()
        if answer.status != 200:
            return f"answered {answer.status}"
        answered.append(client)


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="new connections are rejected on Linux")
def test_what_is_sent_while_it_stops_is_answered(ingest: Ingest) -> None:
    # Given clients that keep their connections and never pause
    process = ingest.start(NOBODY)
    answered: list[int] = []
    with ThreadPoolExecutor(16) as clients:
        ended = [clients.submit(posting, ingest, client, answered) for client in range(16)]
        wait_until(lambda: len(answered) > 200, "they post")
        # When it is stopped
        process.terminate()
        # Then each is told so before it sends one webhook more
        assert {future.result() for future in ended} == {"refused before anything was sent"}
    assert process.wait(30) == 0


@pytest.mark.slow
def test_a_webhook_refused_by_a_wrong_secret_is_quarantined(ingest: Ingest) -> None:
    process = ingest.start(NOBODY)
    assert ingest.post(1, signed="some-other-secret-123").status_code == 401
    ingest.stop(process)
    command = [sys.executable, "-m", "ops", "quarantine", "ls", "--json"]
    shown = subprocess.run(command, env=ingest.environment(NOBODY), capture_output=True, timeout=60, check=True)
    assert b'"reason": "wrong_secret"' in shown.stdout
