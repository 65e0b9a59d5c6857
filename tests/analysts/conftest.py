"""docs/analysts.md with tools that need an environment of their own: for `make analysts`, not for `make test`."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from deploy.local.postgres import EmbeddedPostgres
from tests.e2e.analysts_page import BLOCKS, SentHistory, environment_for_analysts, sent_history
from tests.e2e.conftest import ROOT, TIME_LIMIT, Stack, serving_stack

#: The folder of the programs of that environment; set by `make analysts`.
PROGRAMS = os.environ.get("HOOKLINE_TEST_ANALYSTS", "")

collect_ignore_glob = [] if PROGRAMS else ["test_*.py"]

#: Adds a row to the table that is printed in the end: tool, version, records, result.
AddRow = Callable[[str, str, int, str], None]

_ROWS: list[tuple[str, str, str, str]] = []


@dataclass(frozen=True)
class Tools:
    """The programs, and what they are started with."""

    environment: dict[str, str]

    def block(self, name: str, **more: str) -> subprocess.CompletedProcess[str]:
        """The shell or Python block of the page called `name`, as it stands there, at the top of the checkout."""
        language, text = BLOCKS[name]
        command = ["bash", "-euc", text] if language == "sh" else ["python", "-c", text]
        return self.run(*command, **more)

    def versions(self, *packages: str) -> str:
        """Those of Python packages, ready to be shown."""
        ask = "import importlib.metadata as m, sys; print(', '.join(f'{n} {m.version(n)}' for n in sys.argv[1:]))"
        return self.run("python", "-c", ask, *packages).stdout.strip()

    def run(self, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
        """It must succeed."""
        done = self.ended(*command, **more)
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
        return done

    def ended(self, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Whatever it exits with."""
        return subprocess.run(
            command,
            cwd=ROOT,
            env=self.environment | more,
            capture_output=True,
            text=True,
            timeout=TIME_LIMIT,
            check=False,
        )


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with serving_stack(tmp_path_factory.mktemp("home")) as stack:
        yield stack


@pytest.fixture(scope="session")
def analyst(stack: Stack) -> dict[str, str]:
    return environment_for_analysts(stack)


@pytest.fixture(scope="session")
def history(stack: Stack, analyst: dict[str, str]) -> SentHistory:
    return sent_history(stack, analyst)


@pytest.fixture(scope="session")
def dsn(stack: Stack, analyst: dict[str, str]) -> Iterator[str]:
    """Of the role that the page makes for dbt."""
    where = conninfo_to_dict(analyst["HOOKLINE_POSTGRES__DSN"])
    server = EmbeddedPostgres(stack.home / "postgres", int(where["port"] or 0))
    with psycopg.connect(make_conninfo(server.superuser_dsn, dbname=where["dbname"]), autocommit=True) as superuser:
        superuser.execute(BLOCKS["dbt-role"][1])
        yield make_conninfo(analyst["HOOKLINE_POSTGRES__DSN"], user="hookline_dbt", password="choose-one")
        superuser.execute("DROP SCHEMA figures CASCADE")
        superuser.execute("DROP ROLE hookline_dbt")


@pytest.fixture(scope="session")
def tools(analyst: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Tools:
    """With a home of their own: they leave nothing in the person's."""
    folder = tmp_path_factory.mktemp("tools")
    foreign = {name: value for name, value in os.environ.items() if not name.startswith(("HOOKLINE_", "PG", "DBT_"))}
    own = {
        "PATH": f"{Path(PROGRAMS).resolve()}:{os.environ['PATH']}",
        "HOME": str(folder),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
        "HOOKLINE_DBT_FILE": str(folder / "figures.duckdb"),
    }
    reading = {name: value for name, value in analyst.items() if name.startswith(("HOOKLINE_", "SCHEMA_"))}
    return Tools(foreign | reading | own)


@pytest.fixture(scope="session")
def add_row() -> AddRow:
    return lambda tool, version, records, result: _ROWS.append((tool, version, f"{records:,}", result))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _ROWS:
        terminalreporter.section("tools of analysts")
        for row in [("tool", "version", "records", "result"), ("---",) * 4, *_ROWS]:
            terminalreporter.write_line(f"| {' | '.join(row)} |")
