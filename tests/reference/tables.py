"""The tables of schemas/sql, read from the migrations' own text.

Knows CREATE TABLE, ALTER TABLE ... ADD COLUMN / DROP COLUMN and COMMENT ON; anything else that would change a
table raises, so that the page cannot be wrong in silence. A test compares the result with a real PostgreSQL.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from importlib.resources import files

import sqlparse


@dataclass
class Column:
    """A column."""

    name: str
    type: str
    required: bool
    comment: str = ""


@dataclass
class Table:
    """A table."""

    name: str
    comment: str = ""
    columns: dict[str, Column] = field(default_factory=dict)


_CREATE = re.compile(r"CREATE (?:UNLOGGED )?TABLE (\w+) \((.*?)\)(?: WITH \([^)]*\)|[^)]*)", re.DOTALL)
_VIEW = re.compile(r"CREATE VIEW ((?:analytics\.)?\w+) AS.*", re.DOTALL)
_ADD = re.compile(r"ALTER TABLE (\w+) ADD COLUMN (.*)", re.DOTALL)
_DROP_COLUMN = re.compile(r"ALTER TABLE (\w+) DROP COLUMN (\w+)")
_DROP = re.compile(r"DROP TABLE (\w+)")
_COMMENT = re.compile(r"COMMENT ON (TABLE|VIEW|COLUMN) ([\w.\"]+) IS '(.*)'", re.DOTALL)
_HARMLESS_ALTER = re.compile(r"ALTER TABLE \w+ (SET|ENABLE|ADD CONSTRAINT|DROP CONSTRAINT|VALIDATE)")
_COLUMN = re.compile(r'"?(\w+)"?\s+(.*)', re.DOTALL)
_TYPE_ENDS = re.compile(
    r"\s+(NOT NULL|NULL|PRIMARY KEY|DEFAULT|CHECK|UNIQUE|REFERENCES|GENERATED|COLLATE|CONSTRAINT)\b"
)
_NO_COLUMN = ("PRIMARY", "UNIQUE", "CHECK", "FOREIGN", "CONSTRAINT", "EXCLUDE")


def tables() -> dict[str, Table]:
    """Every table after all migrations, in the order of its making."""
    found: dict[str, Table] = {}
    for file in sorted(files("schemas").joinpath("sql").iterdir(), key=lambda path: path.name):
        for statement in sqlparse.split(file.read_text("utf-8")):
            _apply(sqlparse.format(statement, strip_comments=True).strip().rstrip(";"), found)
    return found


def _apply(statement: str, found: dict[str, Table]) -> None:
    if match := _CREATE.fullmatch(statement):
        table = found[match[1]] = Table(match[1])
        key = next((part for part in _parts(match[2]) if part.startswith("PRIMARY KEY")), "")
        for part in _parts(match[2]):
            if not part.startswith(_NO_COLUMN):
                column = _column(part)
                column.required |= column.name in re.findall(r"\w+", key.removeprefix("PRIMARY KEY"))
                table.columns[column.name] = column
    elif match := _VIEW.fullmatch(statement):
        found[match[1]] = Table(match[1])
    elif match := _ADD.fullmatch(statement):
        column = _column(match[2])
        found[match[1]].columns[column.name] = column
    elif match := _DROP_COLUMN.fullmatch(statement):
        del found[match[1]].columns[match[2]]
    elif match := _DROP.fullmatch(statement):
        del found[match[1]]
    elif match := _COMMENT.fullmatch(statement):
        table_name, column_name = match[2].replace('"', ""), ""
        if match[1] == "COLUMN":
            table_name, _, column_name = table_name.rpartition(".")
        columns = found[table_name].columns
        if "." in table_name and column_name:  # a view for analysts: each of its columns has a comment
            columns[column_name] = Column(column_name, "", required=False)
        commented = columns[column_name] if column_name else found[table_name]
        commented.comment = match[3].replace("''", "'")
    elif statement.startswith(("CREATE TABLE", "ALTER TABLE", "DROP TABLE")) and not _HARMLESS_ALTER.match(statement):
        raise ValueError(f"tests/reference/tables.py cannot read: {statement}")


def _parts(body: str) -> list[str]:
    """What stands between the commas of a CREATE TABLE, but not between those in parentheses."""
    parts, depth, start = [], 0, 0
    for position, character in enumerate(body):
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            parts.append(body[start:position].strip())
            start = position + 1
    return [*parts, body[start:].strip()]


def _column(text: str) -> Column:
    match = _COLUMN.fullmatch(text)
    if match is None:
        raise ValueError(f"tests/reference/tables.py cannot read the column: {text}")
    kind = _TYPE_ENDS.split(match[2], maxsplit=1)[0]
    return Column(match[1], " ".join(kind.split()), required="NOT NULL" in text or "PRIMARY KEY" in text)
