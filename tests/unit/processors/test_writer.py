"""Whose record is it: what counts towards a halt."""

from __future__ import annotations

from typing import Any

import pytest

from processors.engine.writer import is_ours, writer_of
from runtime.kafka.consumer import Record
from schemas import cloudevents
from tests.twins.events import event_id, message
from tests.twins.rig import record_of

OURS = record_of(message(event_id=event_id(1)))._replace(headers=cloudevents.headers(message(event_id=event_id(1))))


def changed(**headers: bytes | None) -> Record:
    made = dict(OURS.headers) | headers
    return OURS._replace(headers=list(made.items()))  # type: ignore[arg-type]


def test_what_ingest_writes_is_ours_even_where_it_cannot_be_read() -> None:
    assert is_ours(OURS)
    assert is_ours(OURS._replace(value=b"\x00\x00\x00\xff\xff"))  # a schema of a newer version
    assert is_ours(OURS._replace(value=OURS.value[:-3]))  # type: ignore[index]
    assert writer_of(OURS) == "/providers/textlink/textlink"


@pytest.mark.parametrize(
    "record",
    [
        OURS._replace(value=None),
        OURS._replace(value=b""),
        OURS._replace(value=b"\x00\x00\x00\x01"),
        OURS._replace(value=b"\x01" + b"x" * 20),
        OURS._replace(value=b'{"json": 1}'),
        OURS._replace(headers=[]),
        OURS._replace(unreadable="a batch"),
        changed(ce_specversion=b"0.3"),
        changed(ce_specversion=None),
        changed(ce_id=b"1"),
        changed(ce_id=None),
        changed(ce_id=b"\xff"),
        OURS._replace(headers=[(name, value) for name, value in OURS.headers if name != "content-type"]),
    ],
)
def test_what_nobody_of_ours_writes(record: Record) -> None:
    assert not is_ours(record)
    assert writer_of(record) == "nobody of ours"


def test_the_writer_is_shown_in_short_and_without_control_characters() -> None:
    odd: Any = {"ce_source": b"\x1b]52;c;x\x07" + b"a" * 500, "hl-node": b"node-1"}
    record = OURS._replace(headers=list((dict(OURS.headers) | odd).items()))
    writer = writer_of(record)
    assert writer.endswith(" on node-1")
    assert writer.isprintable()
    assert len(writer) < 80
