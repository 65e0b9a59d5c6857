"""Kafka records into Arrow's columns: a column is a field of the topic's newest schema."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from io import BytesIO
from typing import Any

import pyarrow as pa
from fastavro import schemaless_reader

from ops.exits import CONFIG
from schemas.codec import added_fields, has_wire_format, without_logical_types
from schemas.ids import SchemaIds, UnknownSchema
from schemas.topics import Topic

#: A row as fastavro reads it: times are microseconds since 1970.
Row = dict[str, Any]

_SCHEMA_ID = struct.Struct(">I")
_PREFIX_BYTES = 5
_PLAIN_TYPES = {
    "string": pa.string(),
    "boolean": pa.bool_(),
    "int": pa.int64(),
    "long": pa.int64(),
    "float": pa.float64(),
    "double": pa.float64(),
}


class UnknownSchemaNumber(Exception):
    """Name the registry that knows the number, or leave such records out. Exit code 78."""

    exit_code = CONFIG


class RowDecoder:
    """Reads the values of one topic."""

    def __init__(self, topic: Topic, ids: SchemaIds, *, leaves_out_unknown: bool = False) -> None:
        """`leaves_out_unknown`: a record whose schema nobody knows is one that cannot be read, and no error."""
        self._topic = topic
        self._ids = ids
        self._leaves_out_unknown = leaves_out_unknown
        self._newest = newest_schema(topic, ids)
        self._readers: dict[int, Callable[[BytesIO], Row] | None] = {}
        self.arrow = columns_of(topic, ids)

    def batch(self, values: Sequence[bytes | None]) -> pa.RecordBatch:
        """A row for each of `values` that can be read: fewer, where others wrote to the topic or one was deleted.

        Raises pyarrow.ArrowInvalid where a value is outside of its type, and UnknownSchemaNumber.
        """
        rows = [row for value in values if value is not None and (row := self._row(value)) is not None]
        columns = [pa.array([row[field.name] for row in rows], field.type) for field in self.arrow]
        return pa.RecordBatch.from_arrays(columns, schema=self.arrow)

    def _row(self, value: bytes) -> Row | None:
        if not has_wire_format(value):
            return None
        [number] = _SCHEMA_ID.unpack_from(value, 1)
        if number not in self._readers:
            self._readers[number] = self._reader(number)
        reader = self._readers[number]
        if reader is None:
            return None
        body = BytesIO(value)
        body.seek(_PREFIX_BYTES)
        try:
            row = reader(body)
        except Exception:  # noqa: BLE001 - another one's bytes lead fastavro anywhere; the part counts what is left out
            return None
        return row if body.tell() == len(value) else None

    def _reader(self, number: int) -> Callable[[BytesIO], Row] | None:
        """Reads bodies of the schema with this number; None: it is none of this topic's. Raises UnknownSchemaNumber."""
        try:
            meanings = self._ids.meanings(number)
        except UnknownSchema:
            if self._leaves_out_unknown:
                return None
            raise UnknownSchemaNumber(
                f"{self._topic.name} has records of a schema with the id {number}, which is none of the checked-in ones"
                " and in no registry that was asked: set HOOKLINE_SCHEMA_REGISTRY__URL as the services have it, or"
                " leave such records out with --leave-out-unknown"
            ) from None
        written = next((entry.schema for entry in meanings if entry.subject == self._topic.subject), None)
        if written is None:
            return None
        writer = without_logical_types(written)
        added = added_fields(written, self._newest)
        reader = without_logical_types(self._newest) if added is None else None

        def read(body: BytesIO) -> Row:
            row: Row = schemaless_reader(body, writer, reader)  # type: ignore[assignment]
            row.update(added or {})
            return row

        return read


def newest_schema(topic: Topic, ids: SchemaIds) -> Any:
    """The newest schema of a topic's records."""
    return ids.versions(topic.subject)[-1].schema


def columns_of(topic: Topic, ids: SchemaIds) -> pa.Schema:
    """The columns of a topic's records, with their documentation. Raises ValueError at a type that none of ours has."""
    schema = newest_schema(topic, ids)
    return pa.schema(
        pa.field(field["name"], _arrow_type(field["type"]), metadata={"doc": field.get("doc", "")})
        for field in schema["fields"]
    )


def _arrow_type(avro: Any) -> pa.DataType:
    if isinstance(avro, list):
        [only] = [branch for branch in avro if branch != "null"]
        return _arrow_type(only)
    if isinstance(avro, dict):
        if avro.get("logicalType") == "timestamp-micros":
            return pa.timestamp("us", tz="UTC")
        if avro["type"] == "array":
            return pa.list_(_arrow_type(avro["items"]))
        return _arrow_type(avro["type"])
    if avro not in _PLAIN_TYPES:
        raise ValueError(f"no column type for the Avro type {avro}")
    return _PLAIN_TYPES[avro]
