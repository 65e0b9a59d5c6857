"""The ingest service: one main process that watches, workers that serve, and the wiring of both.

Granian's traps, closed here (measured): a worker that dies is respawned, not followed by the whole server; a
worker never outlives its parent; every worker builds its own producer, which a fork would kill silently.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import resource
import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any

from granian.constants import Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.mp import MPServer
from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector

from ingest.app import Ingest, create_app
from ingest.clock import ReceiptClock
from ingest.endpoint import WebhookEndpoint
from ingest.provider import Provider, check_secrets, provider_types
from ingest.settings import IngestSettings
from ingest.spool.directory import ServiceDirectory
from ingest.spool.gauges import SpoolGauges
from ingest.spool.state import SharedState
from ingest.worker import MIB, DurableWorker
from runtime import logs
from runtime.admin import AdminServer, Readiness, admin_app
from runtime.connections import KafkaSettings
from runtime.process import die_with_parent
from runtime.schema_registry import SchemaRegistrySettings
from runtime.schema_registry import schema_ids as registered_ids
from runtime.settings import Configuration, ConfigurationError, Section
from schemas.codec import Codec
from schemas.ids import SchemaIds

log = logs.logger("ingest.server")


#: Granian's own lines go where all of ours go, in the same form.
GRANIAN_LOGS = {"loggers": {"_granian": {"propagate": True}, "granian.access": {"propagate": True}}}

#: Connections that one worker holds at once. Granian's `backpressure` counts connections, idle ones too: with 256 a
#: worker that holds 256 idle ones takes nobody any more (measured). So it is far above the requests under way.
CONNECTIONS = 10_000

#: Workers that may die within a minute before the server gives up: more is no accident but a worker that can't start.
DEATHS_A_MINUTE = 10


class IngestServer(MPServer):
    """Granian's server, but two deaths within 5.5 s, a worker killed twice, are no reason to end the service."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._deaths: deque[float] = deque(maxlen=DEATHS_A_MINUTE)
        #: Called once when the service shall stop; the seconds that it goes on serving after that.
        self.leave: Callable[[], float] = float
        self._leaving = False

    def signal_handler_interrupt(self, *args: Any, **settings: Any) -> None:
        """SIGTERM or Ctrl-C: out of the load balancer first. A second one stops at once."""
        seconds = 0.0 if self._leaving else self.leave()
        self._leaving = True
        stop = super().signal_handler_interrupt
        if seconds > 0:
            timer = threading.Timer(seconds, stop, args)
            timer.daemon = True
            timer.start()
        else:
            stop(*args, **settings)  # type: ignore[no-untyped-call] # Granian has no types here

    def _respawn_workers(self, workers: list[int], *args: Any, **settings: Any) -> None:
        super()._respawn_workers(workers, *args, **settings)
        self._deaths.extend([time.monotonic()] * len(workers))
        if len(self._deaths) < DEATHS_A_MINUTE or self._deaths[-1] - self._deaths[0] > 60:
            self.respawned_wrks.clear()  # what Granian's own check looks at (granian 2.8, `_serve_loop`)


def sections() -> list[type[Section]]:
    """Every section that ingest may need."""
    shared: list[type[Section]] = [IngestSettings, KafkaSettings, SchemaRegistrySettings]
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
    check_secrets(providers)
    return configuration, providers


def build_worker(parent: int, schema_ids: SchemaIds) -> Ingest:
    """What Granian calls in each worker, `parent` being the main process's id: the app, wired.

    The schemas' numbers come from the parent, so that a worker can be replaced while a registry is away.
    """
    die_with_parent(parent)
    configuration, providers = load()
    settings = configuration[IngestSettings]
    configure_logs(providers)
    worker = DurableWorker(settings, configuration[KafkaSettings], Codec(schema_ids))
    Finalize(None, worker.close, exitpriority=10)  # what multiprocessing calls when the worker ends
    clock = ReceiptClock(settings.spool_dir / "receipt-clock")
    return create_app(WebhookEndpoint(providers, worker.publisher, clock.now, worker.quarantine), worker.readiness)


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
    for variable, value, origin in configuration.rows():
        log.info("setting", variable=variable, shown=value, origin=origin)
    schema_ids = registered_ids(configuration[SchemaRegistrySettings])
    directory = ServiceDirectory(settings.spool_dir, reserve=settings.spool_reserve_mb * MIB)
    allow_connections()
    start_workers_by_fork()
    registry = CollectorRegistry()
    MultiProcessCollector(registry, str(metrics_dir))  # type: ignore[no-untyped-call] # it has no types
    registry.register(SpoolGauges(directory.state))
    port = settings.port or free_port(settings.host)
    server = granian(settings, port)
    server.leave = partial(leave, directory.state, settings.leave_seconds)
    admin = admin_app("ingest", lambda: Readiness(all(worker.is_alive() for worker in server.wrks)), registry)
    try:
        with AdminServer(admin, settings.admin_host, settings.admin_port) as listening:
            log.info("ingest_starting", port=port, admin_port=listening.port, workers=settings.workers)
            server.serve(target_loader=partial(build_worker, os.getpid(), schema_ids), wrap_loader=False)
    finally:
        directory.close()


def granian(settings: IngestSettings, port: int) -> Any:
    """The server; see the module's text for what its settings prevent."""
    return IngestServer(
        "hookline ingest",
        address=settings.host,
        port=port,
        interface=Interfaces.WSGI,
        workers=settings.workers,
        blocking_threads=settings.threads,
        loop=Loops.auto,
        backlog=4096,
        backpressure=CONNECTIONS,
        http1_settings=HTTP1Settings(header_read_timeout=10_000),
        respawn_failed_workers=True,
        respawn_interval=0.1,
        workers_kill_timeout=10,
        log_level=LogLevels.warning,
        log_dictconfig=GRANIAN_LOGS,
        websockets=False,
    )


def start_workers_by_fork() -> None:
    """Have workers be forks of this process, which has imported all that they need.

    A fork takes 0.05 s where a fresh process takes 0.8 (measured); it decides how long a node is deaf after its ingest
    was killed, and how long one worker is missed. Nothing that must not be forked exists here: clients and connections
    are built in the worker. On macOS a fork of a process that has used the system's libraries may crash; there they
    are spawned.
    """
    by_fork = sys.platform.startswith("linux")
    multiprocessing.set_start_method("fork" if by_fork else "spawn", force=True)
    if by_fork:
        gc.collect()
        gc.freeze()  # or the first collection in each worker copies every page


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


def free_port(host: str) -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])
