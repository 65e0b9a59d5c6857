"""The DuckDB that `hookline sql` asks: what it may see, and that it changes nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
from duckdb import DuckDBPyConnection, StatementType
from duckdb_extensions import import_extension
from psycopg.conninfo import make_conninfo

from ops.exits import CONFIG, USAGE
from ops.export.manifest import MANIFEST, Manifest

#: Rows that are fetched at once.
_BATCH = 1000
#: What stands before the statement that is explained. DuckDB carries that out where ANALYZE stands there.
_EXPLAIN = re.compile(r"\s*EXPLAIN\b\s*(?:\([^)]*\)|ANALYZE\b)?", re.IGNORECASE)
#: DuckDB's functions that hand a text to PostgreSQL as it stands, which may end the transaction that only reads.
_PASSED_ON = ("postgres_execute", "postgres_query")


class NoExport(Exception):
    """Name the folder of an export. Exit code 2."""

    exit_code = USAGE


class PostgresRefused(Exception):
    """Mend the setting: DuckDB cannot read from PostgreSQL. Exit code 78."""

    exit_code = CONFIG


class QueryRefused(Exception):
    """Mend the query: its text says why it is not answered. Exit code 2."""

    exit_code = USAGE


@contextmanager
def open_database(export: Path | None, dsn: str | None) -> Iterator[DuckDBPyConnection]:
    """A DuckDB that sees the files of `export` as tables of `export`, and PostgreSQL's schema `analytics`.

    `dsn`: PostgreSQL; it is read within transactions that are read only. No other file can be read or written.
    Raises NoExport, PostgresRefused, and what reading a manifest raises.
    """
    with TemporaryDirectory(prefix="hookline-sql-") as extensions:
        settings: dict[str, str | bool | int | float | list[str]] = {
            "extension_directory": extensions,  # else DuckDB copies them into the home folder
            "temp_directory": extensions,  # else in the current folder, where every statement could write files
            "autoinstall_known_extensions": False,  # it would download them
        }
        with duckdb.connect(config=settings) as database:
            import_extension("icu", con=database)  # what a time with a zone is in UTC
            database.execute("SET TimeZone = 'UTC'")
            if export is not None:
                _add_export(database, export)
            if dsn is not None:
                _add_postgres(database, dsn)
            database.execute("SET enable_external_access = false")
            database.execute("SET lock_configuration = true")
            yield database


def answer(database: DuckDBPyConnection, query: str) -> tuple[list[str], Iterator[list[Any]]]:
    """The columns and the rows that `query` asks for. Raises QueryRefused."""
    try:
        statements = duckdb.extract_statements(query)
        if len(statements) != 1:
            raise QueryRefused(f"one statement at a time: here are {len(statements)}")
        if (kind := _kind_of(statements[0])) != StatementType.SELECT:
            raise QueryRefused(f"only reading is possible, and this is {kind.name}")
        if passed_on := [name for name in _PASSED_ON if name in query.lower()]:
            raise QueryRefused(f"only reading is possible, and {passed_on[0]} may do anything: name the table instead")
        found = database.execute(statements[0]).to_arrow_reader(_BATCH)
    except duckdb.Error as error:
        raise QueryRefused(str(error)) from None
    return list(found.schema.names), _rows(found)


def _kind_of(statement: duckdb.Statement) -> StatementType:
    """What `statement` does, or would do that it explains."""
    if statement.type != StatementType.EXPLAIN:
        return statement.type
    explained = duckdb.extract_statements(_EXPLAIN.sub("", statement.query, count=1))
    return explained[0].type if len(explained) == 1 else StatementType.EXPLAIN


def _rows(found: Any) -> Iterator[list[Any]]:
    try:
        for batch in found:
            yield from map(list, zip(*(column.to_pylist() for column in batch.columns), strict=True))
    except (duckdb.Error, OSError) as error:
        raise QueryRefused(str(error)) from None


def table_name(topic: str) -> str:
    """The name of a topic's table: messages, opt_outs, messages_analytics, message_state ..."""
    return topic.removeprefix("sms.").removesuffix(".v1").replace("-", "_").replace(".", "_")


def _add_export(database: DuckDBPyConnection, folder: Path) -> None:
    """The files that the manifest names: what else lies there is not whole."""
    if not (folder / MANIFEST).is_file():
        raise NoExport(f"{folder} holds no export: it has no {MANIFEST}")
    manifest = Manifest.read(folder)
    database.execute("ATTACH ':memory:' AS export")
    paths: list[str] = []
    for topic in sorted(manifest.topic_ids):
        files = [str(file.resolve()) for file in manifest.files(topic)]
        if files:
            listed = ", ".join(map(_quoted, files))
            database.execute(
                f'CREATE VIEW export."{table_name(topic)}" AS SELECT * FROM '  # noqa: S608 - quoted
                f"read_parquet([{listed}], hive_partitioning = true, union_by_name = true)"
            )
            paths += files
    database.execute(f"SET allowed_paths = [{', '.join(map(_quoted, paths))}]")
    database.execute("USE export")


def _add_postgres(database: DuckDBPyConnection, dsn: str) -> None:
    read_only = make_conninfo(dsn, options="-c default_transaction_read_only=on", application_name="hookline-sql")
    try:
        import_extension("postgres", con=database)
        database.execute(f"ATTACH {_quoted(read_only)} AS postgres (TYPE postgres, READ_ONLY)")
        database.execute("USE postgres.analytics")
    except duckdb.Error as error:  # its text has the password
        raise PostgresRefused(f"DuckDB cannot read HOOKLINE_POSTGRES__DSN ({type(error).__name__})") from None


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
