"""Records set aside: as they came, byte for byte, with headers that say why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from processors.processor import Retryable, SetAside
from runtime.kafka.consumer import Record
from runtime.kafka.producer import NotPublished, OutgoingRecord, Producer, RefusedForGood
from runtime.version import hookline_version
from schemas.cloudevents import Headers, rfc3339

#: What all headers of ours begin with; a record that is on its way back carries them until it is handled.
PREFIX = "dlq-"
REDRIVE_COUNT = "dlq-redrive-count"
#: Told by the first time that a record was set aside, and kept when it is again.
_ORIGIN = ("dlq-original-topic", "dlq-original-partition", "dlq-original-offset", "dlq-original-timestamp")
_FIRST_FAILED = "dlq-first-failed-at"

#: Seconds to wait for Kafka's acknowledgement of a batch's dead letters.
ACK_TIMEOUT = 10.0


class DeadLetters:
    """The dead letter topic of one consumer group."""

    def __init__(self, producer: Producer, topic: str, group: str, *, now: Callable[[], datetime]) -> None:
        self._producer = producer
        self._topic = topic
        self._group = group
        self._now = now

    def publish(self, letters: Sequence[SetAside]) -> None:
        """Return once every in-sync replica has all of them. Raises Retryable.

        One that Kafka refuses for good is tried again too, loudly: there is no other place for it.
        """
        # A value may be null here, and nowhere else in the house: whoever set it on the topic was not ingest.
        records = [
            OutgoingRecord(self._topic, _key(one.record), one.record.value, self.headers(one))  # type: ignore[arg-type]
            for one in letters
        ]
        for outcome in self._producer.publish_all(records, timeout=ACK_TIMEOUT):
            if isinstance(outcome, RefusedForGood):
                raise Retryable(f"Kafka refuses a dead letter: {outcome}", retry_after=30.0)
            if isinstance(outcome, NotPublished):
                raise Retryable(f"Kafka did not take a dead letter: {outcome}")

    def headers(self, letter: SetAside) -> Headers:
        """The record's own headers, then ours."""
        record = letter.record
        before = dict(redrive_headers(record))
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
        }
        return [*own_headers(record), *ours.items()]


def _key(record: Record) -> bytes | None:
    """The record's key; an empty one for a record of nothing at all, which the client would not send."""
    return b"" if record.key is None and record.value is None else record.key


def own_headers(record: Record) -> Headers:
    """The headers that the record had before anybody set it aside."""
    return [header for header in record.headers if not header[0].startswith(PREFIX)]


def redrive_headers(record: Record) -> Headers:
    """What an earlier dead letter left on a record that came back."""
    return [header for header in record.headers if header[0].startswith(PREFIX)]
