"""Ingest under load, with acks=all before each 200, and in turns with it the same server without Kafka."""

from __future__ import annotations

import http.client
from pathlib import Path

from deploy.local.child import Child
from deploy.local.ports import HOST, free_ports
from tests.bench.figures import Bound, Figure, Series, once
from tests.bench.load import Load, generators
from tests.bench.options import Options
from tests.bench.servers import BenchFailed, Servers, servers, wait_for
from tests.bench.webhooks import SECRET

CONNECTIONS = 64


def run(options: Options) -> list[Figure]:
    """Requests a second, latency, and that Kafka has every one that was answered 200."""
    with servers(options.note) as ours:
        ports = start(ours, "ingest", "-m", "ops", "ingest"), start(ours, "limit", "-m", "tests.bench.without_kafka")
        name, generate = next(iter(generators().items()))
        options.note(f"ingest: warming up ({name}, {CONNECTIONS} connections)")
        for number, port in enumerate(ports):
            generate(port, CONNECTIONS, min(3.0, options.seconds), 1 + number)
        before = ours.log_ends()
        with_kafka, without = [], []
        for number in range(options.rounds):
            options.note(f"ingest: round {number + 1} of {options.rounds}")
            with_kafka.append(generate(ports[0], CONNECTIONS, options.seconds, 10 + 2 * number))
            without.append(generate(ports[1], CONNECTIONS, options.seconds, 11 + 2 * number))
        answered, kept = sum(load.requests - load.errors for load in with_kafka), ours.log_ends() - before
        if kept < answered:
            raise BenchFailed(f"{answered} requests were answered 200, but Kafka has {kept} records of them")
    return _figures(with_kafka, without)


def start(ours: Servers, name: str, *arguments: str, **settings: str) -> int:
    """Start an ingest and return its port once it is ready."""
    port, _ = start_from(ours, None, name, *arguments, **settings)
    return port


def start_from(ours: Servers, checkout: Path | None, name: str, *arguments: str, **settings: str) -> tuple[int, Child]:
    """The same, of another checkout if one is given (`Servers.start`); its port and its main process."""
    (port,) = free_ports(1)
    child = ours.start(
        name,
        *arguments,
        checkout=checkout,
        INGEST__PORT=str(port),
        INGEST__SPOOL_DIR=str(ours.home / f"spool-{name}"),
        INGEST__PROVIDERS="textlink",
        TEXTLINK__SECRETS=SECRET,
        **settings,
    )
    wait_ready(port, child, name)
    return port, child


def wait_ready(port: int, child: Child, name: str) -> None:
    """Until what listens there says that it is ready. Raises BenchFailed."""

    def ready() -> bool:
        connection = http.client.HTTPConnection(HOST, port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == http.HTTPStatus.OK
        except OSError:
            return False
        finally:
            connection.close()

    wait_for(ready, f"{name} is ready", child)


def _figures(ours: list[Load], limit: list[Load]) -> list[Figure]:
    def series(loads: list[Load], what: str) -> Series:
        return Series(tuple(float(getattr(load, what)) for load in loads))

    without = "without Kafka"
    rates = series(ours, "rate"), series(limit, "rate")
    errors = once(sum(load.errors for load in ours))
    return [
        Figure("ingest, acknowledged", "/s", *rates, without, bound=Bound(least=5_000)),
        Figure("ingest, p50", "ms", series(ours, "p50_ms"), series(limit, "p50_ms"), without),
        Figure("ingest, p99", "ms", series(ours, "p99_ms"), series(limit, "p99_ms"), without, bound=Bound(most=30)),
        Figure("ingest, errors", "", errors, bound=Bound(most=0)),
    ]
