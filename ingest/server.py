"""The ingest service: one main process that watches, workers that serve, and the wiring of both.

Every worker builds its own producer, which a fork would kill silently.
"""

from __future__ import annotations

import os
import resource
from functools import partial
from multiprocessing.util import Finalize
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.multiprocess import MultiProcessCollector

from ingest.app import Ingest, create_app
from ingest.clock import ReceiptClock
from ingest.durable.spool.directory import ServiceDirectory
from ingest.durable.spool.gauges import SpoolGauges
from ingest.durable.spool.state import SharedState
from ingest.endpoint import WebhookEndpoint
from ingest.node.name import node_name
from ingest.postgres_clock import POSTGRES_CLOCK, PostgresClock
from ingest.provider import Provider, check_providers, provider_types
from ingest.quarantine.gauges import QuarantineGauges
from ingest.settings import IngestSettings, SpoolReportSettings
from ingest.worker import MIB, DurableWorker
from runtime import logs, tracing
from runtime.admin import AdminServer, Readiness, admin_app
from runtime.connections import KafkaSettings
from runtime.process import die_with_parent, log_settings
from runtime.schema_registry import SchemaRegistrySettings
from runtime.schema_registry import schema_ids as registered_ids
from runtime.settings import Configuration, ConfigurationError, Dsn, Section
from runtime.tracing import TracingSettings
from runtime.web_server import WebServer, prefer_throughput, start_workers_by_fork
from schemas.codec import Codec
from schemas.ids import SchemaIds

if TYPE_CHECKING:
    from ingest.node.report import NodeReport

log = logs.logger("ingest.server")


def sections() -> list[type[Section]]:
    """Every section that ingest may need."""
    shared = IngestSettings, KafkaSettings, SchemaRegistrySettings, SpoolReportSettings, TracingSettings
    return [*shared, *(known.settings_type for known in provider_types().values())]


def load() -> tuple[Configuration, list[Provider]]:
    """The configuration and the providers that it enables. Raises ConfigurationError with every mistake."""
    configuration = Configuration.load(*sections())
    known = provider_types()
    names = configuration[IngestSettings].providers
    if unknown := [name for name in names if name not in known]:
        raise ConfigurationError(
            [f"HOOKLINE_INGEST__PROVIDERS: {', '.join(unknown)} is not one of {', '.join(sorted(known))}"]
        )
    providers = [known[name](configuration[known[name].settings_type]) for name in names]
    check_providers(providers, configuration[IngestSettings].public_url)
    return configuration, providers


def build_worker(parent: int, schema_ids: SchemaIds, instance: str) -> Ingest:
    """What Granian calls in each worker, `parent` being the main process's id: the app, wired.

    The schemas' numbers come from the parent, so that a worker can be replaced while a registry is away.
    """
    die_with_parent(parent)
    prefer_throughput()
    configuration, providers = load()
    settings = configuration[IngestSettings]
    configure_logs(providers)
    tracing.configure("ingest", configuration[TracingSettings])
    dsn = configuration[SpoolReportSettings].dsn
    worker = DurableWorker(settings, configuration[KafkaSettings], Codec(schema_ids), dsn=dsn, instance=instance)
    Finalize(None, tracing.stop, exitpriority=5)
    Finalize(None, worker.close, exitpriority=10)  # what multiprocessing calls when the worker ends
    clock = ReceiptClock(
        settings.spool_dir / "receipt-clock",
        ahead=settings.receipt_ahead_seconds,
        postgres=PostgresClock(settings.spool_dir / POSTGRES_CLOCK, instance).now,
    )
    endpoint = WebhookEndpoint(
        providers, worker.publisher, clock.now, worker.quarantine, public_url=settings.public_url
    )
    return create_app(endpoint, worker.readiness)


def configure_logs(providers: list[Provider]) -> None:
    """Structured logs in which no provider's secret can show."""
    logs.configure("ingest", secrets=[secret for provider in providers for secret in provider.secrets])


