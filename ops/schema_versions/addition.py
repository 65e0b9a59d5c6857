"""Adds a version: a file in `schemas/avro/` and a row at the end of `schemas/ids.json`."""

from __future__ import annotations

import json
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from schemas.ids import RegisteredSchema, Schema, SchemaIds, fingerprint, id_rows


class NotASchema(ValueError):
    """The file holds no Avro record: the message says why."""

    exit_code = 2


def read_proposal(path: Path) -> Schema:
    """The record's schema in the file `path`. Raises NotASchema."""
    try:
        return parsed(path.read_text("utf-8"))
    except UnicodeDecodeError:
        raise NotASchema(f"{path}: not UTF-8") from None
    except NotASchema as error:
        raise NotASchema(f"{path}: {error}") from None


def parsed(text: str) -> Schema:
    """The record's schema in `text`. Raises NotASchema."""
    from fastavro import parse_schema
    from fastavro.schema import SchemaParseException

    try:
        schema: Any = json.loads(text)
        parse_schema(schema, named_schemas={})
    except (ValueError, KeyError, TypeError, RecursionError, SchemaParseException) as error:
        raise NotASchema(f"not an Avro schema: {type(error).__name__}: {error}") from None
    if not isinstance(schema, dict) or schema.get("type") != "record" or "fields" not in schema:
        raise NotASchema("an Avro record with fields is needed")
    names = [field["name"] for field in schema["fields"]]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise NotASchema(f"the field {twice[0]} is there twice")
    return schema


def proposed(ids: SchemaIds, subject: str, schema: Schema) -> RegisteredSchema:
    """`schema` as the version of `subject` that comes next, with the next free id."""
    known = ids.versions(subject) if subject in ids.subjects() else []
    return RegisteredSchema(max(entry.id for entry in ids.all()) + 1, subject, len(known) + 1, schema)


def add(entry: RegisteredSchema) -> list[Path]:
    """Write the file and the row of `entry`; the files that were written. Raises OSError."""
    name = f"{_stem(entry)}.{entry.version}.avsc"
    row = {
        "id": entry.id,
        "subject": entry.subject,
        "version": entry.version,
        "file": name,
        "sha256": fingerprint(entry.schema),
    }
    with as_file(files("schemas")) as room:
        schema_file, ids_file = room / "avro" / name, room / "ids.json"
        schema_file.write_text(_written(entry.schema), "utf-8")
        rows = [*id_rows(), row]
        ids_file.write_text("[\n" + ",\n".join(f"  {json.dumps(line)}" for line in rows) + "\n]\n", "utf-8")
    return [schema_file, ids_file]


def _stem(entry: RegisteredSchema) -> str:
    """As the subject's files are called: the topic without `sms.` and its version."""
    for row in id_rows():
        if row["subject"] == entry.subject:
            return str(row["file"]).rsplit(".", 2)[0]
    topic = entry.subject.removesuffix("-value").removeprefix("sms.").removesuffix(".v1")
    return topic.replace(".", "-")


def _written(schema: Schema) -> str:
    """As our files are: one line a field."""
    head = {key: value for key, value in schema.items() if key != "fields"}
    lines = [f"  {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}," for key, value in head.items()]
    fields = ",\n".join(f"    {json.dumps(field, ensure_ascii=False)}" for field in schema["fields"])
    return "\n".join(["{", *lines, '  "fields": [', fields, "  ]", "}"]) + "\n"
