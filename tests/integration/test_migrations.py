"""`hookline db migrate` on a real PostgreSQL: everything once, all or nothing, two at once, and who owns what."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import yoyo
from psycopg import sql
from psycopg.conninfo import make_conninfo

import ops.migrations
from ops.__main__ import main
from ops.migrations import SOURCE, Plan, migrate, plan, wait_for_database
from runtime.postgres import connect
from tests.conftest import PASSWORD, Database
from tests.reference.tables import tables

OURS = tuple(migration.id for migration in yoyo.read_migrations(SOURCE))


@pytest.fixture
def empty(postgres_server: str) -> Iterator[str]:
    """The owner's DSN of a database without any table."""
    name = f"empty_{uuid4().hex[:8]}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER hookline_owner").format(sql.Identifier(name)))
        yield make_conninfo(postgres_server, user="hookline_owner", password=PASSWORD, dbname=name)
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def settings(empty: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    monkeypatch.setenv("HOOKLINE_HOME", str(tmp_path))
    monkeypatch.setenv("HOOKLINE_POSTGRES__OWNER_DSN", empty)
    return empty


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    capsys.readouterr()
    code = main(["db", "migrate", "--json", *arguments])
    return code, json.loads(capsys.readouterr().out)


def table_names(dsn: str) -> set[str]:
    with psycopg.connect(dsn) as connection:
        rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    return {str(name) for (name,) in rows}


def test_a_dry_run_tells_what_is_pending_and_leaves_no_trace(settings: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, reported = run(capsys, "--dry-run")

    assert (code, tuple(reported["pending"]), reported["applied"]) == (0, OURS, [])
    assert table_names(settings) == set()


def test_everything_is_applied_once(settings: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, reported = run(capsys)
    assert (code, tuple(reported["applied_now"]), tuple(reported["applied"])) == (0, OURS, OURS)
    assert {"events", "messages", "contacts", "consumer_offsets", "redriven_letters"} <= table_names(settings)

    code, reported = run(capsys)
    assert (code, reported["applied_now"], tuple(reported["applied"])) == (0, [], OURS)


def test_two_at_once_apply_everything_once(empty: str) -> None:
    # Given two migrators that start together
    ready = threading.Barrier(2)

    def work() -> Plan:
        with connect(empty, process="tests") as connection:
            ready.wait(10)
            return migrate(empty, connection)

    with ThreadPoolExecutor(2) as pool:
        plans = [future.result(60) for future in [pool.submit(work) for _ in range(2)]]

    # Then one did it all, and the other found it done
    assert sorted(len(plan.pending) for plan in plans) == [0, len(OURS)]


def test_a_migrator_that_was_killed_leaves_no_lock(empty: str) -> None:
    # Given the row that yoyo locks with, left by a process that is gone
    letters = "0006_redriven_letters"
    with connect(empty, process="tests") as connection:
        migrate(empty, connection)
        connection.execute("INSERT INTO yoyo_lock (locked, ctime, pid) VALUES (1, now(), 4711)")
        connection.execute("DELETE FROM _yoyo_migration WHERE migration_id = %s", [letters])
        connection.execute("DROP TABLE redriven_letters")

        # When the next one comes, it does not wait for that process
        assert migrate(empty, connection).pending == (letters,)
        assert "redriven_letters" in table_names(empty)


@pytest.fixture
def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of migrations in place of ours."""
    monkeypatch.setattr(ops.migrations, "SOURCE", str(tmp_path))
    return tmp_path


def test_a_migration_that_fails_leaves_nothing_of_itself(empty: str, planted: Path) -> None:
    (planted / "0001_good.sql").write_text("CREATE TABLE good (a int);")
    (planted / "0002_bad.sql").write_text("CREATE TABLE half (a int);\nSELECT 1 / 0;")
    (planted / "0003_never.sql").write_text("CREATE TABLE never (a int);")

    with connect(empty, process="tests") as connection:
        with pytest.raises(psycopg.errors.DivisionByZero):
            migrate(empty, connection)
        assert {"good", "half", "never"} & table_names(empty) == {"good"}
        assert plan(connection).pending == ("0002_bad", "0003_never")

        # And once it is mended, it goes on where it stood
        (planted / "0002_bad.sql").write_text("CREATE TABLE half (a int);")
        migrate(empty, connection)
        assert {"good", "half", "never"} <= table_names(empty)


def test_bodies_between_dollars_colons_and_percent_signs_are_taken_as_they_stand(empty: str, planted: Path) -> None:
    (planted / "0001_function.sql").write_text(
        "-- A trigger with everything that a splitter or a driver could trip over: ';', ':name', '%'.\n"
        "CREATE TABLE t (a text);\n"
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$\n"
        "BEGIN\n"
        "    IF NEW.a LIKE '%:name%' THEN RAISE EXCEPTION 'not ; this: %', NEW.a::text; END IF;\n"
        "    RETURN NEW;\n"
        "END $$;\n"
        "CREATE TRIGGER refuse BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION refuse();\n"
    )

    with connect(empty, process="tests") as connection:
        migrate(empty, connection)
        connection.execute("INSERT INTO t VALUES ('fine')")
        with pytest.raises(psycopg.errors.RaiseException, match="not ; this: a :name"):
            connection.execute("INSERT INTO t VALUES ('a :name')")


def test_a_newer_database_is_told_and_left_alone(
    settings: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run(capsys)
    older = tmp_path / "older"
    older.mkdir()
    (older / f"{OURS[0]}.sql").write_text("SELECT 1;")
    monkeypatch.setattr(ops.migrations, "SOURCE", str(older))

    code, reported = run(capsys)

    assert (code, reported["applied"], tuple(reported["unknown"])) == (0, [OURS[0]], OURS[1:])
    assert "messages" in table_names(settings)


def test_a_database_that_is_not_there_is_waited_for_and_then_69(
    settings: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    del settings
    monkeypatch.setenv("HOOKLINE_POSTGRES__OWNER_DSN", "postgresql://hookline_owner@127.0.0.1:9/hookline")

    assert main(["db", "migrate", "--wait", "0.6"]) == 69
    output = capsys.readouterr().err
    assert output.count("waiting: ") == 1
    assert "HOOKLINE_POSTGRES__OWNER_DSN" in output


def test_a_wrong_password_is_not_waited_for(empty: str) -> None:
    wrong = make_conninfo(empty, user="nobody_of_that_name")

    with pytest.raises(psycopg.OperationalError):
        wait_for_database(wrong, seconds=3600)


def test_the_data_dictionary_knows_every_table_and_column_as_postgres_has_them(postgres: Database) -> None:
    with psycopg.connect(postgres.owner_dsn) as connection:
        rows = connection.execute(
            "SELECT c.relname, a.attname, a.attnotnull FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
            " WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped"
            " AND c.relname !~ '^_?yoyo_' ORDER BY c.relname, a.attname"
        ).fetchall()

    read = [
        (table.name, column.name, column.required)
        for table in tables().values()
        for column in table.columns.values()
        if "." not in table.name
    ]
    assert sorted(read) == rows
