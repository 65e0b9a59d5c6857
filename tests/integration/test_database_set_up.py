"""The roles and the database as deploy/postgres makes them, and what the server's log holds of a row that failed."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from ops.migrations import migrate
from processors.engine.isolation import described
from runtime.postgres import Connection, connect
from schemas.privileges import ROLES as PROCESS_ROLES
from tests.servers.embedded import start_postgres
from tests.servers.starting import started

ROLES = Path(__file__).parents[2] / "deploy" / "postgres" / "roles.sql"
NAMES = ("hookline_owner", *PROCESS_ROLES)
PHONE, TEXT, PASSWORD = "+14155550199", "my account number is 5551234", "it's a password"
COLUMNS = "(event_id, event_type, provider, account, contact_phone, occurred_at, received_at, is_test, payload)"
INSERT = f"INSERT INTO events {COLUMNS} VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"  # noqa: S608 - our own columns
#: All but the id, with a phone and a text; `phone_valid`, which may not be null, is missing.
ROW = ["message.received", "textlink", "a", PHONE, "2025-01-01", "2025-01-01", False, f'{{"text": "{TEXT}"}}']
#: PostgreSQL's own defaults, which a server that is not ours has.
DEFAULTS = {"log_error_verbosity": "default", "log_min_error_statement": "error"}


@pytest.fixture(params=["set up by roles.sql", "the local stack's"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The processes' DSN of a migrated database, and its server's log."""
    by_hand = request.param == "set up by roles.sql"
    superuser, stop = started("PostgreSQL", lambda: start_postgres(tmp_path, DEFAULTS if by_hand else {}))
    try:
        with psycopg.connect(superuser, autocommit=True) as connection:
            if by_hand:
                connection.execute("DROP DATABASE hookline")
                connection.execute(sql.SQL("DROP ROLE {}").format(sql.SQL(", ").join(map(sql.Identifier, NAMES))))
                _run_roles(superuser)
            for role in ("hookline_owner", "hookline_persist"):
                connection.execute(f"ALTER ROLE {role} PASSWORD '{PASSWORD.replace(chr(39), chr(39) * 2)}'")
        owner = make_conninfo(superuser, user="hookline_owner", password=PASSWORD, dbname="hookline")
        with connect(owner, process="tests") as connection:
            migrate(owner, connection)
        yield make_conninfo(owner, user="hookline_persist"), tmp_path / "postgres.log"
    finally:
        stop()


def test_the_log_holds_no_phone_and_no_text_of_a_row_that_failed(database: tuple[str, Path]) -> None:
    dsn, log = database
    with connect(dsn, process="tests") as connection:
        with pytest.raises(psycopg.errors.NotNullViolation) as rejected:
            connection.execute(INSERT, [uuid4(), *ROW])
        with pytest.raises(psycopg.errors.InvalidTextRepresentation):
            _copy(connection, ["no uuid", *ROW])
        with pytest.raises(psycopg.errors.UndefinedColumn):
            connection.execute(f"SELECT nothing FROM events WHERE contact_phone = '{PHONE}' OR account = '{TEXT}'")  # noqa: S608 - a statement that quotes them

    written = log.read_text("utf-8")
    assert "violates not-null constraint" in written
    assert "invalid input syntax for type uuid" in written
    assert 'column "nothing" does not exist' in written
    assert PHONE not in written
    assert TEXT not in written
    # The process is told all of it, and keeps of that what names no one.
    assert PHONE in (rejected.value.diag.message_detail or "")
    kept = described(rejected.value)
    assert kept == 'null value in column "phone_valid" of relation "events" violates not-null constraint'


def test_the_processes_role_owns_nothing_and_nobody_else_gets_in(database: tuple[str, Path]) -> None:
    dsn, _ = database
    with connect(dsn, process="tests") as connection:
        owned = "SELECT relname FROM pg_class WHERE relowner = 'hookline_persist'::regrole"
        assert connection.execute(owned).fetchall() == []
        public = (
            "SELECT 1 FROM aclexplode((SELECT datacl FROM pg_database WHERE datname = 'hookline')) WHERE grantee = 0"
        )
        assert connection.execute(public).fetchall() == []
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SET log_error_verbosity = default")


def _copy(connection: Connection, row: list[object]) -> None:
    with connection.cursor() as cursor, cursor.copy(f"COPY events {COLUMNS} FROM STDIN") as copy:
        copy.write_row(row)


def _run_roles(superuser: str) -> None:
    from deploy.local.postgres import program

    server = conninfo_to_dict(superuser)
    done = subprocess.run(
        [program("psql"), "--no-psqlrc", "--file", ROLES, "postgres"],
        env=os.environ
        | {f"PG{name.upper()}": str(server[name]) for name in ("host", "port", "user", "password")}
        | {f"{name.removeprefix('hookline_').upper()}_PASSWORD": PASSWORD for name in NAMES},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
