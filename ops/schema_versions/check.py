"""Whether the versions of our schemas can live together, say all that they are to say, and keep the contracts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations
from typing import Any

from ops.schema_versions.contracts import SchemaProblem, TeamContract, broken
from schemas.compatibility import incompatibilities
from schemas.ids import RegisteredSchema, SchemaIds, fingerprint
from schemas.personal_data import MARK, PersonalData, unmarked


def problems(
    ids: SchemaIds, contracts: Iterable[TeamContract], fingerprints: Mapping[int, str] | None = None
) -> list[SchemaProblem]:
    """Everything that is wrong, by field, version and reason. `fingerprints`: of published versions, by id."""
    found: list[SchemaProblem] = []
    for subject in ids.subjects():
        versions = ids.versions(subject)
        for old, new in combinations(versions, 2):
            found += against(old, new)
        for entry in versions:
            found += _of_version(entry, fingerprints or {})
    for contract in contracts:
        found += broken(contract, ids)
    return found


def against(old: RegisteredSchema, new: RegisteredSchema) -> list[SchemaProblem]:
    """What forbids `new` beside `old`."""
    return [
        SchemaProblem(new.subject, new.version, field, f"beside version {old.version}: {reason}")
        for field, reason in incompatibilities(old.schema, new.schema)
    ]


def _of_version(entry: RegisteredSchema, fingerprints: Mapping[int, str]) -> Iterator[SchemaProblem]:
    def problem(field: str, reason: str) -> SchemaProblem:
        return SchemaProblem(entry.subject, entry.version, field, reason)

    published = fingerprints.get(entry.id)
    if published is not None and published != fingerprint(entry.schema):
        yield problem("the record", "was changed after it was published: put it back, and add a new version")
    kinds = ", ".join(PersonalData)
    for field in entry.schema["fields"]:
        if MARK in field and field[MARK] not in list(PersonalData):
            yield problem(field["name"], f"its {MARK} is {field[MARK]}; it is to be one of {kinds}")
        if not _ends_a_sentence(field.get("doc")):
            yield problem(field["name"], "has no doc that says what it means in a sentence")
    for name in unmarked(entry.schema):
        yield problem(name, f"give it {MARK} ({kinds}), or a reason in schemas/personal_data.py why it needs none")


def _ends_a_sentence(doc: Any) -> bool:
    return isinstance(doc, str) and doc.strip().endswith((".", "?"))
