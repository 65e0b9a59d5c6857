"""What stands on a dead letter."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import pytest

from processors.engine.dead_letter import DeadLetters, own_headers
from processors.engine.processor import Retryable, SetAside
from runtime.kafka.consumer import Record
from runtime.kafka.producer import NotPublished, RefusedForGood, TooLarge
from tests.twins.kafka import MemoryProducer

NOW = datetime(2026, 11, 2, 3, 4, 5, 678901, tzinfo=UTC)
HEADERS = [("ce_id", b"1"), ("dlq-x", b"old"), ("ce_id", b"2")]


def letters(producer: MemoryProducer) -> DeadLetters:
    return DeadLetters(producer, "dlq.persist", "hookline-persist", now=lambda: NOW)


def aside(
    headers: list[tuple[str, bytes]], value: bytes | None = b"\x00\xff", topic: str = "sms.messages.v1"
) -> SetAside:
    return SetAside(Record(topic, 3, 42, 1_700_000_000_123, b"+1", value, headers), "rejected", "E", "why")


def test_key_value_and_headers_byte_for_byte_and_the_reason_behind_them() -> None:
    producer = MemoryProducer()
    letters(producer).publish([aside([("a", b"\x00"), ("b", b""), ("a", b"1")])])
    [record] = producer.published
    assert (record.topic, record.key, record.value) == ("dlq.persist", b"+1", b"\x00\xff")
    assert record.headers[:3] == [("a", b"\x00"), ("b", b""), ("a", b"1")]
    reported = dict(record.headers[3:])
    assert reported.pop("dlq-app-version")
    assert reported == {
        "dlq-original-topic": b"sms.messages.v1",
        "dlq-original-partition": b"3",
        "dlq-original-offset": b"42",
        "dlq-original-timestamp": b"1700000000123",
        "dlq-consumer-group": b"hookline-persist",
        "dlq-disposition": b"rejected",
        "dlq-error-class": b"E",
        "dlq-error-message": b"why",
        "dlq-attempts": b"1",
        "dlq-first-failed-at": b"2026-11-02T03:04:05.678901Z",
        "dlq-last-failed-at": b"2026-11-02T03:04:05.678901Z",
        "dlq-redrive-count": b"0",
        "dlq-writer": b"unknown",
    }


def test_a_second_time_keeps_the_origin_the_first_failure_and_the_count() -> None:
    producer = MemoryProducer()
    before = {
        "dlq-original-topic": b"sms.calls.v1",
        "dlq-original-offset": b"7",
        "dlq-first-failed-at": b"2026-01-01T00:00:00.000000Z",
        "dlq-redrive-count": b"3",
    }
    came_back = [("a", b"1"), *before.items(), ("dlq-error-class", b"Old")]
    letters(producer).publish([aside(came_back, topic="redrive.persist")])
    reported = dict(producer.published[0].headers)
    assert {name: reported[name] for name in before} == before
    assert (reported["dlq-error-class"], reported["dlq-last-failed-at"][:4]) == (b"E", b"2026")
    assert own_headers(aside(HEADERS, topic="redrive.persist").record) == [("ce_id", b"1"), ("ce_id", b"2")]


@pytest.mark.parametrize("failure", [NotPublished("timeout"), RefusedForGood("too large")])
def test_what_kafka_does_not_take_is_tried_again(failure: NotPublished | RefusedForGood) -> None:
    producer = MemoryProducer()
    producer.failures = [failure]
    with pytest.raises(Retryable):
        letters(producer).publish([aside([]), aside([])])


def test_what_a_stranger_says_about_earlier_failures_is_kept_and_not_believed() -> None:
    producer = MemoryProducer()
    lies = [("dlq-original-topic", b"x" * 10), ("dlq-redrive-count", b"9"), ("dlq-original-offset", None)]
    letters(producer).publish([aside(lies)])  # type: ignore[arg-type]
    [record] = producer.published
    assert record.headers[:3] == lies
    headers = dict(record.headers)
    assert (headers["dlq-original-topic"], headers["dlq-original-offset"]) == (b"sms.messages.v1", b"42")
    assert headers["dlq-redrive-count"] == b"0"


@pytest.mark.parametrize("value", [b"v" * 40_000, None])
def test_one_that_is_too_large_goes_without_what_does_not_fit_and_says_so(value: bytes | None) -> None:
    # Given a record that the topic of the letters does not take, behind one that it takes
    producer = MemoryProducer()
    producer.failures = [None, TooLarge("MessageSizeTooLargeError")]
    large = [("a", b"h" * 17_000)]
    letters(producer).publish([aside([]), aside(large, value)])
    # Then it is there without its value, with what was left out
    [_, record] = producer.published
    assert (record.key, record.value) == (b"+1", None)
    headers = dict(record.headers)
    assert "a" not in headers
    digest = hashlib.sha256(value or b"").hexdigest()
    left_out = f"value of {len(value or b'')} bytes, SHA-256 {digest}; 1 headers of 17001 bytes"
    assert headers["dlq-left-out"].decode() == left_out
    assert headers["dlq-original-offset"] == b"42"


def test_letters_go_in_parts_that_one_request_can_hold() -> None:
    producer = MemoryProducer()
    letters(producer).publish([aside([("a", b"h" * 1_000_000)]) for _ in range(20)])
    assert len(producer.published) == 20
    assert [len(part) for part in producer.parts] == [8, 8, 4]
