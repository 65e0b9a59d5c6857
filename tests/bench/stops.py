"""From a STOP to the call that makes it true at the last of three accounts."""

from __future__ import annotations

import http.client
import json
import time
from datetime import datetime
from typing import Any

import httpx

from deploy.local.ports import HOST
from tests.bench.figures import Bound, Figure, Series, quantile
from tests.bench.opted_out import ACCOUNTS, OptedOut
from tests.bench.options import Options
from tests.bench.servers import BenchFailed, servers, wait_for
from tests.bench.webhooks import SECRET

RATE = 10.0  #: STOPs a second


def run(options: Options) -> list[Figure]:
    """The median, the 99th percentile and the longest. Both clocks are the wall clock of this machine."""
    rounds: list[list[float]] = []
    with servers(options.note) as ours, httpx.Client(trust_env=False, timeout=30) as client:
        stack = OptedOut(ours)

        def delays(due: dict[str, float]) -> list[float]:
            """Seconds from when each STOP was due to the last of its calls, once all have been made."""
            requests = client.get(f"{stack.sandbox_url}/_sandbox/requests", params={"method": "PUT"}).json()
            made: dict[str, list[float]] = {phone: [] for phone in due}
            for request in requests:
                phone = request["path"].rpartition("/")[2]
                if phone in made and request["status"] == http.HTTPStatus.CREATED:
                    made[phone].append(datetime.fromisoformat(request["at"]).timestamp())
            if any(len(times) < ACCOUNTS for times in made.values()):
                return []
            return [max(times) - due[phone] for phone, times in made.items()]

        for number in range(options.rounds + 1):
            options.note(f"stops: round {number} of {options.rounds}" if number else "stops: warming up")
            due = _say_stop(stack.ingest_port, number, int(RATE * (options.seconds if number else 2.0)))
            seconds = wait_for(lambda due=due: delays(due), "every account is told", stack.opt_out, every=0.2)  # type: ignore[misc]
            if number:
                rounds.append(seconds)
    about = f"STOP to the last of {ACCOUNTS} accounts at {RATE:g}/s"
    return [
        Figure(f"{about}, p50", "s", quantile(0.5, rounds)),
        Figure(f"{about}, p99", "s", quantile(0.99, rounds), bound=Bound(most=2)),
        Figure(f"{about}, longest", "s", Series(tuple(max(round_seconds) for round_seconds in rounds))),
    ]


def _say_stop(port: int, run: int, count: int) -> dict[str, float]:
    """Post a STOP of so many people at a steady rate; when each was due. Raises BenchFailed."""
    connection = http.client.HTTPConnection(HOST, port, timeout=10)
    began, due = time.time(), {}
    for number in range(count):
        phone = f"+1303{5_000_000 + 10_000 * run + number}"
        due[phone] = began + number / RATE
        time.sleep(max(0.0, due[phone] - time.time()))
        body: dict[str, Any] = {"secret": SECRET, "phone_number": phone, "text": "STOP"}
        body["timestamp"] = int(time.time() * 1000)
        connection.request("POST", "/webhooks/textlink/received", json.dumps(body))
        answer = connection.getresponse()
        if answer.status != http.HTTPStatus.OK:
            raise BenchFailed(f"a STOP was answered {answer.status}: {answer.read()!r}")
        answer.read()
    connection.close()
    return due
