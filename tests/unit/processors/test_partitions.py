"""Where partitions stand: at the stored offset, if that is a place in the log."""

from __future__ import annotations

from uuid import UUID

import pytest

from processors.engine.batch import Batch, PartitionId, Span, decoded
from processors.engine.partitions import PartitionPosition, advance, advance_to, found
from processors.engine.progress import StoredProgress
from runtime.kafka.consumer import Bounds, Identity, Partition, Record
from schemas.codec import Codec
from schemas.ids import SchemaIds
from tests.twins.events import message
from tests.twins.rig import record_of

TOPIC_ID = UUID(int=7)
IDENTITY = Identity("cluster", {"t": TOPIC_ID})
P0, P1 = Partition("t", 0), Partition("t", 1)
PLACE0, PLACE1 = PartitionId("cluster", TOPIC_ID, 0), PartitionId("cluster", TOPIC_ID, 1)


@pytest.mark.parametrize(
    ("stored", "bounds", "stands"),
    [
        (None, (3, 9), PartitionPosition(PLACE0, None, 3)),  # never committed: where the log begins
        (3, (3, 9), PartitionPosition(PLACE0, 3, 3)),
        (9, (3, 9), PartitionPosition(PLACE0, 9, 9)),  # all was read
        (0, (0, 0), PartitionPosition(PLACE0, 0, 0)),  # an empty log
    ],
)
def test_a_partition_stands_where_postgresql_says(
    stored: int | None, bounds: tuple[int, int], stands: PartitionPosition
) -> None:
    offsets = {} if stored is None else {P0: stored}
    assert found(IDENTITY, StoredProgress(None, offsets), {P0: Bounds(*bounds)}, frozenset()) == ({P0: stands}, {})


@pytest.mark.parametrize(
    ("stored", "truncated", "reason"),
    [
        (2, frozenset(), "the stored offset 2 is below the log's begin, 3"),
        (10, frozenset(), "the stored offset 10 is beyond the log's end, 9"),
        (5, frozenset({P0}), "the log was truncated below the stored offset 5"),
    ],
)
def test_a_place_that_is_lost_is_not_guessed(stored: int, truncated: frozenset[Partition], reason: str) -> None:
    bounds = {P0: Bounds(3, 9), P1: Bounds(0, 4)}
    standing, lost = found(IDENTITY, StoredProgress(None, {P0: stored, P1: 1}), bounds, truncated)
    assert standing == {P1: PartitionPosition(PLACE1, 1, 1)}
    assert lost[P0][1:] == (3, reason)


def records(*places: tuple[int, int]) -> list[Record]:
    return [Record("t", partition, offset, 0, None, None, []) for partition, offset in places]


def test_a_batch_moves_each_partition_from_where_it_stood_behind_its_last_record() -> None:
    standing = {P0: PartitionPosition(PLACE0, 4, 4), P1: PartitionPosition(PLACE1, None, 0)}
    # offsets 5 and 6 are gone, compacted away
    spans = advance(standing, records((0, 4), (0, 7), (1, 0)))
    assert spans == {P0: Span(PLACE0, 4, 8), P1: Span(PLACE1, None, 1)}
    assert advance(standing, records((1, 1))) == {P1: Span(PLACE1, 1, 2)}
    assert standing == {P0: PartitionPosition(PLACE0, 8, 8), P1: PartitionPosition(PLACE1, 2, 2)}


def test_the_first_records_of_a_batch_are_a_batch() -> None:
    standing = {Partition("sms.messages.v1", 0): PartitionPosition(PLACE0, 10, 10)}
    polled = [record_of(message(), 10), record_of(message(), 11)._replace(value=b"broken"), record_of(message(), 12)]
    batch = Batch(polled, *decoded(polled, Codec(SchemaIds.checked_in())), advance(standing, polled))
    first = batch.first(2)
    assert [record.offset for record in first.records] == [10, 11]
    assert [delivery.record.offset for delivery in first.deliveries] == [10]
    assert [letter.record.offset for letter in first.undecodable] == [11]
    assert first.spans == {Partition("sms.messages.v1", 0): Span(PLACE0, 10, 12)}


def test_offsets_without_a_record_are_passed_over() -> None:
    # Given offsets that compaction has taken, and the mark of a transaction behind the last record
    places = {P0: PartitionPosition(PLACE0, 3, 3), P1: PartitionPosition(PLACE1, None, 0)}
    records = [Record("t", 0, offset, 0, b"k", b"v", []) for offset in (7, 8, 20)]
    assert advance(places, records) == {P0: Span(PLACE0, 3, 21)}
    assert advance_to(places, {P0: 22, P1: 5}) == {P0: Span(PLACE0, 21, 22), P1: Span(PLACE1, None, 5)}
    assert places == {P0: PartitionPosition(PLACE0, 22, 22), P1: PartitionPosition(PLACE1, 5, 5)}
