"""Which version of a schema a record is written with: the oldest that says all of it."""

from __future__ import annotations

import struct

import pytest

from schemas.codec import Codec
from schemas.ids import SchemaIds
from tests.twins.events import message

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
