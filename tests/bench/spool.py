"""The spool: as fast as Kafka while Kafka is frozen, and drained faster than new webhooks come once it is back."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import httpx
from prometheus_client.parser import text_string_to_metric_families

from deploy.local.ports import HOST, free_ports
from tests.bench.figures import Bound, Figure, Series, quantile
from tests.bench.ingest import CONNECTIONS, start
from tests.bench.load import Load, Sent, generators, paced
from tests.bench.options import Options
from tests.bench.servers import servers, wait_for
from tests.servers.disk import Sync, disk_watched

RATE = 1_000.0  #: webhooks a second that go on coming while the spool drains
ABOUT = f"spool drained beside {RATE:g}/s"


class Gauges(NamedTuple):
    """What ingest's metrics say of its spool."""

    spooling: bool
    replayed: float
    at: float  #: time.monotonic


@dataclass(frozen=True, slots=True)
class Round:
    """One freeze of Kafka."""

    with_kafka: Load
    spooled: Load
    syncs: list[Sync]  #: of the disk, meanwhile
    drained: float  #: records
    draining: float  #: seconds from the first that Kafka took to the last
    back: float  #: seconds from Kafka's return until webhooks go to Kafka again


def run(options: Options) -> list[Figure]:
    """Rates in one run, the slowest answers while Kafka is away, and the way back."""
    with servers(options.note) as ours:
        (admin_port,) = free_ports(1)
        port = start(ours, "ingest", "-m", "ops", "ingest", INGEST__ADMIN_PORT=str(admin_port))
        generate = next(iter(generators().values()))
        generate(port, CONNECTIONS, min(3.0, options.seconds), 1)
        rounds = []
        with ThreadPoolExecutor(1) as threads:
            for number in range(options.rounds):
                options.note(f"spool: round {number + 1} of {options.rounds}")
                with_kafka = generate(port, CONNECTIONS, options.seconds, 10 + 3 * number)
                with ours.frozen_kafka():
                    generate(port, 8, 3.0, 11 + 3 * number)  # these find out
                    wait_for(lambda: _gauges(admin_port).spooling, "events are spooled")
                    with disk_watched(ours.home) as syncs:
                        spooled = generate(port, CONNECTIONS, options.seconds, 12 + 3 * number)
                    going_on = threads.submit(paced, port, RATE, 2 * options.seconds + 5, 1_000 + number)
                    time.sleep(1.0)
                rounds.append(Round(with_kafka, spooled, syncs, *_drained(admin_port, going_on)))
    return _figures(rounds)


def _drained(admin_port: int, going_on: Future[list[Sent]]) -> tuple[float, float, float]:
    returned = time.monotonic()
    before = _gauges(admin_port).replayed
    seen = [wait_for(lambda: (now := _gauges(admin_port)).replayed > before and now, "the spool drains")]
    wait_for(lambda: seen.append(_gauges(admin_port)) or not seen[-1].spooling, "the spool is empty")
    going_on.result()
    return seen[-1].replayed - seen[0].replayed, seen[-1].at - seen[0].at, seen[-1].at - returned


def _gauges(admin_port: int) -> Gauges:
    text = httpx.get(f"http://{HOST}:{admin_port}/metrics", trust_env=False, timeout=10).text
    found = {sample.name: sample.value for family in text_string_to_metric_families(text) for sample in family.samples}
    return Gauges(found["hookline_spooling"] > 0, found["hookline_spool_replayed_total"], time.monotonic())


def _figures(rounds: list[Round]) -> list[Figure]:
    def series(values: list[float]) -> Series:
        return Series(tuple(values))

    rates = (
        series([measured.spooled.rate for measured in rounds]),
        series([measured.with_kafka.rate for measured in rounds]),
    )
    slow = series([measured.spooled.p99_ms for measured in rounds])
    disk = quantile(0.99, ([seconds * 1000 for _, seconds in measured.syncs] for measured in rounds))
    return [
        Figure("spool, Kafka frozen", "/s", *rates, "with Kafka", ratio_bound=Bound(least=1)),
        Figure("spool, Kafka frozen, p99", "ms", slow, disk, "a sync of the disk", bound=Bound(most=100)),
        Figure(
            "spool, errors", "", series([float(measured.spooled.errors) for measured in rounds]), bound=Bound(most=0)
        ),
        Figure(
            ABOUT,
            "/s",
            series([measured.drained / max(measured.draining, 1e-3) for measured in rounds]),
            bound=Bound(least=2_000),
        ),
        Figure("spool, records drained", "", series([measured.drained for measured in rounds])),
        Figure("spool, back on Kafka after", "s", series([measured.back for measured in rounds]), bound=Bound(most=10)),
    ]
