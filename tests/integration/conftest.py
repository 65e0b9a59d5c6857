"""What several test files here begin with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from runtime.connections import KafkaSettings
from schemas.privileges import role_of
from tests.conftest import PASSWORD, Database
from tests.servers.local_stack import LocalStack
from tests.twins.console import PlayedConsole
from tests.twins.crm import CrmDesk, Sandbox, played_crm
from tests.twins.ingest_rig import IngestRig


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """Serves; a test may end it, and has to leave it serving."""
    made = LocalStack(tmp_path_factory.mktemp("stack") / "home")
    made.up()
    yield made
    assert made.run("down").returncode == 0


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with played_crm() as played:
        yield played


@pytest.fixture
def desk(postgres: Any, sandbox: Sandbox) -> Iterator[CrmDesk]:
    """With the target rest; a file that wants another has a fixture of its own."""
    made = CrmDesk(postgres, sandbox)
    yield made
    made.close()


@pytest.fixture
def console(desk: Any, postgres: Any, tmp_path: Path) -> Iterator[PlayedConsole]:
    """On the database of the file's own `desk`, which is made first."""
    del desk
    made = PlayedConsole(tmp_path, postgres.dsn("console"))
    yield made
    made.close()


@pytest.fixture
def processor_dsn(postgres: Database, postgres_server: str, processor: str) -> Iterator[str]:
    """As the role of a test's own `processor`, which may do what persist may."""
    role = sql.Identifier(role_of(processor))
    with psycopg.connect(postgres_server, autocommit=True) as superuser:
        superuser.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(role, sql.Literal(PASSWORD)))
        superuser.execute(sql.SQL("GRANT hookline_persist TO {}").format(role))
        yield postgres.dsn(processor)
        superuser.execute(sql.SQL("DROP ROLE {}").format(role))


@pytest.fixture
def ingest_rig(
    kafka: str, kafka_settings: KafkaSettings, postgres: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[IngestRig]:
    """With the environment of an operator's command."""
    monkeypatch.setenv("HOOKLINE_HOME", str(tmp_path))
    monkeypatch.setenv("HOOKLINE_KAFKA__BOOTSTRAP_SERVERS", kafka)
    monkeypatch.setenv("HOOKLINE_POSTGRES__DSN", postgres.dsn("operator"))
    spool = tmp_path / "spool"
    spool.mkdir()
    made = IngestRig(kafka_settings, postgres, spool)
    yield made
    made.close()
