"""One dead letter: why it was set aside, what it is, and the record that goes back."""

from __future__ import annotations

import base64
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from processors.engine.dead_letter import LEFT_OUT, REDRIVE_COUNT, WRITER, own_headers
from runtime.kafka.consumer import Record
from runtime.kafka.producer import OutgoingRecord
from runtime.logs import MASK, Redactor
from schemas.codec import Codec, Undecodable
from schemas.events import Event
from schemas.personal_data import marks_of
from schemas.topics import TOPIC_OF, redrive_topic

#: Ids by which whoever guesses a phone, a text and a time finds the person (schemas/personal_data.py).
_GUESSABLE = ("message_key",)

#: The longest of our headers is an error's message of 300 characters.
_SHOWN = 300
#: A count of more digits is no count of ours.
_DIGITS = 10


@dataclass(frozen=True, slots=True)
class Letter:
    """A record on a dead letter topic."""

    record: Record

    @property
    def place(self) -> tuple[int, int]:
        """Its partition and offset on the dead letter topic."""
        return self.record.partition, self.record.offset

    def header(self, name: str) -> str | None:
        """The last header of this name, as text."""
        found = [value for key, value in self.record.headers if key == name]
        return found[-1].decode("utf-8", "replace") if found and found[-1] is not None else None

    def _shown(self, name: str) -> str | None:
        """The header, cut where it is longer than any of ours: whoever wrote the letter chose its length."""
        value = self.header(name)
        return value if value is None or len(value) <= _SHOWN else f"{value[:_SHOWN]}…"

    @property
    def group(self) -> str | None:
        """The consumer group that set it aside."""
        return self.header("dlq-consumer-group")

    @property
    def disposition(self) -> str:
        """Why, in one word: undecodable, rejected or poison."""
        return self._shown("dlq-disposition") or "unknown"

    @property
    def error_class(self) -> str:
        """The exception's name."""
        return self._shown("dlq-error-class") or "unknown"

    @property
    def error_message(self) -> str:
        """What was wrong, without personal data."""
        return Redactor().text(self._shown("dlq-error-message") or "")

    @property
    def redrive_count(self) -> int:
        """How often it has been sent back before."""
        count = self.header(REDRIVE_COUNT) or ""
        return int(count) if count.isascii() and count.isdigit() and len(count) < _DIGITS else 0

    @property
    def writer(self) -> str:
        """Who wrote the record: "ours", or "unknown", as those are that older versions set aside."""
        return "ours" if self.header(WRITER) == "ours" else "unknown"

    @property
    def left_out(self) -> str | None:
        """What of the record was too large for a letter; None: it is all here."""
        return self._shown(LEFT_OUT)

    @property
    def last_failed_at(self) -> str:
        """RFC 3339, UTC."""
        return self._shown("dlq-last-failed-at") or _moment(self.record.timestamp_ms)

    def described(self) -> dict[str, Any]:
        """What may be shown to anybody."""
        return {
            "partition": self.record.partition,
            "offset": self.record.offset,
            "event_type": self._shown("ce_type"),
            "event_id": self._shown("ce_id"),
            "disposition": self.disposition,
            "error_class": self.error_class,
            "error_message": self.error_message,
            "attempts": self._shown("dlq-attempts"),
            "first_failed_at": self._shown("dlq-first-failed-at"),
            "last_failed_at": self.last_failed_at,
            "redrive_count": self.redrive_count,
            "original": {
                part: self._shown(f"dlq-original-{part}") for part in ("topic", "partition", "offset", "timestamp")
            },
            "app_version": self._shown("dlq-app-version"),
            "writer": self.writer,
            "left_out": self.left_out,
            "bytes": len(self.record.value or b""),
        }

    def decoded(self, codec: Codec, *, reveal: bool) -> dict[str, Any]:
        """The event in it; what is about a person only with `reveal`."""
        try:
            event = codec.decode(self.record.value)
        except Undecodable as error:
            shown: dict[str, Any] = {"undecodable": str(error)}
            if reveal:
                shown["value_base64"] = base64.b64encode(self.record.value or b"").decode()
            return shown
        return asdict(event) if reveal else hidden(event)

    def returned(self, processor: str) -> OutgoingRecord:
        """The record that goes back to `processor`: key, value and own headers byte for byte, and a count."""
        headers = [*own_headers(self.record), (REDRIVE_COUNT, str(self.redrive_count + 1).encode())]
        value: Any = self.record.value  # a record without a value goes back without one
        return OutgoingRecord(redrive_topic(processor).name, self.record.key, value, headers)


def _moment(milliseconds: int) -> str:
    """RFC 3339, UTC; as the number it is where it is no moment: whoever wrote the record chose it."""
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):
        return str(milliseconds)


def hidden(event: Event) -> dict[str, Any]:
    """`event` without what is about a person: the fields that its schema marks, and what looks like a number."""
    redact = Redactor()
    personal = {*marks_of(TOPIC_OF[type(event)].subject), *_GUESSABLE}
    shown = {name: MASK if name in personal and value else value for name, value in asdict(event).items()}
    return {
        name: value if value is None or isinstance(value, bool | datetime) else redact.value(value)
        for name, value in shown.items()
    }
