"""Whatever comes over the wire: never a 5xx, no worker dies, and Kafka has every event that was answered 200.

HOOKLINE_FUZZ_COUNT requests (3,000; `make fuzz` sends 100,000) from HOOKLINE_FUZZ_SEED (a new one each time).
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.local.ports import free_ports
from runtime.connections import KafkaSettings
from runtime.kafka.consumer import Partition, Record
from runtime.kafka.reader import read
from runtime.kafka.topics import Offsets, TopicAdmin
from schemas.codec import Codec
from schemas.ids import SchemaIds
from schemas.topics import EVENT_TOPICS
from tests.fuzz.case import OK
from tests.fuzz.cases import case
from tests.fuzz.client import Client, NoAnswer
from tests.fuzz.providers import SECRET, settings
from tests.twins.workers import workers_of

COUNT = int(os.environ.get("HOOKLINE_FUZZ_COUNT", "3000"))
SEED = int(os.environ.get("HOOKLINE_FUZZ_SEED") or random.SystemRandom().randrange(2**31))
CONNECTIONS = 32
CODEC = Codec(SchemaIds.checked_in())
#: More than this many wrong answers tell no more than these.
ENOUGH = 20


@dataclass(frozen=True)
class Service:
    """A running ingest."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def workers(self) -> set[int]:
        """Process ids of those that answer requests."""
        return {worker.pid for worker in workers_of(self.process.pid)}

    def ready(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/readyz", timeout=2).status_code == OK
        except httpx.TransportError:
            return False


@dataclass
class Outcome:
    """What became of a run."""

    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    event_ids: set[str] = field(default_factory=set)


@pytest.fixture
def service(kafka: str, tmp_path: Path) -> Iterator[Service]:
    (port,) = free_ports(1)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("HOOKLINE_")} | {
        "HOOKLINE_HOME": str(tmp_path),
        "HOOKLINE_KAFKA__BOOTSTRAP_SERVERS": kafka,
        "HOOKLINE_INGEST__PORT": str(port),
        "HOOKLINE_INGEST__WORKERS": "2",
        **settings(),
    }
    log = tmp_path / "ingest.log"
    with log.open("ab") as output:
        command = [sys.executable, "-m", "ops", "ingest"]
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    service = Service(process, port, log)
    try:
        deadline = time.monotonic() + 60
        while not (service.ready() and len(service.workers()) == 2):
            assert time.monotonic() < deadline, f"ingest is not ready:\n{log.read_text()[-2000:]}"
            time.sleep(0.05)
        yield service
    finally:
        process.terminate()
        process.wait(30)


async def fuzz(port: int, outcome: Outcome) -> None:
    numbers = iter(range(COUNT))

    async def work() -> None:
        client = Client(port)
        for number in numbers:
            requested = case(SEED, number)
            try:
                reply = await client.ask(requested)
            except NoAnswer as error:
                outcome.wrong.append(f"case {number}, {requested.name}: no answer within {error}")
                continue
            outcome.answers[requested.name, reply.status] += 1
            if reply.status not in requested.expected:
                outcome.wrong.append(
                    f"case {number}, {requested.name}: {reply.status}, not {sorted(requested.expected)};"
                    f" {requested.wire[:200]!r}"
                )
            if reply.durability is not None:
                assert reply.event_id is not None
                outcome.event_ids.add(reply.event_id)
            elif reply.status == OK and requested.expected == {OK}:
                outcome.wrong.append(f"case {number}, {requested.name}: 200, but nothing says where the event is")
            if len(outcome.wrong) > ENOUGH:
                break
        await client.close()

    await asyncio.gather(*(work() for _ in range(CONNECTIONS)))


def log_ends(settings: KafkaSettings) -> dict[tuple[str, int], Offsets]:
    with TopicAdmin(settings, "hookline-tests") as admin:
        return admin.offsets(admin.describe(topic.name for topic in EVENT_TOPICS).values())


def records_since(settings: KafkaSettings, before: dict[tuple[str, int], Offsets]) -> Generator[Record, None, None]:
    after = log_ends(settings)
    stretches = {Partition(*place): Offsets(before[place].end, bounds.end) for place, bounds in after.items()}
    yield from read(settings, "hookline-tests", stretches)


def texts(node: Any) -> Iterator[str]:
    """Every text in `node`, keys included."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        yield from texts([*node.items()])
    elif isinstance(node, list | tuple):
        for inner in node:
            yield from texts(inner)


def check(record: Record) -> str:
    """The event id of `record`, after a look at whether it is fit for everybody behind Kafka."""
    assert record.value is not None
    event = CODEC.decode(record.value)
    everything = b"\n".join([record.key or b"", record.value, *(value for _, value in record.headers)])
    assert SECRET.encode() not in everything, f"the secret is in event {event.event_id}"
    for part in texts([astuple(event), json.loads(event.payload)]):
        assert "\x00" not in part, "PostgreSQL takes none"
        part.encode()  # raises for a lone surrogate, which UTF-8 cannot hold
    assert record.key == (event.contact_phone.encode() if event.contact_phone is not None else None)
    headers = dict(record.headers)
    assert headers["ce_id"] == str(event.event_id).encode()
    return str(event.event_id)


@pytest.mark.slow
@pytest.mark.timeout(120 + COUNT // 50)
def test_whatever_comes(service: Service, kafka_settings: KafkaSettings) -> None:
    print(f"HOOKLINE_FUZZ_SEED={SEED} HOOKLINE_FUZZ_COUNT={COUNT}")
    # Given a service and its workers
    before, workers, outcome = log_ends(kafka_settings), service.workers(), Outcome()
    # When it is sent all sorts of things
    began = time.monotonic()
    asyncio.run(fuzz(service.port, outcome))
    print(f"{outcome.answers.total()} answers in {time.monotonic() - began:.0f} s")
    for (name, status), count in sorted(outcome.answers.items()):
        print(f"{name:20} {status or 'closed'} {count:>7}")
    # Then each was answered as it must be
    assert not outcome.wrong, "\n".join([f"HOOKLINE_FUZZ_SEED={SEED}:", *outcome.wrong])
    # And no worker has died, or said that it nearly did
    assert service.workers() == workers
    assert service.ready()
    log = service.log.read_text("utf-8", "replace")
    assert "Traceback" not in log
    assert "panicked" not in log
    # And Kafka has the event of every 200, fit for whoever reads it (what was spooled follows soon)
    deadline = time.monotonic() + 60
    kept: set[str] = set()
    while outcome.event_ids - kept and time.monotonic() < deadline:
        with closing(records_since(kafka_settings, before)) as records:
            kept |= {check(record) for record in records}
    missing = outcome.event_ids - kept
    assert not missing, f"HOOKLINE_FUZZ_SEED={SEED}: {len(missing)} of {len(outcome.event_ids)} events are not in Kafka"


def test_the_same_seed_makes_the_same_requests() -> None:
    assert [case(1, number) for number in range(200)] == [case(1, number) for number in range(200)]
    assert [case(1, number).wire for number in range(20)] != [case(2, number).wire for number in range(20)]
