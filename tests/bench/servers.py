"""Servers and processes of one benchmark: its own Kafka, its own PostgreSQL, in a folder that goes with them."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from typing import TypeVar

import click
import psutil
import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from deploy.local.child import Child, Log
from deploy.local.home import Home
from deploy.local.kafka import EmbeddedKafka
from deploy.local.launch import launched
from deploy.local.ports import free_ports
from deploy.local.postgres import DATABASE, OWNER, EmbeddedPostgres
from deploy.local.principals import MECHANISM, Principals
from ops.migrations import migrate
from ops.processors import topics_of_hookline
from runtime.kafka.access import AccessAdmin
from runtime.kafka.producer import KafkaProducer, OutgoingRecord
from runtime.kafka.topics import TopicAdmin
from runtime.postgres import connect

T = TypeVar("T")

#: Seconds that anything is waited for, unless told otherwise.
TIME_LIMIT = 120.0


class BenchFailed(click.ClickException):
    """Read what is told: a server or a process did not do what is to be measured."""


class Servers:
    """A Kafka with topics and a durable PostgreSQL, each process a principal as in the local stack.

    `kafka` is how the brokers' own principal reaches it, who may also do what no process may.
    """

    def __init__(
        self,
        home: Path,
        kafka: EmbeddedKafka,
        principals: Principals,
        broker: Child,
        postgres: EmbeddedPostgres,
        stack: ExitStack,
    ) -> None:
        self.home = home
        self._broker = broker
        self.kafka = kafka.client_settings
        self._principals = principals
        self._bootstrap_servers = kafka.bootstrap_servers
        self._postgres = postgres
        self._stack = stack
        self._databases = 0

    @property
    def superuser_dsn(self) -> str:
        """Of the server's own database."""
        return self._postgres.superuser_dsn

    def new_database(self, process: str) -> tuple[str, str]:
        """An empty, migrated database: the DSNs of the role of `process` and of the superuser."""
        self._databases += 1
        name = f"bench_{self._databases}"
        with psycopg.connect(self._postgres.superuser_dsn, autocommit=True) as connection:
            create = sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}")
            connection.execute(create.format(*map(sql.Identifier, (name, DATABASE, OWNER))))
            connection.execute("CHECKPOINT")  # what the round before has left to write is not this round's
        return self.dsn_of(process, name), make_conninfo(self._postgres.superuser_dsn, dbname=name)

    def dsn_of(self, process: str, database: str) -> str:
        """Of the role of `process` in one of the new databases."""
        return make_conninfo(self._postgres.dsn(process), dbname=database)

    def kafka_environment(self, process: str) -> dict[str, str]:
        """The variables by which `process` reaches Kafka as its own principal; without credentials if it has none."""
        return self._principals.environment_of(process, {"HOOKLINE_KAFKA__BOOTSTRAP_SERVERS": self._bootstrap_servers})

    def start(self, name: str, *arguments: str, checkout: Path | None = None, **settings: str) -> Child:
        """`python ARGUMENTS` with HOOKLINE_ `settings`; it ends with the servers, or before.

        `checkout`: another one, with its .venv; None: this one.
        """
        environment = {key: value for key, value in os.environ.items() if not key.startswith("HOOKLINE_")}
        environment |= {
            "HOOKLINE_HOME": str(self.home),
            **self.kafka_environment(arguments[-1]),
            **{f"HOOKLINE_{key}": value for key, value in settings.items()},
        }
        python = sys.executable if checkout is None else str(checkout / ".venv" / "bin" / "python")
        child = Child(launched([python, *arguments], directory=checkout), environment, Log(self.home / f"{name}.log"))
        self._stack.callback(stop, child)
        return child

    @contextmanager
    def frozen_kafka(self) -> Iterator[None]:
        """The broker holds still, its connections open; it goes on where it was."""
        self._broker.signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._broker.signal(signal.SIGCONT)

    def publish(self, records: Iterable[OutgoingRecord], *, batch: int) -> None:
        """Put `records` on their topics, so many at a time. Raises BenchFailed where Kafka does not take one."""
        producer, left = KafkaProducer(self.kafka, "hookline-bench"), iter(records)
        try:
            while chunk := list(islice(left, batch)):
                if failed := [outcome for outcome in producer.publish_all(chunk, timeout=60) if outcome is not None]:
                    raise BenchFailed(f"Kafka did not take {len(failed)} records: {failed[0]!r}")
        finally:
            producer.close()

    def log_ends(self) -> int:
        """How many records there are on the event topics."""
        with TopicAdmin(self.kafka, "hookline-bench") as admin:
            return sum(bounds.end for bounds in admin.offsets(admin.describe(EVENT_NAMES).values()).values())


