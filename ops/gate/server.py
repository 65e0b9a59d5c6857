"""The gate as a service: Granian in front, one worker, its own admin port."""

from __future__ import annotations

import os
import threading
from functools import partial
from typing import Any

from ops.gate.answers import Answers
from ops.gate.app import gate_app
from ops.gate.settings import GateSettings
from ops.gate.watch import CertaintyWatch
from processors.engine.runner import topics_of
from processors.opt_out import OptOutProcessor
from runtime import logs
from runtime.addresses import local_url
from runtime.admin import AdminServer, admin_app
from runtime.connections import PostgresSettings
from runtime.heartbeat import Heartbeat, sign_off, start_beating
from runtime.postgres import Connection, connect
from runtime.process import die_with_parent, log_settings
from runtime.settings import Configuration, ConfigurationError
from runtime.web_server import WebServer, start_workers_by_fork

log = logs.logger("hookline.gate")


def load() -> Configuration:
    """The configuration. Raises ConfigurationError with every mistake."""
    configuration = Configuration.load(GateSettings, PostgresSettings)
    if not configuration[GateSettings].tokens:
        raise ConfigurationError([f"{GateSettings.variable('tokens')} is missing: a token for those who ask"])
    return configuration


def build_worker(parent: int, instance: str) -> Any:
    """What Granian calls in the worker, `parent` being the main process's id: the app, wired."""
    die_with_parent(parent)
    configuration = load()
    settings, dsn = configuration[GateSettings], configuration[PostgresSettings].dsn.get_secret_value()
    logs.configure("gate", secrets=[token.get_secret_value() for token in settings.tokens])

    def connected() -> Connection:
        # A thread that waits longer than anybody waits for it would only be missing.
        return connect(dsn, process="gate", connect_timeout=2, call_timeout=max(1.0, settings.timeout))

    answers = Answers(
        connected,
        threads=settings.threads,
        timeout=settings.timeout,
        fresh=settings.fresh_seconds,
        topics=topics_of(OptOutProcessor),
        region=settings.default_region,
        peppers=settings.peppers(),
    )
    watch = CertaintyWatch(answers)
    threading.Thread(target=watch.run, name="certainty", daemon=True).start()
    app = admin_app("gate", watch.readiness, settings=configuration.rows)
    admin = AdminServer(app, settings.admin_host, settings.admin_port)
    admin.__enter__()  # for as long as the worker lives
    heartbeat = Heartbeat("gate", instance=instance)  # signed off by the main process, which outlives the worker
    start_beating(threading.Event(), heartbeat, watch.readiness, connected)
    log.info("gate_worker", admin_port=admin.port)
    return gate_app(answers, settings.tokens, watch.readiness)


def serve() -> None:
    """Run the gate until SIGTERM or Ctrl-C. Raises ConfigurationError."""
    configuration = load()
    settings = configuration[GateSettings]
    logs.configure("gate", secrets=[token.get_secret_value() for token in settings.tokens])
    log_settings(log, configuration)
    start_workers_by_fork()
    server = WebServer(
        "hookline gate",
        settings.host,
        settings.port,
        variable=GateSettings.variable("host"),
        workers=1,
        threads=settings.threads,
    )
    log.info("gate_serving", url=local_url(settings.host, server.port))
    heartbeat = Heartbeat("gate")
    server.run(partial(build_worker, os.getpid(), heartbeat.instance))
    dsn = configuration[PostgresSettings].dsn.get_secret_value()
    sign_off(heartbeat, lambda: connect(dsn, process="gate", connect_timeout=2, call_timeout=2.0))
    log.info("gate_stopped")
