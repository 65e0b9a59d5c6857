"""The checked-in schema id map: which Avro schema stands behind each number on the wire.

A published schema never changes. A new version is a new file and a new number at the end of `ids.json`; the
compatibility test holds both. Numbers begin at 1,000,001, where no registry's do: a record with such a number cannot be
taken for another team's. Records of version 0.1 carry the `former_id` of their schema and stay readable.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

#: An Avro schema as JSON has it.
Schema = dict[str, Any]

#: What a schema says about its fields beside what their bytes are: in words, which personal data they hold
#: (schemas/personal_data.py), and Kafka Connect's name of a time or a uuid, which makes a column of that type of it.
ANNOTATIONS = ("doc", "x-pii", "connect.name")


@dataclass(frozen=True, slots=True)
class RegisteredSchema:
    """One version of one subject."""

    id: int  #: the number in the wire format
    subject: str  #: `<topic>-value`
    version: int  #: from 1
    schema: Schema  #: as its file has it


class UnknownSchema(LookupError):
    """Set the record aside: no schema of ours has this number."""


class SchemaIds:
    """Looks schemas up by number and by subject."""

    def __init__(self, registered: Iterable[RegisteredSchema], readable: Iterable[RegisteredSchema] = ()) -> None:
        """`registered`: what records are written with, one number a version. `readable`: further numbers that records
        carry, from before a switch; where a number is in both, it means the first unless a record shows otherwise.
        """
        self._all = tuple(registered)
        self._meanings: dict[int, list[RegisteredSchema]] = {}
        for entry in (*self._all, *readable):
            meanings = self._meanings.setdefault(entry.id, [])
            if all((known.subject, known.version) != (entry.subject, entry.version) for known in meanings):
                meanings.append(entry)
        self._by_subject: dict[str, list[RegisteredSchema]] = {}
        for entry in self._all:
            self._by_subject.setdefault(entry.subject, []).append(entry)

    @classmethod
    def checked_in(cls) -> SchemaIds:
        """The map in this package's `ids.json`."""
        rows = [(row, read_schema(row["file"])) for row in id_rows()]
        return cls(
            (RegisteredSchema(row["id"], row["subject"], row["version"], schema) for row, schema in rows),
            (
                RegisteredSchema(row["former_id"], row["subject"], row["version"], schema)
                for row, schema in rows
                if "former_id" in row
            ),
        )

    def switched(self, registered: Iterable[RegisteredSchema]) -> SchemaIds:
        """The same schemas under the numbers of a registry, with these numbers still readable."""
        return SchemaIds(registered, self.readable())

    def readable(self) -> tuple[RegisteredSchema, ...]:
        """Every number that a record may carry, those that are written first."""
        return tuple(entry for meanings in self._meanings.values() for entry in meanings)

    def all(self) -> tuple[RegisteredSchema, ...]:
        """Every schema, in order of its number."""
        return self._all

    def subjects(self) -> tuple[str, ...]:
        """Every subject, in order of its first number."""
        return tuple(self._by_subject)

    def by_id(self, number: int) -> RegisteredSchema:
        """The schema with this number; where a former number was given away, the newer. Raises UnknownSchema."""
        return self.meanings(number)[0]

    def meanings(self, number: int) -> list[RegisteredSchema]:
        """Every schema that a record with this number may be of. Raises UnknownSchema."""
        try:
            return self._meanings[number]
        except KeyError:
            raise UnknownSchema(f"no schema has the id {number}") from None

    def versions(self, subject: str) -> list[RegisteredSchema]:
        """Every version of `subject`, oldest first. Raises UnknownSchema."""
        try:
            return self._by_subject[subject]
        except KeyError:
            raise UnknownSchema(f"no schema has the subject {subject}") from None


def id_rows() -> list[Mapping[str, Any]]:
    """The rows of `ids.json`: id, former_id where it had another, subject, version, file, sha256."""
    rows: list[Mapping[str, Any]] = json.loads(files("schemas").joinpath("ids.json").read_text("utf-8"))
    return rows


def read_schema(name: str) -> Schema:
    """The schema in `avro/<name>`."""
    schema: Schema = json.loads(files("schemas").joinpath("avro", name).read_text("utf-8"))
    return schema


def fingerprint(schema: Schema) -> str:
    """SHA-256 over all of `schema` but its annotations, which may be bettered at any time."""
    canonical = json.dumps(without_annotations(schema), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def without_annotations(node: Any) -> Any:
    """`node`, a schema or a part of one, without what says more about a field and changes none of its bytes."""
    if isinstance(node, dict):
        return {key: without_annotations(value) for key, value in node.items() if key not in ANNOTATIONS}
    return [without_annotations(value) for value in node] if isinstance(node, list) else node
