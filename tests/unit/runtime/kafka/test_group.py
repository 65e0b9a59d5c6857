"""Records on their way: where they go, in which batches, and what becomes of each."""

from __future__ import annotations

from itertools import count

from kafka import errors
from kafka.partitioner.default import DefaultPartitioner
from kafka.record.memory_records import MemoryRecords
from kafka.structs import TopicPartition

from runtime.kafka.group import (
    BATCH_BYTES,
    MAX_RECORD_BYTES,
    NotPublished,
    OutgoingRecord,
    RecordGroup,
    TooLarge,
    partition_of_key,
)


def record(key: str | None = "k", value: bytes = b"v", topic: str = "t") -> OutgoingRecord:
    return OutgoingRecord(topic, None if key is None else key.encode(), value, [("ce_id", b"1")])


def placed(*records: OutgoingRecord, partitions: int = 1) -> RecordGroup:
    group = RecordGroup(records)
    numbers = count()
    for topic in group.unplaced_topics():
        group.place(topic, partitions, lambda: next(numbers) % partitions)
    return group


def read(batch: bytes) -> list[tuple[bytes | None, bytes, list[tuple[str, bytes]]]]:
    """What a broker reads from `batch`."""
    found = MemoryRecords(batch).next_batch()
    assert found.validate_crc()
    return [(record.key, record.value, record.headers) for record in found]


def test_a_partitions_records_are_one_batch_in_order() -> None:
    group = placed(*(record(value=f"{n}".encode()) for n in range(20)))
    assert read(group.heads()[TopicPartition("t", 0)]) == [
        (b"k", f"{n}".encode(), [("ce_id", b"1")]) for n in range(20)
    ]
    group.answered(TopicPartition("t", 0), None)
    assert group.is_done
    assert group.outcomes == [None] * 20


def test_keys_go_where_every_other_client_sends_them() -> None:
    class Cluster:
        def topics(self) -> set[str]:
            return {"t"}

        def partitions_for_topic(self, _: str) -> set[int]:
            return set(range(12))

        available_partitions_for_topic = partitions_for_topic

    for n in range(100):
        key = f"+1303555{n:04d}".encode()
        assert partition_of_key(key, 12) == DefaultPartitioner().partition("t", key, key, b"", b"", Cluster())


def test_records_without_a_key_are_spread() -> None:
    group = placed(*(record(key=None) for _ in range(6)), partitions=3)
    assert sorted(place.partition for place in group.heads()) == [0, 1, 2]
    assert all(len(read(batch)) == 2 for batch in group.heads().values())


def test_what_is_too_much_for_a_batch_goes_in_the_next_and_only_after_the_first_is_acknowledged() -> None:
    third = b"x" * (BATCH_BYTES // 3)
    group = placed(*(record(value=third) for _ in range(4)))
    place = TopicPartition("t", 0)
    assert len(read(group.heads()[place])) == 2
    group.answered(place, errors.NotLeaderForPartitionError())
    assert len(read(group.heads()[place])) == 2, "the same again"
    assert [type(outcome) for outcome in group.outcomes] == [NotPublished] * 4
    group.answered(place, None)
    assert group.outcomes[:2] == [None, None]
    assert len(read(group.heads()[place])) == 2
    group.answered(place, None)
    assert group.is_done


def test_a_failure_that_will_not_pass_ends_its_partition_and_no_other() -> None:
    group = placed(*(record(key=None, value=b"x" * (BATCH_BYTES // 2)) for _ in range(4)), partitions=2)
    first, second = group.heads()
    group.answered(first, errors.UnknownError())
    group.answered(second, None)
    assert list(group.heads()) == [second], "what is behind a batch that was not confirmed is never sent"
    group.answered(second, None)
    assert group.is_done
    assert [str(outcome) for outcome in group.outcomes if outcome] == ["UnknownError", "KafkaTimeoutError"]


def test_a_batch_that_is_too_large_is_tried_one_by_one() -> None:
    group = placed(record(value=b"a"), record(value=b"b"), record(value=b"c"))
    place = TopicPartition("t", 0)
    group.answered(place, errors.MessageSizeTooLargeError())
    for outcome in (None, errors.MessageSizeTooLargeError(), None):
        assert len(read(group.heads()[place])) == 1
        group.answered(place, outcome)
    assert group.is_done
    assert [type(outcome) for outcome in group.outcomes] == [type(None), TooLarge, type(None)]


def test_what_no_topic_takes_is_refused_before_it_is_sent() -> None:
    group = placed(record(value=b"x" * (MAX_RECORD_BYTES + 1)), record())
    assert isinstance(group.outcomes[0], TooLarge)
    assert len(read(group.heads()[TopicPartition("t", 0)])) == 1


def test_topics_that_nobody_has_told_of_wait_and_do_not_hold_up_others() -> None:
    group = RecordGroup([record(topic="unknown"), record(topic="t")])
    group.place("t", 1, lambda: 0)
    group.answered(TopicPartition("t", 0), None)
    assert not group.is_done
    assert group.unplaced_topics() == ["unknown"]
    assert [str(outcome) for outcome in group.outcomes] == ["KafkaTimeoutError", "None"]
    group.refuse("unknown", NotPublished("TopicAuthorizationFailedError"))
    assert group.is_done