def serve(metrics_dir: Path) -> None:
    """Run ingest until SIGTERM or Ctrl-C. Raises ConfigurationError.

    `metrics_dir`: where the workers' metrics meet, prometheus_client's PROMETHEUS_MULTIPROC_DIR.
    """
    configuration, providers = load()
    settings = configuration[IngestSettings]
    configure_logs(providers)
    log_settings(log, configuration)
    schema_ids = registered_ids(configuration[SchemaRegistrySettings])
    directory = ServiceDirectory(settings.spool_dir, reserve=settings.spool_reserve_mb * MIB)
    allow_connections()
    node_name(settings.spool_dir)  # made before the workers ask for it
    dsn = configuration[SpoolReportSettings].dsn
    if dsn is None:
        log.warning("spool_not_reported", effect="the gate does not know when this node's spool holds a stop")
    else:
        import ingest.node.report  # noqa: F401 - once, and not in each worker
    start_workers_by_fork()
    instance = uuid4().hex
    registry = CollectorRegistry()
    MultiProcessCollector(registry, str(metrics_dir))  # type: ignore[no-untyped-call] # it has no types
    ProcessCollector(registry=registry)  # of this process: when it started, its memory
    registry.register(SpoolGauges(directory.state, settings.spool_dir, settings.spool_max_mb * MIB))
    registry.register(QuarantineGauges(settings.spool_dir))
    server = web_server(settings)
    server.leave = partial(leave, directory.state, settings.leave_seconds)
    admin = admin_app("ingest", lambda: Readiness(server.is_whole), registry, settings=configuration.rows)
    try:
        if dsn is not None:
            sign_on(dsn, settings.spool_dir, directory.state, instance)
        with AdminServer(admin, settings.admin_host, settings.admin_port) as listening:
            log.info("ingest_starting", port=server.port, admin_port=listening.port, workers=settings.workers)
            server.run(partial(build_worker, os.getpid(), schema_ids, instance))
    finally:
        if dsn is not None:
            sign_off(dsn, settings.spool_dir, directory.state, instance)
        directory.close()


def sign_on(dsn: Dsn, spool_dir: Path, state: SharedState, instance: str) -> None:
    """Tell PostgreSQL, if it answers, that this node may hold events from now on; before a worker answers anybody."""
    report = node_report(dsn, spool_dir, state, instance)
    report.report()
    report.close()


def sign_off(dsn: Dsn, spool_dir: Path, state: SharedState, instance: str) -> None:
    """Tell PostgreSQL, if it answers, that no worker is left, and what is left in the spool."""
    report = node_report(dsn, spool_dir, state, instance)
    report.stopped()
    report.close()


def node_report(dsn: Dsn, spool_dir: Path, state: SharedState, instance: str) -> NodeReport:
    """The main process's own: no worker serves while it is used."""
    from ingest.node.count_report import CountReport
    from ingest.node.report import NodeReport, node_connection
    from runtime.heartbeat import Heartbeat

    node = node_name(spool_dir)
    return NodeReport(
        node,
        state,
        lambda: node_connection(dsn.get_secret_value()),
        heartbeat=Heartbeat("ingest", node=node, instance=instance),
        readiness=lambda: Readiness(False, "no worker serves"),
        counts=CountReport(node, spool_dir),
        postgres_clock=PostgresClock(spool_dir / POSTGRES_CLOCK, instance),
    )


def web_server(settings: IngestSettings) -> WebServer:
    """Granian, as `settings` have it."""
    return WebServer(
        "hookline ingest",
        settings.host,
        settings.port,
        variable=IngestSettings.variable("host"),
        workers=settings.workers,
        threads=settings.threads,
    )


def leave(state: SharedState, seconds: float) -> float:
    """Have every worker's /readyz say 503 from now on; the seconds until load balancers have seen it."""
    state.leaving = 1
    log.info("ingest_leaving", seconds=seconds)
    return seconds


def allow_connections() -> None:
    """Let this process, and the workers that inherit it, have as many files open as the system allows us."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = 65_536 if hard == resource.RLIM_INFINITY else hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
