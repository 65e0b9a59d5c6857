"""A wrong secret for an hour, with junk beside it: everything genuine is kept, and comes back."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import httpx
import pytest

from ingest.durable.spool.store import Spool
from ingest.quarantine.keeping import KeepingQuarantine
from ingest.quarantine.store import QuarantineStore
from ingest.request import WebhookRequest
from ops import exits
from tests.contract.players import NEW_SECRET, OLD_SECRET, PLAYERS
from tests.integration.test_ingest import wait_until
from tests.integration.test_spool_service import NOBODY, Ingest

#: An hour at 50 a second.
HOUR = 180_000
GENUINE, JUNK = 1_512, 6_000
#: The most memory that a command may take, in MiB: what is kept is many times as large when it is in memory.
MEMORY = 250
PLAYER = PLAYERS["textlink"]
#: `python -m ops ARGUMENTS`, and at the end its peak of memory on a line of stderr. Linux tells a process's parent the
#: larger one of the two peaks, the parent's own and the process's.
MEASURED = """
import atexit, pathlib, re, runpy, sys
status = pathlib.Path("/proc/self/status")
atexit.register(lambda: print(re.search(r"VmHWM:\\s*([0-9]+) kB", status.read_text())[1], file=sys.stderr))
sys.argv[0] = "hookline"
runpy.run_module("ops", run_name="__main__")
"""


@pytest.fixture
def ingest(tmp_path: Path) -> Any:
    ingest = Ingest(tmp_path)
    yield ingest
    for process in ingest.started:
        if process.poll() is None:
            ingest.stop(process)


def hookline(ingest: Ingest, *arguments: str) -> dict[str, Any]:
    """What a command of Hookline's answers, with the most memory that it took; the provider's secret is ours again."""
    command = [sys.executable, "-c", MEASURED, *arguments, "--json"]
    ended = subprocess.run(command, env=ingest.environment(NOBODY), capture_output=True, timeout=540, check=False)
    assert ended.returncode == exits.OK, ended.stderr.decode()
    answer: dict[str, Any] = json.loads(ended.stdout)
    return answer | {"peak_mib": int(ended.stderr.split()[-1]) / 1024}


def metric(ingest: Ingest, name: str) -> Counter[str]:
    """A metric's samples, by their labels as they stand."""
    lines = httpx.get(f"http://127.0.0.1:{ingest.admin_port}/metrics", timeout=10).text.splitlines()
    found = [line.removeprefix(name).rsplit(" ", 1) for line in lines if line.startswith((f"{name}{{", f"{name} "))]
    return Counter({labels: int(float(value)) for labels, value in found})


def counted(ingest: Ingest) -> tuple[int, int]:
    """How many were stored or not stored, and how many were evicted, as the metrics have it."""
    lost = metric(ingest, "hookline_quarantine_lost_total")
    evicted = sum(count for labels, count in lost.items() if "evicted" in labels)
    return metric(ingest, "hookline_quarantined_total").total() + lost.total() - evicted, evicted


def post_all(ingest: Ingest, bodies: list[bytes]) -> Counter[int]:
    """The statuses that `bodies` are answered, over one connection."""
    answered: Counter[int] = Counter()
    with closing(HTTPConnection("127.0.0.1", ingest.port, timeout=30)) as connection:
        for body in bodies:
            connection.request("POST", "/webhooks/textlink/received", body)
            answer = connection.getresponse()
            answer.read()
            answered[answer.status] += 1
    return answered


def body_of(number: int, secret: str) -> bytes:
    return PLAYER.posted({**PLAYER.message, "timestamp": 1_748_455_363_370 + number}, secret).body


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_wrong_secret_and_a_flood_lose_nothing_that_is_genuine(ingest: Ingest) -> None:
    # Given an ingest whose secret is an old one, and a quarantine that the junk alone would fill twice
    process = ingest.start(NOBODY, HOOKLINE_TEXTLINK__SECRETS=OLD_SECRET, HOOKLINE_INGEST__QUARANTINE_MAX_MB="2")
    genuine = [body_of(number, NEW_SECRET) for number in range(GENUINE)]
    junk = [body_of(number, f"junk-secret-{number}")[:-1] + b', "text": "%b"}' % (b"x" * 600) for number in range(JUNK)]
    junk += [b"\\x00 no JSON %d" % number for number in range(JUNK // 4)]
    # When webhooks come, genuine ones and junk, as fast as they are answered
    with ThreadPoolExecutor(5) as clients:
        shares = [junk[share::4] for share in range(4)]
        statuses = sum(clients.map(lambda bodies: post_all(ingest, bodies), [genuine, *shares]), Counter())
    assert statuses == Counter({401: GENUINE + JUNK, 400: JUNK // 4})
    # Then every one is there or counted, and what is genuine is there
    wait_until(lambda: counted(ingest)[0] == GENUINE + JUNK + JUNK // 4, "stored, or counted as not stored")
    held = metric(ingest, "hookline_quarantine_webhooks").total()
    evicted = counted(ingest)[1]
    assert evicted > 0
    ingest.stop(process)
    ingest.start(NOBODY, HOOKLINE_INGEST__QUARANTINE_MAX_MB="2")
    rows = hookline(ingest, "quarantine", "ls")["webhooks"]
    assert metric(ingest, "hookline_quarantine_webhooks").total() == len(rows) == held
    assert sum(file.stat().st_size for file in ingest.spool.glob("quarantine.sqlite*")) < 3.2 * 2**20
    assert Counter(row["now"] for row in rows)["authentic"] == GENUINE
    counts = hookline(ingest, "quarantine", "replay")["counts"]
    assert counts["replayed"] == GENUINE
    # And what comes next, with the right secret, is let in
    assert post_all(ingest, [body_of(GENUINE + 1, NEW_SECRET)]) == Counter({200: 1})


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_an_hour_at_fifty_a_second_is_kept_and_all_of_it_comes_back(ingest: Ingest) -> None:
    # Given a spool directory with an hour of refused webhooks
    process = ingest.start(NOBODY)
    ingest.stop(process)
    wrong, at = PLAYER.provider(OLD_SECRET), datetime.now(UTC)
    with closing(
        KeepingQuarantine(QuarantineStore(ingest.spool, limit=2**30, days=7), waiting=2**31, sleep=lambda _: None)
    ) as quarantine:
        for number in range(HOUR):
            request = WebhookRequest("received", {}, body_of(number, NEW_SECRET), at)
            quarantine.keep(wrong, request, "wrong_secret")
            if number % 1_000 == 0:
                quarantine.store_waiting()
    assert sum(file.stat().st_size for file in ingest.spool.glob("quarantine.sqlite*")) < 150 * 2**20
    # When they are listed and brought back beside an ingest that Kafka does not answer
    ingest.start(NOBODY)
    listed = hookline(ingest, "quarantine", "ls", "--after", str(HOUR - 10_000))
    assert (len(listed["webhooks"]), listed["total"]) == (10_000, HOUR)
    answer = hookline(ingest, "quarantine", "replay")
    # Then every one is in the spool, and no command had them all in memory
    assert answer["counts"] == {"replayed": HOUR}
    assert len({row["event_id"] for row in answer["webhooks"]}) == HOUR
    spool = Spool(ingest.spool, limit=2**31)
    records = spool.in_turn(lambda turn: turn.first(1)) and spool.state.records
    spool.close()
    assert records == HOUR
    assert listed["peak_mib"] < MEMORY
    assert answer["peak_mib"] < MEMORY