EVENT_NAMES = [topic.name for topic in topics_of_hookline() if topic.record is not None]


@contextmanager
def servers(note: Callable[[str], None]) -> Iterator[Servers]:
    """Start both; on the way out stop everything and remove the folder."""
    note("starting Kafka and PostgreSQL")
    home = Path(tempfile.mkdtemp(prefix="hookline-bench-"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, home, ignore_errors=True)
        kafka_port, controller_port, postgres_port = free_ports(3)
        principals = Principals(Home(home))
        kafka = EmbeddedKafka(home / "kafka", kafka_port, controller_port, broker_password=principals.broker_password)
        # The time of each commit is kept, which costs PostgreSQL next to nothing: the latency's second clock.
        postgres = EmbeddedPostgres(home / "postgres", postgres_port, settings={"track_commit_timestamp": "on"})
        children = []
        for server in (kafka, postgres):
            server.prepare()
            children.append(Child(server.command(), os.environ | server.environment(), Log(server.home / "server.log")))
            stack.callback(stop, children[-1])
        kafka.wait_ready()
        postgres.wait_ready()
        with connect(postgres.owner_dsn, process="bench") as connection:
            migrate(postgres.owner_dsn, connection)
        with AccessAdmin(kafka.client_settings, "hookline-bench") as access:
            access.set_passwords(principals.passwords, MECHANISM)
            access.apply()
        found = Servers(home, kafka, principals, children[0], postgres, stack)
        with TopicAdmin(found.kafka, "hookline-bench") as admin:
            admin.apply(admin.plan(topics_of_hookline()))
        yield found


def stop(child: Child) -> None:
    """End it tidily, or after 30 seconds otherwise; nothing of it is left."""
    child.signal(15)
    deadline = time.monotonic() + 30
    while child.ended() is None:
        if time.monotonic() > deadline:
            child.kill()
        time.sleep(0.02)


def wait_for(look: Callable[[], T], what: str, *children: Child, seconds: float = TIME_LIMIT, every: float = 0.02) -> T:
    """What `look` gives once it is true. Raises BenchFailed when one of `children` ends, or after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        for child in children:
            if (code := child.ended()) is not None:
                reported = "\n".join(child.tail())
                raise BenchFailed(f"waiting until {what}, but a process ended with {code}:\n{reported}")
        if time.monotonic() > deadline:
            raise BenchFailed(f"not within {seconds:g} s: {what}")
        time.sleep(every)
    return found


def megabytes(pids: Sequence[int]) -> float:
    """The memory of these processes and all that they started, in MB (10^6).

    PSS counts a page that n processes share as 1/n of a page for each; where a system does not tell it, USS, which
    leaves shared pages out.
    """
    total = 0
    for pid in pids:
        for process in _family(pid):
            try:
                memory = process.memory_full_info()
            except psutil.NoSuchProcess:
                continue  # it ended meanwhile
            total += getattr(memory, "pss", memory.uss)
    return total / 1e6


def memory_by_name(pid: int) -> Mapping[str, float]:
    """MB (PSS) of each child of `pid` with all that it started, by what it is; and of `pid` itself."""
    root = psutil.Process(pid)
    found = {"supervisor": megabytes([pid])}
    for child in root.children():
        name = _name(child)
        found[name] = found.get(name, 0.0) + megabytes([child.pid])
        found["supervisor"] -= found[name]
    return found


def _family(pid: int) -> list[psutil.Process]:
    try:
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _name(process: psutil.Process) -> str:
    words = process.cmdline()
    for known in ("kafka.Kafka", "ingest", "registry", "sandbox"):
        if known in words:
            return known
    return "postgres" if any("postgres" in word for word in words[:1]) else words[-1] if words else "?"
