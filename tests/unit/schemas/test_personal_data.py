"""Every field that can hold a text says which personal data it holds, or why it holds none."""

from __future__ import annotations

from copy import deepcopy

import pytest

from schemas.ids import SchemaIds, fingerprint, id_rows, read_schema
from schemas.personal_data import MARK, WITHOUT, PersonalData, marks, marks_of, unmarked

IDS = SchemaIds.checked_in()
FILES = [row["file"] for row in id_rows()]


@pytest.mark.parametrize("file", FILES)
def test_every_text_is_marked_or_has_a_reason(file: str) -> None:
    assert unmarked(read_schema(file)) == []
    assert all(marks(read_schema(file)).values())


def test_no_field_is_marked_in_one_schema_and_free_in_another() -> None:
    everywhere: dict[str, set[str]] = {}
    for entry in IDS.all():
        for field in entry.schema["fields"]:
            everywhere.setdefault(field["name"], set()).add(field.get(MARK, ""))

    assert {name: kinds for name, kinds in everywhere.items() if len(kinds) > 1} == {}
    assert [name for name in WITHOUT if everywhere.get(name) != {""}] == [], "a reason for a field that is not there"
    assert all(reason for reason in WITHOUT.values())


def test_what_a_message_holds() -> None:
    assert marks_of("sms.messages.v1-value") == {
        "contact_phone": PersonalData.PHONE,
        "account_phone": PersonalData.PHONE,
        "payload": PersonalData.PAYLOAD,
        "text": PersonalData.TEXT,
        "custom_id": PersonalData.TEXT,
        "name": PersonalData.NAME,
        "tag": PersonalData.TEXT,
    }


@pytest.mark.parametrize(
    "kind",
    [
        "string",
        "bytes",
        ["null", "string"],
        {"type": "string", "logicalType": "uuid"},
        {"type": "array", "items": ["null", "string"]},
        {"type": "map", "values": "bytes"},
        {"type": "fixed", "name": "F", "size": 16},
        {"type": "record", "name": "R", "fields": [{"name": "inner", "type": "string"}]},
    ],
    ids=str,
)
def test_a_new_field_that_can_hold_a_text_is_found(kind: object) -> None:
    schema = deepcopy(read_schema("calls.1.avsc"))
    schema["fields"].append({"name": "comment", "type": kind, "default": None, "doc": "New."})

    assert unmarked(schema) == ["comment"]


@pytest.mark.parametrize("kind", ["long", "boolean", ["null", "double"], {"type": "array", "items": "int"}], ids=str)
def test_a_new_number_is_not(kind: object) -> None:
    schema = deepcopy(read_schema("calls.1.avsc"))
    schema["fields"].append({"name": "score", "type": kind, "default": None, "doc": "New."})

    assert unmarked(schema) == []


def test_marks_and_connect_names_change_no_published_version() -> None:
    """Records written before they were there carry the same id, and a registry finds the same version."""
    schema = read_schema("messages.1.avsc")
    plain = deepcopy(schema)
    for field in plain["fields"]:
        field.pop(MARK, None)
        if isinstance(field["type"], dict):
            field["type"].pop("connect.name", None)

    assert plain != schema
    assert fingerprint(plain) == fingerprint(schema)


def test_every_time_and_uuid_has_the_name_that_kafka_connect_knows_it_by() -> None:
    names = {"timestamp-micros": "io.debezium.time.MicroTimestamp", "uuid": "io.debezium.data.Uuid"}
    kinds = [
        field["type"] for entry in IDS.all() for field in entry.schema["fields"] if isinstance(field["type"], dict)
    ]
    logical = [kind for kind in kinds if "logicalType" in kind]

    assert len(logical) > 20
    assert all(kind["connect.name"] == names[kind["logicalType"]] for kind in logical)
