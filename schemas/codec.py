"""Records to bytes and back: Avro in the Confluent wire format (0x00, 4-byte schema id, body).

docs.confluent.io, "Wire format", seen 2026-11.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable
from io import BytesIO
from operator import attrgetter, call
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from fastavro import parse_schema, schemaless_reader

from schemas.analytics_events import AnalyticsEvent
from schemas.events import Event
from schemas.field_writers import writer_of
from schemas.ids import RegisteredSchema, Schema, SchemaIds, UnknownSchema
from schemas.times import EARLIEST, EPOCH, LATEST, LATEST_MICROSECOND, MICROSECOND
from schemas.topics import ANALYTICS_TOPIC_OF, TOPIC_OF, record_of

#: What can be written. Those without personal data are for analysts: our processes read none of them.
AnyEvent = Event | AnalyticsEvent

_PREFIX = struct.Struct(">bI")
_MAGIC = 0


class Undecodable(ValueError):
    """Set the record aside: its bytes are not a record of ours. The text carries no personal data."""


def has_wire_format(value: bytes | None) -> bool:
    """Whether `value` begins as every value of ours does, whatever schema it names."""
    return value is not None and len(value) >= _PREFIX.size and value[0] == _MAGIC


class Codec:
    """Encodes with the oldest schema that says all of a record, decodes with whichever the record names.

    A newer schema is used only where a field that it added is not at its default. So processors of the release before
    go on reading records that say nothing new, in whatever order processes are upgraded.
    """

    def __init__(self, ids: SchemaIds) -> None:
        self._ids = ids
        self._encoders = {
            record: self._encoder(topic.subject)
            for topics in (TOPIC_OF, ANALYTICS_TOPIC_OF)
            for record, topic in topics.items()
        }
        self._decoders: dict[int, Callable[[BytesIO], Event]] = {}

    def encode(self, event: AnyEvent) -> bytes:
        """The value of `event`'s record."""
        return self._encoders[type(event)](event)

    def decode(self, value: bytes | None) -> Event:
        """The record in `value`. Raises Undecodable."""
        if value is None:
            raise Undecodable("no value")
        if len(value) < _PREFIX.size:
            raise Undecodable("shorter than a schema id")
        magic, number = _PREFIX.unpack_from(value)
        if magic != _MAGIC:
            raise Undecodable(f"begins with the byte {magic}, not with {_MAGIC}")
        decoder = self._decoders.get(number)
        if decoder is None:
            decoder = self._decoders[number] = self._decoder(number)
        body = BytesIO(value)
        body.seek(_PREFIX.size)
        try:
            event = decoder(body)
        except Undecodable:
            raise
        except Exception as error:  # noqa: BLE001 - fastavro raises whatever the bytes lead it to
            raise Undecodable(f"not a body of schema {number}: {type(error).__name__}") from None
        if body.tell() != len(value):
            raise Undecodable(f"{len(value) - body.tell()} bytes left after a body of schema {number}")
        return event

    def _encoder(self, subject: str) -> Callable[[AnyEvent], bytes]:
        first, *newer = self._ids.versions(subject)
        encode, known = _encoder_of(first), first
        for version in newer:
            encode, known = _newer_where_needed(encode, known, version), version
        return encode

    def _decoder(self, number: int) -> Callable[[BytesIO], Event]:
        try:
            meanings = self._ids.meanings(number)
        except UnknownSchema as error:
            raise Undecodable(str(error)) from None
        if len(meanings) == 1:
            return self._decoder_of(meanings[0])
        return _whichever_fits(number, [self._decoder_of(written) for written in meanings])

    def _decoder_of(self, written: RegisteredSchema) -> Callable[[BytesIO], Event]:
        number = written.id
        record = next((record for record, topic in TOPIC_OF.items() if topic.subject == written.subject), None)
        if record is None:
            raise Undecodable(f"schema {number} is of {written.subject}, which carries no events")
        newest = self._ids.versions(written.subject)[-1]
        writer = without_logical_types(written.schema)
        # fastavro resolves two schemas anew at every record: 27 us to read one in place of 18, measured.
        added = added_fields(written.schema, newest.schema)
        reader = None if added is not None else without_logical_types(newest.schema)
        lists = [field["name"] for field in newest.schema["fields"] if _is_list(field["type"])]
        moments = _moments(newest.schema)

        def decode(body: BytesIO) -> Event:
            found: dict[str, Any] = schemaless_reader(body, writer, reader)  # type: ignore[assignment]
            if added:
                found |= added
            found["event_id"] = UUID(found["event_id"])
            for name in moments:
                microseconds = found[name]
                if not 0 <= microseconds < LATEST_MICROSECOND:
                    raise Undecodable(f"{name} is no time from {EARLIEST.year} until {LATEST.year}")
                found[name] = EPOCH + microseconds * MICROSECOND
            for name in lists:
                if found[name] is not None:
                    found[name] = tuple(found[name])
            return record(**found)

        return decode


