"""PostgreSQL for the runs: killed, frozen, started again; reached directly or through a proxy that cuts COMMITs."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

from deploy.local.ports import free_ports
from deploy.local.postgres import EmbeddedPostgres, program
from ops.migrations import migrate
from runtime.postgres import connect
from tests.faults.process import Launcher, Process
from tests.faults.proxy import Proxy
from tests.faults.taps import CommitTap, Shears


class Database:
    """One server for a session of runs, durable as in production."""

    def __init__(self, home: Path, launcher: Launcher) -> None:
        self.server = EmbeddedPostgres(home, *free_ports(1), settings={"max_connections": "100"})
        self.before, self.after = Shears(), Shears()
        self.proxy = Proxy(self.server.port, lambda: CommitTap(self.before, self.after))
        self._launcher = launcher
        self.process: Process | None = None

    @property
    def dsn(self) -> str:
        """Of an operator, who reads everything."""
        return self.server.dsn("operator")

    def proxied(self, process: str) -> str:
        """Of the role of `process`, through the proxy."""
        return self.server.dsn(process).replace(f":{self.server.port}/", f":{self.proxy.port}/")

    @property
    def superuser(self) -> str:
        """The superuser's, in Hookline's database."""
        return self.server.superuser_dsn.removesuffix("/postgres") + "/hookline"

    def start(self) -> None:
        """Up and migrated."""
        self.heal()
        with connect(self.server.owner_dsn, process="faults") as connection:
            migrate(self.server.owner_dsn, connection)

    def heal(self) -> None:
        """Running, thawed, and answering."""
        self.proxy.flow()
        if self.process is None or not self.process.alive:
            self.server.prepare()
            self.process = self._launcher.start(self.server.command(), {}, self.server.home / "postgres.log")
        self.process.signal(signal.SIGCONT)
        self.server.wait_ready(60)

    def kill(self) -> None:
        """kill -9 of the server and every backend."""
        assert self.process
        self.process.kill()

    def shut_down(self, *, immediate: bool) -> None:
        """Immediate: SIGQUIT, no checkpoint; else SIGINT, the fast shutdown. Waits."""
        assert self.process
        self.process.signal_main(signal.SIGQUIT if immediate else signal.SIGINT)
        self.process.wait(60)

    def freeze(self) -> None:
        """SIGSTOP."""
        assert self.process
        self.process.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT."""
        assert self.process
        self.process.signal(signal.SIGCONT)

    def lock(self, table: str) -> psycopg.Connection[tuple[object, ...]]:
        """Lock a table against everybody, until the connection that is returned is closed."""
        connection = psycopg.connect(self.superuser)
        connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        return connection

    def forget_heartbeats(self) -> None:
        """Nobody misses what ran before."""
        with psycopg.connect(self.superuser) as connection:
            connection.execute("DELETE FROM process_heartbeats")

    def copy(self, file: Path) -> None:
        """What an operator backs up: `pg_dump -Fc` into `file`."""
        command = [str(program("pg_dump")), f"--dbname={self.superuser}", "--format=custom", "--file", str(file)]
        subprocess.run(command, check=True, capture_output=True, timeout=120)

    def client_environment(self) -> dict[str, str]:
        """The variables by which PostgreSQL's own commands are the superuser's."""
        names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD"}
        given = conninfo_to_dict(self.server.superuser_dsn)
        return {variable: str(given[name]) for name, variable in names.items() if name in given}

    def forget_old(self) -> None:
        """What an earlier restore has left."""
        with psycopg.connect(self.server.superuser_dsn, autocommit=True) as connection:
            connection.execute("DROP DATABASE IF EXISTS hookline_old")

    def close(self) -> None:
        """End it."""
        if self.process:
            self.process.kill()
        self.proxy.close()
