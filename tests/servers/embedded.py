"""Kafka and PostgreSQL from packages, where no Docker API answers: the servers of the local stack."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from deploy.local.kafka import EmbeddedKafka
from deploy.local.ports import free_ports
from deploy.local.postgres import EmbeddedPostgres

Stop = Callable[[], None]

#: Tests throw their data away, and PostgreSQL with a small heap of connections is enough for them.
_POSTGRES = {"max_connections": "120"}


def start_kafka(home: Path) -> tuple[str, Stop]:
    """A Kafka broker of one node: its bootstrap servers, and what ends it."""
    port, controller_port = free_ports(2)
    kafka = EmbeddedKafka(home, port, controller_port)
    kafka.prepare()
    stop = _start(kafka.command(), kafka.environment(), home / "kafka.log", ending=signal.SIGKILL)
    kafka.wait_ready()
    return kafka.bootstrap_servers, stop


def start_postgres(home: Path, settings: Mapping[str, str] | None = None) -> tuple[str, Stop]:
    """A PostgreSQL server that does not wait for its disk: the DSN of its superuser, and what ends it."""
    postgres = EmbeddedPostgres(home, *free_ports(1), durable=False, settings=_POSTGRES | dict(settings or {}))
    postgres.prepare()
    stop = _start(postgres.command(), postgres.environment(), home / "postgres.log", ending=signal.SIGQUIT)
    postgres.wait_ready()
    return postgres.superuser_dsn, stop


def _start(command: list[str], environment: dict[str, str], log: Path, *, ending: signal.Signals) -> Stop:
    """`ending`: what ends the server at once, without a tidy end of what is thrown away: Kafka's takes over 20 s after
    a run of all tests, and PostgreSQL's children have to be ended by PostgreSQL.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, env=os.environ | environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )

    def stop() -> None:
        process.send_signal(ending)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    return stop
