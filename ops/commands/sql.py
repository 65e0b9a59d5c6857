"""`hookline sql`: a question to an export or to PostgreSQL's schema `analytics`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from ops.output import Output, command, table


@command()
@click.argument("query", required=False)
@click.option("--from-export", "folder", type=click.Path(path_type=Path), help="Ask the files of an export.")
@click.option("--postgres", "also_postgres", is_flag=True, help="With --from-export: PostgreSQL too.")
@click.option("--csv", "as_csv", is_flag=True, help="Answer in CSV.")
def sql(out: Output, *, query: str | None, folder: Path | None, also_postgres: bool, as_csv: bool) -> None:
    """Answer QUERY, in DuckDB's SQL; without one: the lines of standard input, or a prompt on a terminal.

    It sees the schema `analytics` of PostgreSQL, with --from-export the files that an export's manifest names. It only
    reads. Times are UTC. `SHOW ALL TABLES` lists the tables. Without the extra hookline[analysis] it exits 78.
    """
    from ops.database import database as postgres
    from ops.database import postgres_dsn
    from ops.export.extra import require_analysis_extra

    if as_csv and out.as_json:
        raise click.UsageError("--csv and --json are two answers")
    if also_postgres and folder is None:
        raise click.UsageError("--postgres goes with --from-export: without it PostgreSQL is queried anyway")
    require_analysis_extra()
    from ops.sql.database import QueryRefused, answer, open_database

    dsn = None
    if folder is None or also_postgres:
        with postgres("sql") as connection:  # says what is wrong with the server or the setting
            connection.execute("SELECT 1")
        dsn = postgres_dsn()
    with open_database(folder, dsn) as duckdb:
        if query is None and sys.stdin.isatty():
            for statement in _prompted():
                try:
                    _show(out, *answer(duckdb, statement), as_csv=as_csv)
                except QueryRefused as refused:
                    out.note(str(refused))
        else:
            _show(out, *answer(duckdb, sys.stdin.read() if query is None else query), as_csv=as_csv)


def _prompted() -> Iterator[str]:
    """Statements that are typed in, each up to its semicolon, until the end of input."""
    typed: list[str] = []
    while True:
        try:
            typed.append(click.prompt("...>" if typed else "sql>", prompt_suffix=" ", default="", show_default=False))
        except click.Abort:
            return
        if typed[-1].rstrip().endswith(";"):
            yield "\n".join(typed)
            typed = []


def _show(out: Output, columns: list[str], rows: Iterator[list[Any]], *, as_csv: bool) -> None:
    if as_csv:
        out.csv(columns, rows)
    elif out.as_json:
        out.rows("rows", (dict(zip(columns, row, strict=True)) for row in rows), columns)
    else:
        found = list(rows)
        out.show(table(columns, found, numbers=_numeric(columns, found)))


def _numeric(columns: list[str], rows: list[list[Any]]) -> list[str]:
    first = rows[0] if rows else [None] * len(columns)
    return [name for name, value in zip(columns, first, strict=True) if isinstance(value, int | float)]
