"""Ingest as it is, but for Kafka: the publisher returns at once. The limit of what ingest can reach.

`python -m tests.bench.without_kafka`, with ingest's own settings.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from functools import partial

from ingest.app import Ingest, create_app
from ingest.clock import ReceiptClock
from ingest.durable.durability import Durability
from ingest.endpoint import WebhookEndpoint
from ingest.server import configure_logs, load, web_server
from ingest.settings import IngestSettings
from runtime.admin import Readiness
from runtime.process import die_with_parent
from runtime.web_server import prefer_throughput, start_workers_by_fork
from schemas.events import Event


class Nowhere:
    """A Publisher to which nothing is durable, and which says so of nothing."""

    def publish_all(self, events: Sequence[Event]) -> Durability:
        return Durability.KAFKA


def build_worker(parent: int) -> Ingest:
    """What Granian calls in each worker; ingest.server.build_worker without its producer."""
    die_with_parent(parent)
    prefer_throughput()
    configuration, providers = load()
    configure_logs(providers)
    clock = ReceiptClock(configuration[IngestSettings].spool_dir / "receipt-clock")
    return create_app(WebhookEndpoint(providers, Nowhere(), clock.now), lambda: Readiness(True))


def serve() -> None:
    """Run it until SIGTERM, with the metrics of several workers as ingest has them."""
    configuration, providers = load()
    configure_logs(providers)
    start_workers_by_fork()
    with tempfile.TemporaryDirectory(prefix="hookline-metrics-") as metrics:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = metrics
        settings = configuration[IngestSettings]
        web_server(settings).run(partial(build_worker, os.getpid()))


if __name__ == "__main__":
    serve()
