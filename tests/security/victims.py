"""An ingest and a gate that are attacked on a real Kafka, and what genuine requests come to meanwhile."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from deploy.local.ports import HOST, free_ports
from tests.bench.servers import megabytes
from tests.bench.webhooks import SECRET
from tests.twins.workers import workers_of

#: Genuine requests a second, and the connections that they come on.
RATE, CONNECTIONS = 100.0, 16
#: What genuine askers show to the gate.
TOKEN = "the-token-of-the-attacked-gate"
#: What a provider signs with before its new secret is known to ingest: refused, and wanted back.
ROTATED_SECRET = "a-secret-that-ingest-does-not-know-yet"
#: Webhooks of that kind which wait in the quarantine when an attack begins.
KEPT = 40
#: Requests that each of two workers handles at once: together fewer than there are attackers.
THREADS = 16
#: MiB that the quarantine may take: a flood fills it in seconds.
QUARANTINE_MB = 4


@dataclass(frozen=True, slots=True)
class Genuine:
    """What became of genuine requests; latency counts from when each was due."""

    due: int  #: how many ought to have been sent
    requests: int  #: sent; fewer are where every connection waits for its answer
    errors: int  #: answers that were not 200, and requests without one
    p50_ms: float
    p99_ms: float
    event_ids: frozenset[str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Attacked:
    """What one attack came to."""

    genuine: Genuine  #: meanwhile
    seen: dict[str, int]  #: answers that the attackers got, by status; what else became of them, by name
    memory_mb: float  #: the most of the attacked service, all of its processes together (PSS)


class Victim:
    """One running service with its own port and admin port."""

    def __init__(self, name: str, home: Path, environment: dict[str, str], checkout: Path | None = None) -> None:
        """`checkout`: another one with its own .venv, to compare with."""
        self.name, self.home = name, home
        self.port, self.admin_port = free_ports(2)
        prefix = f"HOOKLINE_{name.upper()}__"
        environment |= {f"{prefix}PORT": str(self.port), f"{prefix}ADMIN_PORT": str(self.admin_port)}
        python = sys.executable if checkout is None else str(checkout / ".venv" / "bin" / "python")
        self.log = home / f"{name}.log"
        with self.log.open("ab") as output:
            command = [python, "-m", "ops", name]
            self.process = subprocess.Popen(command, env=environment, cwd=checkout, stdout=output, stderr=output)

    def is_alive(self) -> bool:
        """Whether it answers. The gate is ready only while opt-out has caught up, which does not run here."""
        path = "healthz" if self.name == "gate" else "readyz"
        try:
            return httpx.get(f"http://{HOST}:{self.port}/{path}", timeout=5, trust_env=False).status_code == 200
        except httpx.TransportError:
            return False

    def workers(self) -> set[int]:
        """Process ids of those that answer requests."""
        return {worker.pid for worker in workers_of(self.process.pid)}

    def memory_mb(self) -> float:
        return megabytes([self.process.pid])

    def wait_ready(self) -> None:
        deadline = time.monotonic() + 60
        while not self.is_alive():
            assert self.process.poll() is None, self.log.read_text()[-2000:]
            assert time.monotonic() < deadline, f"{self.name} is not ready:\n{self.log.read_text()[-2000:]}"
            time.sleep(0.05)

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def environment(home: Path, kafka: Mapping[str, str], **more: str) -> dict[str, str]:
    """What every victim is started with; `kafka`: the variables by which it reaches one."""
    outside = {name: value for name, value in os.environ.items() if not name.startswith("HOOKLINE_")}
    return outside | {"HOOKLINE_HOME": str(home), **kafka, **more}


@contextmanager
def ingest(home: Path, kafka: Mapping[str, str], checkout: Path | None = None) -> Iterator[Victim]:
    """An ingest with two workers whose quarantine holds `KEPT` genuine webhooks of a secret that is not known yet."""
    settings = environment(
        home,
        kafka,
        HOOKLINE_INGEST__WORKERS="2",
        HOOKLINE_INGEST__THREADS=str(THREADS),
        HOOKLINE_INGEST__PROVIDERS="textlink,twilio",
        HOOKLINE_INGEST__PUBLIC_URL="https://sms.example.com",
        HOOKLINE_TEXTLINK__SECRETS=SECRET,
        HOOKLINE_TWILIO__AUTH_TOKENS="the-auth-token-of-the-attacked-ingest",
        HOOKLINE_INGEST__QUARANTINE_MAX_MB=str(QUARANTINE_MB),
    )
    victim = Victim("ingest", home, settings, checkout)
    try:
        victim.wait_ready()
        for number in range(KEPT):
            fields = {"secret": ROTATED_SECRET, "phone_number": "+13035550142", "text": f"kept {number}"}
            url = f"http://{HOST}:{victim.port}/webhooks/textlink/received"
            assert httpx.post(url, json=fields, timeout=30, trust_env=False).status_code == 401
        yield victim
    finally:
        victim.stop()


@contextmanager
def gate(home: Path, kafka: Mapping[str, str], dsn: str, checkout: Path | None = None) -> Iterator[Victim]:
    """A gate that asks the database of `dsn`."""
    victim = Victim(
        "gate",
        home,
        environment(home, kafka, HOOKLINE_POSTGRES__DSN=dsn, HOOKLINE_GATE__TOKENS=TOKEN),
        checkout,
    )
    try:
        victim.wait_ready()
        yield victim
    finally:
        victim.stop()


def genuine(victim: Victim, seconds: float, run: int) -> Genuine:
    """Genuine requests at a steady rate: webhooks to an ingest, questions with the token to a gate."""
    return _outcome(_start(_genuine_command(victim, seconds, run)), seconds)


def attacked(victim: Victim, attack: str, port: int, count: int, seconds: float, run: int) -> Attacked:
    """`count` attackers at `port`, and genuine requests to `victim` meanwhile."""
    attackers = _start(
        [sys.executable, "-m", "tests.security.attackers", attack, *map(str, (port, count, seconds, run))]
    )
    time.sleep(0.5)  # they are there first
    asking = _start(_genuine_command(victim, seconds - 0.5, run))
    most, end = 0.0, time.monotonic() + seconds
    while time.monotonic() < end:
        most = max(most, victim.memory_mb())
        time.sleep(0.5)
    outcome = _outcome(asking, seconds - 0.5)
    seen, errors = attackers.communicate(timeout=60)
    assert attackers.returncode == 0, errors
    return Attacked(outcome, json.loads(seen), most)


def kept_webhooks(victim: Victim) -> int:
    """How many of the genuine webhooks with the unknown secret the quarantine still has."""
    file = victim.home / "spool" / "quarantine.sqlite"
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=30)) as connection:
        [(count,)] = connection.execute("SELECT count(*) FROM kept WHERE instr(body, CAST('kept ' AS BLOB)) > 0")
    return int(count)


@contextmanager
def scrapes(victim: Victim, *, are_made: bool) -> Iterator[list[bool]]:
    """Whether each scrape of /metrics succeeds in the block, if they `are_made`: one a second, as a monitor tries."""
    outcomes: list[bool] = []
    ended = threading.Event()

    def scrape() -> None:
        while not ended.wait(1.0):
            try:
                answer = httpx.get(f"http://{HOST}:{victim.admin_port}/metrics", timeout=5, trust_env=False)
                outcomes.append(answer.status_code == 200)
            except httpx.TransportError:
                outcomes.append(False)

    scraping = threading.Thread(target=scrape, daemon=True)
    if are_made:
        scraping.start()
    try:
        yield outcomes
    finally:
        ended.set()
        if are_made:
            scraping.join(10)


def _genuine_command(victim: Victim, seconds: float, run: int) -> list[str]:
    asks = ["--ask", "/opt-outs/PHONE", "--token", TOKEN] if victim.name == "gate" else []
    generator = [sys.executable, "-m", "tests.bench.generator", *map(str, (victim.port, CONNECTIONS, seconds, run))]
    return [*generator, "--rate", str(RATE), *asks]


def _start(command: Sequence[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _outcome(asking: subprocess.Popen[str], seconds: float) -> Genuine:
    """What the generator says. One that cannot even connect counts as all of its requests unanswered."""
    due = round(RATE * seconds)
    output, _ = asking.communicate(timeout=seconds + 60)
    if asking.returncode != 0:
        return Genuine(due, due, due, float("inf"), float("inf"), frozenset())
    found: dict[str, Any] = json.loads(output.splitlines()[-1])
    ids = frozenset(event_id for _, _, event_id in found["sent"])
    return Genuine(due, found["requests"], found["errors"], found["p50_ms"], found["p99_ms"], ids)
