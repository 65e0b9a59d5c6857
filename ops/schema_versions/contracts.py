"""Contracts: which fields of which topics a team reads, one YAML file a team in `schemas/contracts/`.

    about: Failure rate of each SIM, read from the topic
    uses:
      sms.messages.v1: [event_id, state, sim_card_id]

Avro lets a field with a default go. A team that reads it would get the default from then on, and no error.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import yaml

from schemas.ids import SchemaIds, UnknownSchema


class BadContract(ValueError):
    """A contract's file is not what it ought to be: the message names the file and the line or the key."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class TeamContract:
    """What one team relies on."""

    team: str  #: its file's name
    about: str  #: what they read it for
    uses: Mapping[str, tuple[str, ...]]  #: by topic, the fields


@dataclass(frozen=True, slots=True)
class SchemaProblem:
    """Why a version of a schema may not be."""

    subject: str
    version: int | None  #: None: the subject has none
    field: str  #: "the record" where it is about all of it
    reason: str
    team: str | None = None  #: whose contract is broken; None: nobody's


def contracts(folder: Path | None = None) -> list[TeamContract]:
    """Every team's contract in `folder`; without: those that are checked in. Raises BadContract."""
    if folder is not None:
        if not folder.is_dir():
            raise BadContract(f"{folder} is no folder")
        return [read(path) for path in sorted(folder.glob("*.y*ml"))]
    with as_file(files("schemas").joinpath("contracts")) as checked_in:
        return contracts(checked_in)


def read(path: Path) -> TeamContract:
    """The contract in the file `path`. Raises BadContract."""
    try:
        body: Any = yaml.safe_load(path.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadContract(f"{path}: not YAML: {error}") from None
    if not isinstance(body, dict) or not isinstance(body.get("uses"), dict) or set(body) - {"about", "uses"}:
        raise BadContract(f"{path}: its keys are to be `about` (a sentence) and `uses` (lists of fields by topic)")
    for topic, fields in body["uses"].items():
        if not isinstance(fields, list) or not fields or not all(isinstance(name, str) for name in fields):
            raise BadContract(f"{path}: uses.{topic} is to be a list of fields")
    uses = {str(topic): tuple(fields) for topic, fields in body["uses"].items()}
    return TeamContract(path.stem, str(body.get("about", "")), uses)


def broken(contract: TeamContract, ids: SchemaIds) -> Iterator[SchemaProblem]:
    """Every field that `contract` names and the newest version of its topic's schema lacks."""
    for topic, fields in contract.uses.items():
        subject = f"{topic}-value"
        try:
            versions = ids.versions(subject)
        except UnknownSchema:
            yield SchemaProblem(subject, None, "the record", "there is no such topic", contract.team)
            continue
        for name in fields:
            having = [entry.version for entry in versions if name in _names(entry.schema)]
            newest = versions[-1].version
            if newest not in having:
                gone = f"had it up to version {having[-1]}; keep it" if having else "never had it"
                yield SchemaProblem(
                    subject, newest, name, f"{contract.team} reads it, and the schema {gone}", contract.team
                )


def _names(schema: Mapping[str, Any]) -> set[str]:
    return {field["name"] for field in schema["fields"]}
