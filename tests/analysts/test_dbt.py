"""The dbt project, run for real against PostgreSQL and DuckDB, and over exports: its figures are those of the page, and
true."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from tests.analysts.conftest import AddRow, Tools
from tests.e2e.analysts_page import BLOCKS, SentHistory, rows, run, succeeded, tag_changes
from tests.e2e.conftest import ROOT, TIME_LIMIT, eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

#: A figure -> the block of the page that says the same.
PAGE_SAYS = {
    "messages_per_day": "per-day",
    "responses": "responses",
    "sim_failures": "sims",
    "opt_out_rates": "opt-outs",
    "tag_funnel": "tags",
}
Figure = list[dict[str, Any]]


@pytest.fixture(scope="module")
def everything(analyst: dict[str, str], history: SentHistory) -> None:
    """All of the history is in the views: what opt-out and persist do last, too."""

    def complete() -> bool:
        stopped = sum(int(row["opt_outs"] or 0) for row in rows(analyst, BLOCKS["opt-outs"][1]))
        changes = Counter({(row["previous_tag"], row["tag"]): row["changes"] for row in history.truth["tags"]})
        return stopped == sum(row["opt_outs"] for row in history.truth["opt_outs"]) and tag_changes(analyst) == changes

    eventually(complete, "every opt-out and tag is stored", 120.0)


@pytest.fixture(scope="module")
def export_folder(
    analyst: dict[str, str], history: SentHistory, everything: None, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """All of the history as the page exports it."""
    folder = tmp_path_factory.mktemp("export")
    succeeded(run(analyst, "export", folder, **{'"$(date -u +%F)"': history.began_at.isoformat()}))
    return folder


@pytest.fixture(scope="module", params=["postgres", "duckdb", "exports"])
def read(
    request: pytest.FixtureRequest, tools: Tools, dsn: str, everything: None, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Figure]:
    """What a figure's table has after `dbt build`."""
    more = {"PGPORT": str(conninfo_to_dict(dsn)["port"])}
    if request.param == "exports":
        without_server = {name: "" for name in tools.environment if name.startswith(("HOOKLINE_", "SCHEMA_"))}
        file = str(tmp_path_factory.mktemp("figures") / "figures.duckdb")
        more = without_server | {
            "EXPORT_DIR": str(request.getfixturevalue("export_folder")),
            "HOOKLINE_DBT_FILE": file,
        }
    else:
        file = tools.environment["HOOKLINE_DBT_FILE"]
    done = tools.block(f"dbt-{request.param}", **more)
    assert "ERROR=0" in done.stdout
    assert "WARN=0" in done.stdout
    if request.param == "postgres":
        return lambda figure: rows({"HOOKLINE_POSTGRES__DSN": dsn}, f"SELECT * FROM figures.{figure}")  # noqa: S608

    def from_file(figure: str) -> Figure:
        with duckdb.connect(file, read_only=True) as database:
            found = database.execute(f"SELECT * FROM {figure}")  # noqa: S608 - ours
            names = [column[0] for column in found.description]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    return from_file


def test_every_figure_is_the_pages(
    read: Callable[[str], Figure], analyst: dict[str, str], tools: Tools, add_row: AddRow, history: SentHistory
) -> None:
    results = json.loads((Path(tools.environment["DBT_TARGET_PATH"]) / "run_results.json").read_text("utf-8"))
    target = results["args"]["target"]
    figures = [figure for figure in PAGE_SAYS if (figure, target) != ("opt_out_rates", "exports")]
    for figure in figures:
        block = PAGE_SAYS[figure]
        found, said = read(figure), rows(analyst, BLOCKS[block][1])
        if figure == "responses":  # the page asks about all accounts together
            found = [row for row in found if row["account"] is None]
        columns = list(said[0])

        def ordered(rows_of: Figure, columns: list[str] = columns) -> Figure:
            return sorted(({name: row[name] for name in columns} for row in rows_of), key=str)

        for mine, theirs in zip(ordered(found), ordered(said), strict=True):
            assert mine == pytest.approx(theirs), figure
    # and the page's are true
    total = next(row for row in read("responses") if row["account"] is None)
    assert total["response_rate"] == pytest.approx(history.truth["response_rate"])
    assert total["median_seconds"] == pytest.approx(history.truth["median_seconds"])
    sims = {row["sim_card_id"]: (row["messages_out"], row["failed"]) for row in read("sim_failures")}
    assert sims == {sim: (of["messages_out"], of["failed"]) for sim, of in history.truth["sims"].items()}
    changes = {(row["previous_tag"], row["tag"]): row["changes"] for row in read("tag_funnel")}
    assert changes == {(row["previous_tag"], row["tag"]): row["changes"] for row in history.truth["tags"]}
    per_day = [row | {"day": row["day"].isoformat()} for row in read("messages_per_day")]
    assert sorted(per_day, key=str) == sorted(history.truth["per_day"], key=str)
    if "opt_out_rates" in figures:
        opt_outs = [
            {name: row[name] for name in ("provider", "account", "texted", "opt_outs")} for row in read("opt_out_rates")
        ]
        assert sorted(opt_outs, key=str) == sorted(history.truth["opt_outs"], key=str)

    passed = sum(result["status"] == "pass" for result in results["results"])
    add_row(
        "dbt over exports" if target == "exports" else f"dbt into {target}",
        tools.versions("dbt-core", *(["dbt-postgres"] if target == "postgres" else ["dbt-duckdb", "duckdb"])),
        sum(history.truth["events"].values()),
        f"{len(figures)} figures as the page has them, {passed} tests of dbt passed",
    )


