"""What is written is what fastavro writes, byte for byte, whatever the record holds."""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
from fastavro import parse_schema, schemaless_writer
from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import Codec
from schemas.events import Event
from schemas.field_writers import writer_of
from schemas.ids import SchemaIds
from schemas.times import EPOCH, MICROSECOND, is_tellable
from schemas.topics import TOPIC_OF

IDS = SchemaIds.checked_in()
CODEC = Codec(IDS)
TEXTS = st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(["", "x" * 63, "x" * 64, "é" * 600])
MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2199, 12, 31), timezones=st.just(UTC)) | st.sampled_from(  # noqa: DTZ001 - made aware
    [EPOCH - MICROSECOND, datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)]
)


def of_kind(kind: Any) -> st.SearchStrategy[Any]:
    """Values of the Avro type `kind`, as our records hold them."""
    match kind:
        case [*branches]:
            return st.one_of(*map(of_kind, branches))
        case {"logicalType": "uuid"}:
            return st.uuids()
        case {"logicalType": "timestamp-micros"}:
            return MOMENTS
        case {"type": "array", "items": items}:
            return st.lists(of_kind(items)).map(tuple)
    plain = {"null": st.none(), "string": TEXTS, "boolean": st.booleans(), "long": st.integers(-(2**63), 2**63 - 1)}
    return plain[kind]


@pytest.mark.parametrize("record", TOPIC_OF, ids=lambda record: record.__name__)
@given(data=st.data())
def test_a_record_is_written_as_fastavro_writes_it(record: type[Event], data: st.DataObject) -> None:
    newest = IDS.versions(TOPIC_OF[record].subject)[-1]
    event = record(**{field["name"]: data.draw(of_kind(field["type"])) for field in newest.schema["fields"]})

    value = CODEC.encode(event)
    written = IDS.by_id(int.from_bytes(value[1:5], "big"))  # test_codec.py says which version it is
    fields = {field["name"]: getattr(event, field["name"]) for field in written.schema["fields"]}
    expected = BytesIO()
    schemaless_writer(expected, parse_schema(written.schema), fields, disable_tuple_notation=True)
    assert value == b"\x00" + written.id.to_bytes(4, "big") + expected.getvalue()
    moments = [value for value in fields.values() if isinstance(value, datetime)]
    if all(map(is_tellable, moments)):
        assert CODEC.decode(value) == event


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("string", None),
        ("string", "\ud800"),  # no UTF-8 can hold it
        (["null", "string"], 7),
        ("boolean", None),
        (["null", "boolean"], "yes"),
        ("long", 2**63),
        ({"type": "long", "logicalType": "timestamp-micros"}, None),
        ({"type": "long", "logicalType": "timestamp-micros"}, datetime(2026, 1, 1)),  # noqa: DTZ001 - of no zone
    ],
)
def test_a_value_of_another_type_is_not_written(kind: Any, value: Any) -> None:
    with pytest.raises((TypeError, ValueError, AttributeError, KeyError, OverflowError)):
        writer_of(kind)(value)
