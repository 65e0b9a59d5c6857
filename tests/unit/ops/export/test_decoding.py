"""Decoding in other processes: the same rows in the same order as in one, and one that dies is told."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import psutil
import pyarrow as pa
import pytest

from ops.exits import TryLater
from ops.export import decoding as decoding_module
from ops.export.decoding import PooledDecoder, decoding
from ops.export.rows import RowDecoder, Values
from schemas.codec import Codec
from schemas.ids import SchemaIds
from schemas.topics import CONTACTS, MESSAGES
from tests.twins.events import contact, event_id, message

IDS = SchemaIds.checked_in()
_codec = Codec(IDS)
GROUPS: list[Values] = [
    [*(_codec.encode(message(event_id=event_id(number))) for number in range(first, first + 5)), None, b"a stranger's"]
    for first in range(0, 100, 5)
]


@pytest.fixture(autouse=True)
def two_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2}, raising=False)


def decoding_processes() -> list[psutil.Process]:
    """Without multiprocessing's own, which looks after what is shared."""
    return [child for child in psutil.Process().children() if any("spawn_main" in word for word in child.cmdline())]


def rows(batches: Iterator[pa.RecordBatch]) -> list[object]:
    return pa.Table.from_batches(batches).to_pylist()


def test_what_comes_back_is_what_one_process_makes_of_it() -> None:
    with decoding(IDS, decoding_module.WORTH) as decoder_of:
        found = decoder_of(MESSAGES)
        assert isinstance(found, PooledDecoder)
        assert rows(found.batches(GROUPS)) == rows(RowDecoder(MESSAGES, IDS).batches(GROUPS))
        # And of another topic in the same processes
        people: list[Values] = [[_codec.encode(contact(event_id=event_id(1)))]]
        assert rows(decoder_of(CONTACTS).batches(people)) == rows(RowDecoder(CONTACTS, IDS).batches(people))


def test_a_few_records_are_decoded_here() -> None:
    with decoding(IDS, decoding_module.WORTH - 1) as decoder_of:
        assert isinstance(decoder_of(MESSAGES), RowDecoder)
        assert not decoding_processes()


def test_a_process_that_dies_ends_the_export_with_a_word_on_how_to_go_on() -> None:
    def groups() -> Iterator[Values]:
        for number, group in enumerate(GROUPS):
            if number == 10:
                for child in decoding_processes():
                    child.send_signal(signal.SIGKILL)
            yield group

    with decoding(IDS, decoding_module.WORTH) as decoder_of, pytest.raises(TryLater, match="the same command goes on"):
        rows(decoder_of(MESSAGES).batches(groups()))
