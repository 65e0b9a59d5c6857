"""Which version of a schema a record is written with: the oldest that says all of it."""

from __future__ import annotations

import struct
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
from fastavro import parse_schema, schemaless_reader, schemaless_writer
from hypothesis import given
from hypothesis import strategies as st

from schemas import codec as codec_module
from schemas.codec import Codec, Undecodable
from schemas.ids import SchemaIds
from schemas.times import EARLIEST, LATEST, MICROSECOND, is_tellable, tellable
from tests.twins.events import message, opt_out_state

IDS = SchemaIds.checked_in()
FIRST, SECOND = (entry.id for entry in IDS.versions("sms.messages.v1-value"))


@pytest.mark.parametrize(("maybe_inbound", "expected"), [(False, FIRST), (True, SECOND)])
def test_a_newer_schema_only_where_a_record_needs_it(maybe_inbound: bool, expected: int) -> None:
    codec, event = Codec(IDS), message("sent", maybe_inbound=maybe_inbound)
    value = codec.encode(event)
    assert struct.unpack_from(">bI", value) == (0, expected)
    assert codec.decode(value) == event


def test_the_release_before_reads_what_says_nothing_new() -> None:
    before = Codec(SchemaIds(entry for entry in IDS.all() if entry.id != SECOND))
    event = message("sent")
    assert before.decode(Codec(IDS).encode(event)) == event


def test_an_older_record_is_read_without_resolving_two_schemas(monkeypatch: pytest.MonkeyPatch) -> None:
    readers: list[Any] = []

    def watched(body: Any, writer: Any, reader: Any) -> Any:
        readers.append(reader)
        return schemaless_reader(body, writer, reader)

    monkeypatch.setattr(codec_module, "schemaless_reader", watched)
    event = message("sent")
    assert Codec(IDS).decode(Codec(IDS).encode(event)) == event
    assert readers == [None]


@given(maybe_inbound=st.booleans(), dropped=st.text(max_size=5))
def test_a_schema_that_changed_more_than_fields_that_it_added_is_resolved(maybe_inbound: bool, dropped: str) -> None:
    """A version whose flag was a union, and which had a field that is no more."""
    newest = IDS.by_id(SECOND)
    fields = [
        {**field, "type": ["boolean", "null"]} if field["name"] == "maybe_inbound" else field
        for field in newest.schema["fields"]
    ]
    older = {**newest.schema, "fields": [*fields, {"name": "dropped", "type": "string"}]}
    ids = SchemaIds([replace(newest, id=0, version=1, schema=older), *IDS.all()])
    event = message("sent", maybe_inbound=maybe_inbound)
    value = {field["name"]: getattr(event, field["name"]) for field in newest.schema["fields"]} | {"dropped": dropped}
    body = BytesIO()
    schemaless_writer(body, parse_schema(older), value)

    assert Codec(ids).decode(struct.pack(">bI", 0, 0) + body.getvalue()) == event


_ANY_TIME = st.datetimes(timezones=st.just(UTC)) | st.sampled_from(
    [datetime.min.replace(tzinfo=UTC), EARLIEST, LATEST - MICROSECOND, LATEST, datetime.max.replace(tzinfo=UTC)]
)


@given(_ANY_TIME, _ANY_TIME, _ANY_TIME)
def test_a_record_of_a_time_that_none_of_ours_has_is_undecodable(
    occurred: datetime, received: datetime, since: datetime
) -> None:
    codec = Codec(SchemaIds.checked_in())
    event = opt_out_state("out", 1, occurred_at=occurred, received_at=received, since=since)
    value = codec.encode(event)
    if all(map(is_tellable, (occurred, received, since))):
        assert codec.decode(value) == event
        return
    with pytest.raises(Undecodable, match="is no time from 1970 until 2200"):
        codec.decode(value)


@given(st.datetimes(timezones=st.just(UTC)))
def test_the_nearest_time_that_a_record_may_tell(moment: datetime) -> None:
    assert is_tellable(tellable(moment))
    assert (tellable(moment) == moment) is is_tellable(moment)