def test_nothing_that_dbt_writes_down_has_the_password(
    read: Callable[[str], Figure], tools: Tools, analyst: dict[str, str]
) -> None:
    assert read("responses")
    password = str(conninfo_to_dict(analyst["HOOKLINE_POSTGRES__DSN"])["password"])
    written = [
        file
        for name in ("DBT_TARGET_PATH", "DBT_LOG_PATH")
        for file in Path(tools.environment[name]).rglob("*")
        if file.is_file()
    ]
    assert written
    assert [file for file in written if password.encode() in file.read_bytes()] == []


def dbt(tools: Tools, dsn: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`dbt ARGUMENTS` with PostgreSQL, whatever it exits with."""
    return subprocess.run(
        ["dbt", *arguments, "--target", "postgres"],
        cwd=ROOT / "deploy/analytics/dbt",
        env=tools.environment | {"PGPORT": str(conninfo_to_dict(dsn)["port"]), "PGPASSWORD": "choose-one"},
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT,
        check=False,
    )


def test_other_days_are_counted_when_they_are_named(tools: Tools, dsn: str, everything: None) -> None:
    long_ago = json.dumps({"days": 7, "until": "2001-01-08"})
    done = dbt(tools, dsn, "run", "--select", "responses", "--vars", long_ago)
    assert done.returncode == 0, done.stdout
    [found] = rows({"HOOKLINE_POSTGRES__DSN": dsn}, "SELECT * FROM figures.responses")
    assert (found["messages_out"], found["response_rate"], found["median_seconds"]) == (0, None, None)


def test_a_figure_that_breaks_its_promises_is_found(tools: Tools, dsn: str, everything: None) -> None:
    made = dbt(tools, dsn, "build", "--select", "sim_failures", "opt_out_rates")
    assert made.returncode == 0, made.stdout
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("UPDATE figures.sim_failures SET failure_rate = 2")
        connection.execute("INSERT INTO figures.opt_out_rates SELECT * FROM figures.opt_out_rates LIMIT 1")
    done = dbt(tools, dsn, "test", "--select", "sim_failures", "opt_out_rates")
    assert done.returncode == 1
    results = json.loads((Path(tools.environment["DBT_TARGET_PATH"]) / "run_results.json").read_text("utf-8"))
    failed = {result["unique_id"].split(".")[2]: result["failures"] for result in results["results"]}
    assert {name: count for name, count in failed.items() if count} == {
        "failure_rate_is_a_share": len(rows({"HOOKLINE_POSTGRES__DSN": dsn}, "SELECT FROM figures.sim_failures")),
        "unique_together_opt_out_rates_provider__account": 1,
    }


def test_the_role_of_dbt_writes_to_its_own_schema_alone(dsn: str) -> None:
    statements = (
        "CREATE TABLE analytics.mine (number int)",
        "CREATE TABLE public.mine (number int)",
        "CREATE SCHEMA mine",
        "DELETE FROM analytics.events",
        "SELECT FROM public.opt_out_evidence",
        "SELECT FROM public.messages",
    )
    with psycopg.connect(dsn, autocommit=True) as connection:
        for statement in statements:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)
        assert connection.execute("SELECT has_schema_privilege('figures', 'CREATE')").fetchone() == (True,)
