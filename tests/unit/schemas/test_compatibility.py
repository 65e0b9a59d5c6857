"""Planted changes: what an old reader or an old record could not live with fails, naming the field and the fix."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

import pytest
from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaCompatibilityType
from avro.schema import make_avsc_object

from schemas.compatibility import incompatibilities
from schemas.ids import Schema, read_schema

PUBLISHED = read_schema("messages.1.avsc")


def field(schema: Schema, name: str) -> Schema:
    return next(entry for entry in schema["fields"] if entry["name"] == name)


def removed(name: str) -> Callable[[Schema], None]:
    return lambda schema: schema["fields"].remove(field(schema, name))


def added(**entry: object) -> Callable[[Schema], None]:
    return lambda schema: schema["fields"].append({"doc": "New.", **entry})


def changed(name: str, /, **entry: object) -> Callable[[Schema], None]:
    return lambda schema: field(schema, name).update(entry)


def without_default(name: str, kind: object) -> Callable[[Schema], None]:
    def change(schema: Schema) -> None:
        field(schema, name).pop("default", None)
        field(schema, name)["type"] = kind

    return change


BREAKING = [
    # an old reader has nothing to put in its place
    (removed("direction"), "direction", "keep it"),
    # an old record has nothing to put in its place
    (added(name="language", type="string"), "language", "give it"),
    (added(name="score", type=["null", "int"]), "score", "give it"),
    # other bytes
    (changed("text", type=["null", "bytes"]), "text", "another field"),
    (changed("portal", type=["null", "string"]), "portal", "another field"),
    # the same bytes, read as another time
    (changed("occurred_at", type={"type": "long", "logicalType": "timestamp-millis"}), "occurred_at", "another field"),
    # readable in one direction only
    (changed("direction", type=["null", "string"], default=None), "direction", "another field"),
    (without_default("text", "string"), "text", "another field"),
    # renamed: neither name has a default; then both have one, which Avro itself lets pass
    (changed("direction", name="way"), "direction", "fill both"),
    (changed("sim_card_id", name="sim"), "sim_card_id", "fill both"),
    (lambda schema: schema.update(name="TextMessage"), "the record", "leave it"),
    (lambda schema: schema.update(namespace="hookline.sms.v2"), "the record", "leave it"),
]

HARMLESS = [
    changed("text"),
    added(name="language", type=["null", "string"], default=None),
    added(name="segments", type="int", default=1),
    changed("text", doc="Said better."),
    lambda schema: schema["fields"].reverse(),  # Avro matches by name
    removed("portal"),  # it has a default; nothing of its type took its place
]


@pytest.mark.parametrize(("change", "name", "fix"), BREAKING, ids=lambda value: value if isinstance(value, str) else "")
def test_a_breaking_change_is_named_with_its_field_and_fix(
    change: Callable[[Schema], None], name: str, fix: str
) -> None:
    new = deepcopy(PUBLISHED)
    change(new)

    found = incompatibilities(PUBLISHED, new)

    assert any(problem.field == name and fix in problem.reason for problem in found), found


def test_a_default_stays_what_it_was() -> None:
    # What a record without the field says would depend on who reads it, and Avro lets that pass
    old = read_schema("messages.2.avsc")
    new = deepcopy(old)
    changed("maybe_inbound", default=True)(new)

    [problem] = incompatibilities(old, new)

    assert (problem.field, "its default was false and is true" in problem.reason) == ("maybe_inbound", True)
    assert avro_reads(old, new)


@pytest.mark.parametrize("change", HARMLESS)
def test_a_harmless_change_passes(change: Callable[[Schema], None]) -> None:
    new = deepcopy(PUBLISHED)
    change(new)

    assert incompatibilities(PUBLISHED, new) == []
    assert avro_reads(PUBLISHED, new)
    assert avro_reads(new, PUBLISHED)


def test_nothing_passes_that_avro_itself_refuses() -> None:
    # Given every planted change, and every pair of them
    changes = [change for change, _, _ in BREAKING] + HARMLESS
    judged = 0
    for first in changes:
        for second in changes:
            new = deepcopy(PUBLISHED)
            try:
                first(new)
                second(new)
            except (StopIteration, ValueError):
                continue  # the first took away what the second changes
            if len({entry["name"] for entry in new["fields"]}) < len(new["fields"]):
                continue  # the same field twice
            # When Avro says that one cannot read the other, then so do we
            judged += 1
            if not (avro_reads(PUBLISHED, new) and avro_reads(new, PUBLISHED)):
                assert incompatibilities(PUBLISHED, new)
    assert judged > 200


def test_a_field_deep_inside_is_named_by_its_path() -> None:
    def schema(*inner: Schema) -> Schema:
        nested = {"type": "record", "name": "Place", "fields": list(inner)}
        return {
            "type": "record",
            "name": "Top",
            "fields": [{"name": "place", "type": ["null", nested], "default": None}],
        }

    found = incompatibilities(schema({"name": "city", "type": "string"}), schema({"name": "city", "type": "long"}))

    assert [str(problem) for problem in found] == [
        "place.city: its type was string and is long; leave it and add another field with a default"
    ]


def avro_reads(reader: Schema, writer: Schema) -> bool:
    """Avro's own verdict."""
    verdict = ReaderWriterCompatibilityChecker().get_compatibility(make_avsc_object(reader), make_avsc_object(writer))
    return verdict.compatibility is SchemaCompatibilityType.compatible
