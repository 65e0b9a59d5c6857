"""What becomes of each thing that librdkafka hands over; what a real Kafka does not do on demand."""

from __future__ import annotations

from typing import Any

import pytest
from confluent_kafka import KafkaError, Message
from kafka import errors

from runtime.kafka.consumer import LogTruncated, OffsetGone, Partition, Record
from runtime.kafka.librdkafka.arrivals import Arrivals
from runtime.kafka.librdkafka.refusals import refusal_of
from runtime.kafka.librdkafka.stalls import READINGS, Stalls

HERE, THERE = Partition("topic", 0), Partition("topic", 1)


class Intake:
    """Arrivals of two partitions that begin at offset 10, and what came of them."""

    def __init__(self, *, restarted: bool = True) -> None:
        self.read_on: list[tuple[Partition, int]] = []
        self.heeded: list[Message] = []
        self.arrivals = Arrivals(self._read_on)
        for partition in (HERE, THERE):
            self.arrivals.begin(partition, 10)
        if restarted:
            self.arrivals.restarted()

    def _read_on(self, partition: Partition, offset: int) -> tuple[list[Record], int]:
        self.read_on.append((partition, offset))
        return [Record(*partition, offset, 0, None, b"read on", [])], offset + 1

    def take(self, *messages: Message) -> list[tuple[int, int, bytes | None]]:
        found: list[Record] = []
        self.arrivals.take(messages, found, self.heeded.append)
        return [(record.partition, record.offset, record.value) for record in found]

    def positions(self) -> tuple[int | None, int | None]:
        return self.arrivals.position(HERE), self.arrivals.position(THERE)


def record(offset: int, partition: Partition = HERE) -> Message:
    given: Any = {"topic": partition.topic, "partition": partition.number, "timestamp": (1, 5), "leader_epoch": 3}
    return Message(offset=offset, value=b"v", **given)


def failure(code: int, offset: int = 10, partition: Partition = HERE, reason: str = "") -> Message:
    return Message(partition.topic, partition.number, offset, error=KafkaError(code, reason))


def test_records_move_the_position_and_the_end_of_the_log_moves_it_over_what_holds_none() -> None:
    intake = Intake()
    assert intake.take(record(10), record(12)) == [(0, 10, b"v"), (0, 12, b"v")]
    assert intake.positions() == (13, 10)
    assert intake.take(failure(KafkaError._PARTITION_EOF, 15)) == []
    assert intake.positions() == (15, 10)
    intake.take(failure(KafkaError._PARTITION_EOF, 11))
    assert intake.positions() == (15, 10)


def test_what_is_fetched_anew_is_fetched_with_the_epoch_of_the_record_before_it() -> None:
    def epochs() -> list[tuple[int, int | None]]:
        return [(place.offset, place.leader_epoch) for place in intake.arrivals.to_fetch()]

    intake = Intake()
    intake.take(record(10))
    assert epochs() == [(11, 3), (10, None)]
    intake.take(failure(KafkaError._PARTITION_EOF, 11))
    assert epochs() == [(11, 3), (10, None)]
    # but where a mark stands before it, that may be of a later epoch, and this log of epoch 3 no longer than 11
    intake.take(failure(KafkaError._PARTITION_EOF, 12))
    assert epochs() == [(12, None), (10, None)]


def test_what_was_fetched_before_a_seek_counts_for_nothing() -> None:
    intake = Intake(restarted=False)
    old = (record(10), record(50), failure(KafkaError._PARTITION_EOF, 60), failure(KafkaError._BAD_MSG))
    assert intake.take(*old, failure(KafkaError._AUTO_OFFSET_RESET)) == []
    intake.arrivals.check()
    assert intake.positions() == (10, 10)
    assert intake.read_on == []
    intake.arrivals.restarted()
    assert intake.take(record(9), record(10)) == [(0, 10, b"v")]
    intake.arrivals.end([HERE])
    assert intake.take(record(11), failure(KafkaError._PARTITION_EOF, 60)) == []
    assert intake.positions() == (None, 10)


