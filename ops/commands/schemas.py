"""`hookline schemas`: the versions of our schemas: check them, see what differs, add one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ops.exits import CheckFailed
from ops.output import Output, command, stacked, table

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ops.schema_versions.contracts import SchemaProblem
    from schemas.ids import RegisteredSchema, SchemaIds

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_contracts = click.option(
    "--contracts", "folder", type=_FOLDER, help="The teams' contracts; without: schemas/contracts."
)


@click.group()
def schemas() -> None:
    """The versions of our schemas: check them against each other and the teams' contracts, compare, add one."""


@command()
@_contracts
def check(out: Output, folder: Path | None) -> None:
    """Check every version of every schema.

    It can live beside each other version, was not changed after it was published, says of each field what it means and
    which personal data it holds, and keeps the teams' contracts.
    """
    from ops.schema_versions.check import problems
    from ops.schema_versions.contracts import contracts
    from schemas.ids import SchemaIds, id_rows

    ids, teams = SchemaIds.checked_in(), contracts(folder)
    found = problems(ids, teams, {row["id"]: row["sha256"] for row in id_rows()})
    counts = {"subjects": len(ids.subjects()), "versions": len(ids.all()), "contracts": [team.team for team in teams]}
    data = {"ok": not found, **counts, "problems": [asdict(problem) for problem in found]}
    fine = f"{len(ids.all())} versions of {len(ids.subjects())} schemas, {len(teams)} contracts: nothing is wrong"
    out.result(data, lambda: _problem_table(found) if found else fine)
    _fail_on(found)


@command()
@click.argument("topic")
@click.option("--from", "first", type=int, help="A version; without: the one before the other.")
@click.option("--to", "second", type=int, help="A version; without: the newest.")
@click.option("--file", "path", type=_FILE, help="A proposal in the place of --to.")
def diff(out: Output, topic: str, first: int | None, second: int | None, path: Path | None) -> None:
    """Show which fields of TOPIC's schema two versions have not in common, and what would forbid the newer."""
    from ops.schema_versions.addition import proposed, read_proposal
    from ops.schema_versions.check import against
    from schemas.compatibility import field_changes
    from schemas.ids import SchemaIds

    ids = SchemaIds.checked_in()
    subject = _subject(ids, topic)
    versions = {entry.version: entry for entry in ids.versions(subject)}
    if path is not None and second is not None:
        raise click.UsageError("--to and --file are two answers to one question: give one")
    new = (
        proposed(ids, subject, read_proposal(path))
        if path
        else _version(versions, max(versions) if second is None else second)
    )
    if first is None and new.version == 1:
        raise click.UsageError(f"{subject} has one version only; compare it with --file")
    old = _version(versions, new.version - 1 if first is None else first)
    changes, found = field_changes(old.schema, new.schema), against(old, new)
    data = {
        "subject": subject,
        "from": old.version,
        "to": new.version,
        "changes": [change._asdict() for change in changes],
        "problems": [asdict(problem) for problem in found],
    }
    columns = ("field", "change", "old", "new")
    out.result(data, lambda: stacked(table(columns, changes), *([_problem_table(found)] if found else [])))
    _fail_on(found)


@command(changes=True)
@click.argument("topic")
@click.argument("path", metavar="FILE", type=_FILE)
@_contracts
def new(out: Output, topic: str, path: Path, folder: Path | None) -> None:
    """Add the schema in FILE as the next version of TOPIC's: a file in schemas/avro and a row in schemas/ids.json.

    Refused where `check` would find something. Then give the record in schemas/events.py the new field.
    """
    from ops.schema_versions.addition import add, proposed, read_proposal
    from ops.schema_versions.check import problems
    from ops.schema_versions.contracts import contracts
    from schemas.ids import SchemaIds, fingerprint

    ids = SchemaIds.checked_in()
    subject = _subject(ids, topic)
    entry = proposed(ids, subject, read_proposal(path))
    newest = ids.versions(subject)[-1]
    if fingerprint(newest.schema) == fingerprint(entry.schema):
        raise CheckFailed(f"{path} is version {newest.version} of {subject}: nothing to add")
    found = problems(SchemaIds([*ids.all(), entry]), contracts(folder))
    written = [] if found or out.dry_run else add(entry)
    data = {
        "dry_run": out.dry_run,
        "subject": subject,
        "version": entry.version,
        "id": entry.id,
        "written": list(map(str, written)),
        "problems": [asdict(problem) for problem in found],
    }
    verb = "would be" if out.dry_run else "is"
    done = f"version {entry.version} of {subject} {verb} there, with the id {entry.id}"
    out.result(data, lambda: _problem_table(found) if found else done)
    _fail_on(found)


def _subject(ids: SchemaIds, topic: str) -> str:
    subject = topic if topic.endswith("-value") else f"{topic}-value"
    if subject not in ids.subjects():
        known = ", ".join(name.removesuffix("-value") for name in ids.subjects())
        raise click.BadParameter(f"no topic of ours is called {topic}; there are {known}", param_hint="TOPIC")
    return subject


def _version(versions: dict[int, RegisteredSchema], number: int) -> RegisteredSchema:
    if number not in versions:
        raise click.BadParameter(f"there is no version {number}; there are {', '.join(map(str, versions))}")
    return versions[number]


def _problem_table(found: Sequence[SchemaProblem]) -> RenderableType:
    columns = ("subject", "version", "field", "reason")
    rows: list[tuple[Any, ...]] = [
        (problem.subject, problem.version, problem.field, problem.reason) for problem in found
    ]
    return table(columns, rows)


def _fail_on(found: Sequence[SchemaProblem]) -> None:
    if found:
        raise CheckFailed(
            f"{len(found)} {'problem' if len(found) == 1 else 'problems'}: {found[0].field}: {found[0].reason}"
        )


for _member in (check, diff, new):
    schemas.add_command(_member)
