"""The checked-in schemas: complete, documented, unchanged once published, and what the records are."""

from __future__ import annotations

import types
import typing
from dataclasses import fields
from datetime import datetime
from importlib.resources import files
from itertools import pairwise
from uuid import UUID

import pytest

from schemas.compatibility import incompatibilities
from schemas.events import Event
from schemas.ids import Schema, SchemaIds, fingerprint, id_rows, read_schema, without_annotations
from schemas.topics import RECORD_TOPICS, SCHEMA_TOPICS, Topic

IDS = SchemaIds.checked_in()
ROWS = id_rows()

#: The Avro type of each Python type in a record.
AVRO_TYPES = {
    UUID: {"type": "string", "logicalType": "uuid"},
    datetime: {"type": "long", "logicalType": "timestamp-micros"},
    str: "string",
    bool: "boolean",
    int: "long",
    tuple[str, ...]: {"type": "array", "items": "string"},
}


def test_every_avsc_file_has_exactly_one_row_in_the_id_map() -> None:
    there = sorted(path.name for path in files("schemas").joinpath("avro").iterdir())

    assert sorted(row["file"] for row in ROWS) == there


def test_numbers_are_unique_ascending_and_fit_the_wire_format() -> None:
    numbers = [row["id"] for row in ROWS]

    assert numbers == sorted(set(numbers))
    assert all(1_000_000 < number < 2**31 for number in numbers), "smaller ones are other teams' in a registry"


def test_versions_of_a_subject_count_up_from_one() -> None:
    for subject in IDS.subjects():
        assert [entry.version for entry in IDS.versions(subject)] == list(range(1, len(IDS.versions(subject)) + 1))


def test_every_event_topic_has_a_schema() -> None:
    assert set(IDS.subjects()) == {topic.subject for topic in SCHEMA_TOPICS}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["file"])
def test_a_published_schema_is_as_it_was_published(row: dict[str, str]) -> None:
    assert fingerprint(read_schema(row["file"])) == row["sha256"], (
        f"{row['file']} was changed after it was published: put it back, and write the change as a new file with "
        "a new row at the end of ids.json"
    )


def test_bettering_the_documentation_is_no_change() -> None:
    schema = read_schema("calls.1.avsc")
    schema["doc"] = "Something else."
    schema["fields"][0]["doc"] = "Something else."

    assert fingerprint(schema) == fingerprint(read_schema("calls.1.avsc"))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["file"])
def test_every_field_says_what_it_is(row: dict[str, str]) -> None:
    schema = read_schema(row["file"])

    assert schema["doc"].endswith(".")
    silent = [field["name"] for field in schema["fields"] if not field.get("doc", "").strip().endswith((".", "?"))]
    assert not silent, f"without a doc: {', '.join(silent)}"


@pytest.mark.parametrize("topic", SCHEMA_TOPICS, ids=lambda topic: topic.name)
def test_the_newest_schema_has_the_fields_of_the_record_in_its_order(topic: Topic) -> None:
    assert topic.record is not None
    schema = IDS.versions(topic.subject)[-1].schema

    assert [field["name"] for field in schema["fields"]] == [field.name for field in fields(topic.record)]


@pytest.mark.parametrize("topic", SCHEMA_TOPICS, ids=lambda topic: topic.name)
def test_the_newest_schema_has_the_types_of_the_record(topic: Topic) -> None:
    assert topic.record is not None
    hints = typing.get_type_hints(topic.record)
    schema = IDS.versions(topic.subject)[-1].schema

    for field in schema["fields"]:
        # An event that names no phone goes to `unrecognized`: everywhere else the contact's phone is there.
        always = field["name"] == "contact_phone" and topic.name != "sms.unrecognized.v1"
        assert without_annotations(field["type"]) == avro_type(str if always else hints[field["name"]]), field["name"]


@pytest.mark.parametrize("topic", SCHEMA_TOPICS, ids=lambda topic: topic.name)
def test_every_version_is_compatible_with_all_before_it_in_both_directions(topic: Topic) -> None:
    versions = IDS.versions(topic.subject)

    for old, new in pairwise(versions):
        assert not incompatibilities(old.schema, new.schema)
    for old in versions[:-1]:  # FULL_TRANSITIVE, as the registry says
        assert not incompatibilities(old.schema, versions[-1].schema)


def avro_type(hint: type) -> object:
    """What a field of the type `hint` is in Avro."""
    if isinstance(hint, types.UnionType):
        inner = next(arg for arg in typing.get_args(hint) if arg is not type(None))
        return ["null", AVRO_TYPES[inner]]
    return AVRO_TYPES[hint]


def test_common_fields_mean_the_same_in_every_schema() -> None:
    common = [field.name for field in fields(Event)]
    schemas: list[Schema] = [IDS.versions(topic.subject)[-1].schema for topic in RECORD_TOPICS]

    for name in common:
        said = {field["doc"] for schema in schemas for field in schema["fields"] if field["name"] == name}
        # The phone is the record's key everywhere but where it may be missing, or where the message's is.
        assert len(said) == (3 if name == "contact_phone" else 1), name