@pytest.mark.parametrize(
    "code",
    [
        KafkaError._BAD_MSG,  # a checksum
        KafkaError._BAD_COMPRESSION,
        KafkaError._NOT_IMPLEMENTED,  # a codec or a magic that it does not know
        KafkaError.MSG_SIZE_TOO_LARGE,
        KafkaError.INVALID_MSG,
        KafkaError.UNKNOWN,
    ],
)
def test_what_librdkafka_cannot_read_is_read_by_other_means(code: int) -> None:
    intake = Intake()
    read = intake.take(record(10), failure(code, 11), record(40), record(10, THERE))
    # The first record is ours, the one at the error is read by other means, and what follows it is fetched anew
    assert read == [(0, 10, b"v"), (0, 11, b"read on"), (1, 10, b"v")]
    assert intake.read_on == [(HERE, 11)]
    assert intake.positions() == (12, 11)
    assert intake.arrivals.is_due
    assert intake.take(record(41)) == []


def test_a_position_that_is_no_place_in_the_log_is_told_until_it_is_left() -> None:
    intake = Intake()
    intake.take(failure(KafkaError._AUTO_OFFSET_RESET, 9))  # of a position of before
    intake.arrivals.check()
    intake.take(failure(KafkaError._AUTO_OFFSET_RESET, 10))
    for _ in range(2):
        with pytest.raises(OffsetGone) as raised:
            intake.arrivals.check()
        assert raised.value.partitions == {HERE}
        assert not isinstance(raised.value, LogTruncated)
    assert [place.partition for place in intake.arrivals.to_fetch()] == [1]
    intake.arrivals.end([HERE])
    intake.arrivals.check()


def test_a_truncated_log_is_told_as_such() -> None:
    """librdkafka tells it by the code of an offset that is gone, and by its text."""
    intake = Intake()
    text = f"Partition log truncation detected at offset 7: {KafkaError(KafkaError._LOG_TRUNCATION).str()} (broker 1)"
    intake.take(failure(KafkaError._AUTO_OFFSET_RESET, 7, reason=text))
    with pytest.raises(LogTruncated) as raised:
        intake.arrivals.check()
    assert raised.value.partitions == {HERE}


def test_what_is_about_no_place_in_a_log_is_handed_on() -> None:
    intake = Intake()
    codes = [KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_PARTITION]
    intake.take(*map(failure, codes), Message(error=KafkaError(KafkaError.GROUP_AUTHORIZATION_FAILED)))
    assert len(intake.heeded) == 4
    assert intake.read_on == []


def test_refusals_are_the_errors_that_callers_know() -> None:
    kinds = {
        KafkaError.TOPIC_AUTHORIZATION_FAILED: errors.AuthorizationError,
        KafkaError.GROUP_AUTHORIZATION_FAILED: errors.AuthorizationError,
        KafkaError._AUTHENTICATION: errors.SaslAuthenticationFailedError,
    }
    for code, kind in kinds.items():
        assert isinstance(refusal_of(KafkaError(code)), kind)
    assert refusal_of(KafkaError(KafkaError._TRANSPORT)) is None


def statistics(next_offset: int, end: int, queued: int = 0) -> dict[str, Any]:
    partition = {
        "partition": 0,
        "next_offset": next_offset,
        "ls_offset": end,
        "fetchq_cnt": queued,
        "fetch_state": "active",
    }
    return {"topics": {"topic": {"partitions": {"0": partition}}}}


def test_a_partition_that_fetches_the_same_for_seconds_is_stalled_and_told_once() -> None:
    stalls, positions = Stalls(), {("topic", 0): 10}
    for reading in (statistics(10, 10), statistics(10, 20, queued=3), statistics(12, 20), statistics(13, 20)):
        stalls.read(reading)
        assert stalls.found(positions) == []
    for _ in range(READINGS - 1):
        assert stalls.found(positions) == []
        stalls.read(statistics(13, 20))
    assert stalls.found(positions) == [HERE]
    assert stalls.found(positions) == []
