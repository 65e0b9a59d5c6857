"""Records set aside: as they came, byte for byte, with headers that say why."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime

from processors.engine.processor import Retryable, SetAside
from processors.engine.writer import is_ours
from runtime.kafka.consumer import Record
from runtime.kafka.producer import NotPublished, Outcome, OutgoingRecord, Producer, RefusedForGood, TooLarge
from runtime.version import hookline_version
from schemas.cloudevents import Headers, rfc3339
from schemas.topics import is_dead_letter, is_redrive

#: What all headers of ours begin with; a record that is on its way back carries them until it is handled.
PREFIX = "dlq-"
REDRIVE_COUNT = "dlq-redrive-count"
#: Who wrote the record: ours, or unknown (docs/decisions/0017).
WRITER = "dlq-writer"
#: What a letter lacks of its record, because its topic would not take it.
LEFT_OUT = "dlq-left-out"
#: Told by the first time that a record was set aside, and kept when it is again.
_ORIGIN = ("dlq-original-topic", "dlq-original-partition", "dlq-original-offset", "dlq-original-timestamp")
_FIRST_FAILED = "dlq-first-failed-at"

#: Seconds to wait for Kafka's acknowledgement of a batch's dead letters.
ACK_TIMEOUT = 10.0

#: The most bytes of letters that are published at once: far below the 100 MiB that a broker takes in one request.
_PART_BYTES = 8 * 1024 * 1024
#: The longest key, and the most headers, that a letter keeps whose record is too large for its topic.
_SMALL_BYTES = 16 * 1024


class DeadLetters:
    """The dead letter topic of one consumer group."""

    def __init__(self, producer: Producer, topic: str, group: str, *, now: Callable[[], datetime]) -> None:
        self._producer = producer
        self._topic = topic
        self._group = group
        self._now = now

    def publish(self, letters: Sequence[SetAside]) -> None:
        """Return once every in-sync replica has all of them. Raises Retryable.

        One that is too large for its topic goes without its value. One that Kafka refuses for another reason is tried
        again too, loudly: there is no other place for it.
        """
        for part in _parts(letters):
            outcomes = self._producer.publish_all([self._whole(letter) for letter in part], timeout=ACK_TIMEOUT)
            too_large = [
                letter for letter, outcome in zip(part, outcomes, strict=True) if isinstance(outcome, TooLarge)
            ]
            _expect([outcome for outcome in outcomes if not isinstance(outcome, TooLarge)])
            if too_large:
                records = [self._without_value(letter) for letter in too_large]
                _expect(self._producer.publish_all(records, timeout=ACK_TIMEOUT))

    def _whole(self, letter: SetAside) -> OutgoingRecord:
        record = letter.record
        # A value may be null here, and nowhere else in the house: whoever set it on the topic was not ingest.
        return OutgoingRecord(self._topic, record.key, record.value, self.headers(letter))  # type: ignore[arg-type]

    def _without_value(self, letter: SetAside) -> OutgoingRecord:
        """What fits of `letter`, and what was left out: the record stays where it was until its retention ends."""
        record = letter.record
        value = record.value or b""
        left_out = f"value of {len(value)} bytes, SHA-256 {hashlib.sha256(value).hexdigest()}"
        headers: Headers = own_headers(record)
        key = record.key
        if key is not None and len(key) > _SMALL_BYTES:
            left_out += f"; key of {len(key)} bytes"
            key = None
        if _size(headers) > _SMALL_BYTES:
            left_out += f"; {len(headers)} headers of {_size(headers)} bytes"
            headers = []
        headers = [*headers, *self._reasons(letter), (LEFT_OUT, left_out.encode())]
        return OutgoingRecord(self._topic, key, None, headers)  # type: ignore[arg-type]

    def headers(self, letter: SetAside) -> Headers:
        """The record's own headers, then ours."""
        return [*own_headers(letter.record), *self._reasons(letter)]

    def _reasons(self, letter: SetAside) -> Headers:
        record = letter.record
        before = dict(redrive_headers(record)) if is_redrive(record.topic) else {}
        now = rfc3339(self._now()).encode()
        origin = (record.topic, record.partition, record.offset, record.timestamp_ms)
        ours = {name: before.get(name) or str(value).encode() for name, value in zip(_ORIGIN, origin, strict=True)}
        ours |= {
            "dlq-consumer-group": self._group.encode(),
            "dlq-disposition": letter.disposition.encode(),
            "dlq-error-class": letter.error_class.encode(),
            "dlq-error-message": letter.error_message.encode(),
            "dlq-attempts": str(letter.attempts).encode(),
            _FIRST_FAILED: before.get(_FIRST_FAILED) or now,
            "dlq-last-failed-at": now,
            REDRIVE_COUNT: before.get(REDRIVE_COUNT) or b"0",
            "dlq-app-version": hookline_version().encode(),
            WRITER: b"ours" if is_ours(record) else b"unknown",
        }
        return list(ours.items())


def own_headers(record: Record) -> Headers:
    """The headers that the record had before anybody set it aside."""
    if not (is_redrive(record.topic) or is_dead_letter(record.topic)):
        return list(record.headers)
    return [header for header in record.headers if not header[0].startswith(PREFIX)]


def redrive_headers(record: Record) -> Headers:
    """What an earlier dead letter left on a record that came back."""
    return [header for header in record.headers if header[0].startswith(PREFIX)]


def _parts(letters: Sequence[SetAside]) -> Iterator[list[SetAside]]:
    """`letters` in parts that are no larger than one request should be, whatever strangers wrote into them."""
    part: list[SetAside] = []
    size = 0
    for letter in letters:
        record = letter.record
        its_size = len(record.key or b"") + len(record.value or b"") + _size(record.headers)
        if part and size + its_size > _PART_BYTES:
            yield part
            part, size = [], 0
        part.append(letter)
        size += its_size
    if part:
        yield part


def _size(headers: Iterable[tuple[str, bytes]]) -> int:
    return sum(len(name) + len(value or b"") for name, value in headers)


def _expect(outcomes: Iterable[Outcome]) -> None:
    """Raises Retryable where Kafka has not taken a letter."""
    for outcome in outcomes:
        if isinstance(outcome, RefusedForGood):
            raise Retryable(f"Kafka refuses a dead letter: {outcome}", retry_after=30.0)
        if isinstance(outcome, NotPublished):
            raise Retryable(f"Kafka did not take a dead letter: {outcome}")