def _whichever_fits(number: int, decoders: list[Callable[[BytesIO], Event]]) -> Callable[[BytesIO], Event]:
    """A registry gave a schema of ours the former number of another: the record itself shows which it is of.

    Every record of ours begins with the same fields, its event type among them, and ends with its body.
    """

    def decode(body: BytesIO) -> Event:
        start = body.tell()
        for decoder in decoders:
            body.seek(start)
            try:
                event = decoder(body)
            except Exception:  # noqa: BLE001, S112 - another one's bytes lead fastavro anywhere
                continue
            if not body.read(1) and record_of(event.event_type) is type(event):
                return event
        raise Undecodable(f"not a body of any schema that has had the number {number}")

    return decode


def _encoder_of(version: RegisteredSchema) -> Callable[[AnyEvent], bytes]:
    prefix = _PREFIX.pack(_MAGIC, version.id)
    values = attrgetter(*(field["name"] for field in version.schema["fields"]))
    writers = tuple(writer_of(field["type"]) for field in version.schema["fields"])
    return lambda event: prefix + b"".join(map(call, writers, values(event)))


def _newer_where_needed(
    encode_older: Callable[[AnyEvent], bytes], older: RegisteredSchema, newer: RegisteredSchema
) -> Callable[[AnyEvent], bytes]:
    encode_newer = _encoder_of(newer)
    known = {field["name"] for field in older.schema["fields"]}
    added = {field["name"]: field["default"] for field in newer.schema["fields"] if field["name"] not in known}
    if not added or not known <= {field["name"] for field in newer.schema["fields"]}:
        return encode_newer  # it took a field away, which the record no longer has
    values = attrgetter(*added)
    defaults = values(SimpleNamespace(**added))
    return lambda event: encode_older(event) if values(event) == defaults else encode_newer(event)


def added_fields(older: Schema, newer: Schema) -> dict[str, Any] | None:
    """The fields that `newer` added to `older`, with their defaults; None: it changed more than that."""
    fields = {field["name"]: field for field in newer["fields"]}
    for field in older["fields"]:
        same_name = fields.pop(field["name"], None)
        if same_name is None or same_name["type"] != field["type"]:
            return None
    if any("default" not in field or "aliases" in field for field in fields.values()):
        return None
    return {name: field["default"] for name, field in fields.items()}


def _is_list(type_: Any) -> bool:
    """Whether a field's Avro type is an array, or may be one."""
    if isinstance(type_, list):
        return any(_is_list(branch) for branch in type_)
    return isinstance(type_, dict) and type_["type"] == "array"


def _moments(schema: Schema) -> tuple[str, ...]:
    """The fields that hold a time."""
    kinds = ((field["name"], field["type"]) for field in schema["fields"])
    return tuple(
        name for name, kind in kinds if isinstance(kind, dict) and kind.get("logicalType") == "timestamp-micros"
    )


def without_logical_types(schema: Schema) -> Any:
    """`schema`, parsed, without logical types.

    They tell a reader what a number or a text means and change no byte. Ours are always an id and a few times, and
    reading those by hand takes less time than fastavro's general way. Names are interned, as those of a record's
    arguments are: Python then finds one by its address (a record takes 15 us to read in place of 18, measured).
    """
    fields_of_it = [
        {**field, "name": sys.intern(field["name"]), "type": _without_logical_type(field["type"])}
        for field in schema["fields"]
    ]
    return parse_schema({**schema, "fields": fields_of_it}, named_schemas={})


def _without_logical_type(kind: Any) -> Any:
    return {key: value for key, value in kind.items() if key != "logicalType"} if isinstance(kind, dict) else kind
