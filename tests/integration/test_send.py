"""The operator's round: send, see the rows, see that all is well; on real servers and real processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from deploy.local.ports import free_ports
from ops.__main__ import main
from ops.send.player import players
from tests.conftest import Database
from tests.fuzz.providers import settings as every_provider

DEADLINE = 150.0
SECRETS = every_provider("a-provider-s-secret-0123456789")


def wait_until(holds: Callable[[], Any], what: str) -> Any:
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        if found := holds():
            return found
        time.sleep(0.05)
    pytest.fail(f"not within {DEADLINE:g} s: {what}")


@pytest.fixture
def house(
    kafka: str, postgres: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """ingest, persist and the registry, each as a process; the command finds them by the same settings."""
    ports = free_ports(4)
    settings = SECRETS | {
        "HOOKLINE_HOME": str(tmp_path),
        "HOOKLINE_KAFKA__BOOTSTRAP_SERVERS": kafka,
        "HOOKLINE_POSTGRES__DSN": postgres.dsn("operator"),
        "HOOKLINE_POSTGRES__OWNER_DSN": postgres.owner_dsn,
        "HOOKLINE_INGEST__PORT": str(ports[0]),
        "HOOKLINE_INGEST__ADMIN_PORT": str(ports[1]),
        "HOOKLINE_INGEST__WORKERS": "1",
        "HOOKLINE_INGEST__SPOOL_DIR": str(tmp_path / "spool"),
        "HOOKLINE_PERSIST__ADMIN_PORT": str(ports[2]),
        "HOOKLINE_REGISTRY__ADMIN_PORT": str(ports[3]),
    }
    for name in list(os.environ):
        if name.startswith("HOOKLINE_"):
            monkeypatch.delenv(name)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    started: dict[str, subprocess.Popen[bytes]] = {}
    for name in ("ingest", "process persist", "registry"):
        with (tmp_path / f"{name}.log").open("wb") as log:
            command = [sys.executable, "-m", "ops", *name.split()]
            own = os.environ | {"HOOKLINE_POSTGRES__DSN": postgres.dsn("persist")}  # the only one that asks
            started[name] = subprocess.Popen(command, env=own, stdout=log, stderr=subprocess.STDOUT)

    def ready(port: int) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=2).is_success
        except httpx.TransportError:
            return False

    try:
        wait_until(lambda: all(map(ready, (ports[0], ports[2], ports[3]))), "every process is ready")
        yield started
    finally:
        for process in started.values():
            process.terminate()
        for process in started.values():
            process.wait(30)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    capsys.readouterr()
    code = main([*arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


def rows(dsn: str, query: str) -> int:
    with psycopg.connect(dsn) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return int(row[0])


def test_what_is_sent_twice_and_in_disorder_becomes_each_row_once_and_all_is_well(
    house: dict[str, subprocess.Popen[bytes]], postgres: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    # When a provider sends 200 webhooks, a third of them twice, in disorder
    arguments = ["send", "textus", "message.received", "--count", "200", "--duplicates", "0.3", "--reorder", "20"]
    code, reported = run(capsys, *arguments, "--seed", "11", "--text", "send test")

    # Then each was answered once it was durable
    assert code == 0
    assert reported["sent"] > 220
    assert reported["answers"] == {"200 kafka": reported["sent"]}
    assert 0 < reported["p50_ms"] <= reported["p99_ms"]

    # And each is one row, whatever was repeated
    messages = "SELECT count(*) FROM messages WHERE text = 'send test'"
    wait_until(lambda: rows(postgres.owner_dsn, messages) == 200, "200 messages")

    # And status says that all is well and nobody is behind
    def nobody_behind() -> bool:
        code, reported = run(capsys, "status")
        [persist] = [processor for processor in reported["processors"] if processor["name"] == "persist"]
        behind = sum(topic["lag"] for topic in persist["lag"])
        return code == 0 and behind == 0

    wait_until(nobody_behind, "lag 0 and exit code 0")
    _, reported = run(capsys, "status")
    states = {process["name"]: process["state"] for process in reported["processes"]}
    assert [states[name] for name in ("ingest", "registry", "persist")] == ["ready"] * 3
    assert rows(postgres.owner_dsn, messages) == 200

    # And a wrong signature is refused, which is what was asked for
    assert run(capsys, "send", "textus", "message.received", "--bad-signature")[1]["answers"] == {"401": 1}
    assert main(["send", "textlink", "received", "--bad-signature", "--count", "3"]) == 0

    # And every other provider can be played as well
    for name, player in players().items():
        for kind in player.kinds:
            assert main(["send", name, kind, "--seed", "3"]) == 0, (name, kind)
        assert main(["send", name, player.received, "--bad-signature"]) == 0, name
    texts = "SELECT count(DISTINCT provider) FROM messages WHERE direction = 'in' AND text <> ''"
    wait_until(lambda: rows(postgres.owner_dsn, texts) == len(players()), "a text by every provider")

    # And when a process goes, status says which
    house["process persist"].terminate()
    house["process persist"].wait(30)
    code, reported = run(capsys, "status")
    assert code == 1
    assert reported["problems"] == [
        problem for problem in reported["problems"] if problem.startswith("persist is unreachable")
    ]
    assert len(reported["problems"]) == 1
