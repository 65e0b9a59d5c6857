"""`hookline sql` over an export: what is asked is answered, and nothing else can be read or written."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from ops.__main__ import main
from ops.export.export import PlannedPart, export
from ops.export.manifest import Manifest
from ops.export.source import LocalSource
from ops.sql.database import table_name
from runtime.kafka.consumer import Partition, Record
from runtime.kafka.topics import Offsets
from schemas.codec import Codec
from schemas.ids import SchemaIds
from schemas.topics import MESSAGES
from tests.twins.events import T0, message

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export of two messages, and a file of a part that was never finished."""
    made, ids = tmp_path_factory.mktemp("export"), SchemaIds.checked_in()
    values = [Codec(ids).encode(message(text=text)) for text in ("hello", "\x1b[31mred")]
    records = [Record(MESSAGES.name, 0, offset, 0, b"", value, []) for offset, value in enumerate(values)]
    plan = [PlannedPart(MESSAGES, "id-1", "2026-11-02", {Partition(MESSAGES.name, 0): Offsets(0, 2)})]
    export(plan, Manifest(made), ids, LocalSource(ids, lambda _: records))
    (made / MESSAGES.name / "day=2026-11-02" / "part-9.parquet").write_bytes(b"half of a file")
    return made


def ask(folder: Path, *arguments: str) -> int:
    return main(["sql", "--from-export", str(folder), *arguments])


def test_a_question_is_answered_in_json_csv_and_for_people(folder: Path, capsys: Capture) -> None:
    query = "SELECT text, day, occurred_at, date_trunc('day', occurred_at) AS begin FROM messages ORDER BY text DESC"
    assert ask(folder, query, "--json") == 0
    first = json.loads(capsys.readouterr().out)["rows"][0]
    assert first["text"] == "hello"
    assert first["day"] == "2026-11-02"
    assert first["occurred_at"] == T0.isoformat()
    assert first["begin"] == T0.replace(hour=0).isoformat()
    assert ask(folder, query, "--csv") == 0
    rows = list(csv.reader(io.StringIO(capsys.readouterr().out)))
    assert (rows[0][0], rows[1][0]) == ("text", "hello")
    assert ask(folder, "SELECT text, count(*) AS messages FROM export.messages GROUP BY text") == 0
    shown = capsys.readouterr().out
    assert "hello" in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("+1+cmd", "'+1+cmd"),
        ("+13035550142;=1", "'+13035550142;=1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("\uff1d1", "'\uff1d1"),
        ("a\n=1", "a\n=1"),  # one cell, and no row of its own
        ("+13035550142", "+13035550142"),  # a phone stays one
        ("1=1", "1=1"),
    ],
)
def test_no_text_in_csv_is_a_formula(folder: Path, capsys: Capture, written: str, shown: str) -> None:
    characters = " || ".join(f"chr({ord(character)})" for character in written)
    assert ask(folder, f"SELECT {characters} AS written, -5 AS number", "--csv") == 0
    printed = capsys.readouterr().out
    assert list(csv.reader(io.StringIO(printed, newline="")))[1] == [shown, "-5"]


class Terminal(io.StringIO):
    """What a person types."""

    def isatty(self) -> bool:
        return True


def test_at_the_prompt_a_mistake_is_told_and_the_next_statement_answered(
    folder: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = "SELECT no_such_column FROM messages;\nSELECT count(*) AS n\nFROM messages;\n"
    monkeypatch.setattr("sys.stdin", Terminal(typed))
    assert ask(folder, "--csv") == 0
    printed = capsys.readouterr()
    assert "no_such_column" in printed.err
    assert "n\n2\n" in printed.out


def test_without_a_terminal_the_statement_is_standard_input(
    folder: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("SELECT count(*) AS n\nFROM messages"))
    assert ask(folder, "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"rows": [{"n": 2}]}


def test_no_rows_are_an_answer(folder: Path, capsys: Capture) -> None:
    assert ask(folder, "SELECT text FROM messages WHERE false", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"rows": []}


@pytest.mark.parametrize(
    "query",
    [
        "DROP VIEW messages",
        "CREATE TABLE other AS SELECT 1",
        "COPY messages TO '{folder}/copy.csv'",
        "SELECT 1; DROP VIEW messages",
        "ATTACH '{folder}/other.db'",
        "SET enable_external_access = true",
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT * FROM read_parquet('{folder}/sms.messages.v1/day=2026-11-02/part-9.parquet')",
        "INSTALL httpfs",
        "EXPLAIN ANALYZE COPY (SELECT 1) TO '{folder}/sms.messages.v1/day=2026-11-02/part-0.parquet' (FORMAT parquet)",
        "EXPLAIN (ANALYZE) COPY messages TO '{folder}/copy.csv'",
        "explain /* it */ analyze create or replace view messages as select 1",
        "EXPLAIN ANALYZE CALL pragma_version()",
        "EXPLAIN DROP VIEW messages",
        "EXPLAIN EXPLAIN ANALYZE DROP VIEW messages",
        "COPY messages TO '.tmp/copy.csv'",
        "SELECT * FROM postgres_execute('postgres', 'DELETE FROM messages')",
        "SELECT * FROM \"Postgres_Query\"('postgres', 'COMMIT; DELETE FROM messages')",
        "SELEC 1",
        "SELECT no_such_column FROM messages",
        "",
    ],
)
def test_what_is_no_reading_is_refused(folder: Path, query: str, capsys: Capture) -> None:
    before = sorted(folder.rglob("*"))
    assert ask(folder, query.format(folder=folder)) == 2
    assert capsys.readouterr().err
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize("how", ["EXPLAIN {}", "EXPLAIN ANALYZE {}", "explain (analyze, format json) {}"])
def test_how_a_question_is_answered_may_be_asked(folder: Path, how: str, capsys: Capture) -> None:
    assert ask(folder, how.format("SELECT count(*) FROM messages")) == 0
    assert capsys.readouterr().out


def test_a_folder_without_an_export_and_answers_of_two_kinds_are_refused(tmp_path: Path, folder: Path) -> None:
    assert ask(tmp_path, "SELECT 1") == 2
    assert ask(folder, "SELECT 1", "--json", "--csv") == 2
    assert main(["sql", "SELECT 1", "--postgres"]) == 2


def test_the_tables_have_names_that_need_no_quotes() -> None:
    names = ["sms.opt-outs.v1", "sms.messages.analytics.v1", "sms.message-state.v1"]
    assert [table_name(name) for name in names] == ["opt_outs", "messages_analytics", "message_state"]
