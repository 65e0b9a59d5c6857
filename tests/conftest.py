"""Real servers for every test that asks for them: in containers where a Docker API answers, embedded otherwise.

`kafka` and `postgres` are the same fixtures either way. A machine that can start neither skips those tests, and
fails them in CI (CI=true), where a missing server would hide a missing test.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import hypothesis
import psycopg
import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from psycopg import sql
from psycopg.conninfo import make_conninfo

from ops.migrations import migrate
from runtime import logs, tracing
from runtime.connections import KafkaSettings
from runtime.kafka.topics import TopicAdmin
from runtime.postgres import connect
from schemas.privileges import ROLES, role_of
from schemas.topics import OPT_OUT_HEADS, PROGRESS, SCHEMA_TOPICS, dead_letter_topic, redrive_topic
from tests.servers import containers, embedded
from tests.servers.starting import started

# How long an example takes is the machine's affair.
hypothesis.settings.register_profile("hookline", deadline=None)
hypothesis.settings.load_profile("hookline")

#: Of throw-away databases on the loopback interface.
PASSWORD = "hookline-tests"


@dataclass(frozen=True, slots=True)
class Database:
    """A migrated database that one test has to itself."""

    owner_dsn: str  #: the role that owns the tables
    superuser_dsn: str  #: may end other people's sessions

    def dsn(self, process: str) -> str:
        """As the role of `process`, such as "opt-out" or "operator"; "probe" is that of the tests' own processor."""
        return make_conninfo(self.superuser_dsn, user=role_of(process), password=PASSWORD)


def pytest_report_header() -> str:
    return f"servers: {_server_kind()}"


def _server_kind() -> str:
    if os.environ.get("HOOKLINE_TEST_SERVERS") == "embedded":
        return "embedded, as HOOKLINE_TEST_SERVERS says"
    reason = containers.docker_available()
    return "containers" if reason is None else f"embedded ({reason})"


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """A test that configures the logs leaves no handler behind that writes to its own closed stream."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logs.to_standard_error()
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer):  # the last line of a counted log, a minute later and in another test
            thread.cancel()


@pytest.fixture(scope="session")
def server_kind() -> str:
    """ "containers" or "embedded ..."."""
    return _server_kind()


@pytest.fixture(scope="session")
def kafka(server_kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The bootstrap servers of a real Kafka with all of Hookline's topics."""
    home = tmp_path_factory.mktemp("kafka")
    start = containers.start_kafka if server_kind == "containers" else lambda: embedded.start_kafka(home)
    servers, stop = started("Kafka", start)
    try:
        with TopicAdmin(KafkaSettings(bootstrap_servers=(servers,)), "hookline-tests") as admin:
            topics = [
                *SCHEMA_TOPICS,
                OPT_OUT_HEADS,
                PROGRESS,
                *(make(name) for make in (dead_letter_topic, redrive_topic) for name in PROCESSORS),
            ]
            admin.apply(admin.plan(topics))
        yield servers
    finally:
        stop()


#: Whose dead letters and returns have topics. The processors' own contract suite finds them by scanning.
PROCESSORS = ("analytics", "crm-sync", "opt-out", "persist")


@pytest.fixture(scope="session")
def kafka_settings(kafka: str) -> KafkaSettings:
    return KafkaSettings(bootstrap_servers=(kafka,))


@pytest.fixture(scope="session")
def postgres_server(server_kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The superuser's DSN of a real PostgreSQL, with the roles and a migrated database to copy."""
    home = tmp_path_factory.mktemp("postgres")
    start = containers.start_postgres if server_kind == "containers" else lambda: embedded.start_postgres(home)
    dsn, stop = started("PostgreSQL", start)
    try:
        with psycopg.connect(dsn, autocommit=True) as connection:
            for role in ("hookline_owner", role_of("probe"), *ROLES):
                there = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
                statement = "ALTER ROLE {} PASSWORD {}" if there else "CREATE ROLE {} LOGIN PASSWORD {}"
                connection.execute(sql.SQL(statement).format(sql.Identifier(role), sql.Literal(PASSWORD)))
            connection.execute("CREATE DATABASE template_hookline OWNER hookline_owner")
        # A containers' superuser may be the owner itself, whose password has just become ours.
        owner = make_conninfo(dsn, user="hookline_owner", password=PASSWORD, dbname="template_hookline")
        with connect(owner, process="tests") as connection:
            migrate(owner, connection)
        superuser = make_conninfo(dsn, password=PASSWORD) if "user=hookline_owner" in make_conninfo(dsn) else dsn
        yield superuser
    finally:
        stop()


_numbers = count(1)


@pytest.fixture
def postgres(postgres_server: str) -> Iterator[Database]:
    """A migrated database of this test's own."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        create = sql.SQL("CREATE DATABASE {} TEMPLATE template_hookline OWNER hookline_owner")
        connection.execute(create.format(sql.Identifier(name)))
        yield Database(
            owner_dsn=make_conninfo(postgres_server, user="hookline_owner", password=PASSWORD, dbname=name),
            superuser_dsn=make_conninfo(postgres_server, dbname=name),
        )
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what this machine could not run, and why."""
    skipped = terminalreporter.stats.get("skipped", [])
    if skipped:
        terminalreporter.section("not run on this machine")
        reasons = {
            str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr) for report in skipped
        }
        for reason in sorted(reasons):
            terminalreporter.line(reason)


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    """The spans of this process, while traces are recorded."""
    exporter = InMemorySpanExporter()
    tracing.record_with("test", exporter)
    yield exporter
    tracing.stop()
