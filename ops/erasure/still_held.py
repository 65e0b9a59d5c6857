"""What still holds an erased person's data, and until when: Kafka's topics, dead letters, and what we cannot reach."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from ops.erasure.person import ErasedPerson
from processors.dead_letters.box import open_boxes
from runtime.connections import KafkaSettings
from runtime.kafka.producer import KafkaProducer, OutgoingRecord
from runtime.postgres import Connection
from schemas.topics import MESSAGE_STATE, OPT_OUT_STATE, dead_letter_topic

CLIENT_ID = "hookline-erase"
#: Seconds to wait for Kafka's confirmation.
_ACK_TIMEOUT = 10.0

_ON_TOPICS = """
SELECT topic, count(*), max(coalesce(kafka_at, received_at)) FROM events
WHERE event_id = ANY (%s) AND topic IS NOT NULL GROUP BY topic ORDER BY topic
"""


@dataclass(frozen=True, slots=True)
class StillHeld:
    """One place, and when it will have forgotten."""

    where: str
    records: int | None  #: None: not counted
    until: datetime | None  #: None: as `note` says
    note: str

    def as_dict(self) -> dict[str, Any]:
        """For the record of the erasure."""
        until = None if self.until is None else self.until.isoformat()
        return {"where": self.where, "records": self.records, "until": until, "note": self.note}


_COMPACTED = "the newest state is deleted; older ones until Kafka compacts the segment"
#: What is the same for everybody.
ALWAYS = (
    StillHeld(OPT_OUT_STATE.name, None, None, _COMPACTED),
    StillHeld(MESSAGE_STATE.name, None, None, _COMPACTED),
    StillHeld("backups of PostgreSQL", None, None, "as long as they are kept; after a restore from one, erase again"),
    StillHeld("PostgreSQL's files", None, None, "until VACUUM has been over the tables"),
)


def on_topics(connection: Connection, events: Sequence[UUID], kafka: KafkaSettings) -> list[StillHeld]:
    """What the event topics hold of `events`, whose rows are still whole."""
    keep = timedelta(days=kafka.retention_days)
    note = "HOOKLINE_KAFKA__RETENTION_DAYS after its newest record, and until Kafka deletes the segment"
    return [
        StillHeld(topic, count, newest + keep, note)
        for topic, count, newest in connection.execute(_ON_TOPICS, (list(events),))
    ]


def in_dead_letters(
    person: ErasedPerson, kafka: KafkaSettings, processors: Iterable[str]
) -> tuple[list[StillHeld], set[UUID]]:
    """The dead letters about `person`, and their events. Reads these topics whole. Raises kafka.errors.KafkaError."""
    keys = {phone.encode("utf-8", "surrogatepass") for phone in (*person.phones, person.number.phone.number)}
    keep = timedelta(days=kafka.dead_letter_retention_days)
    found: list[StillHeld] = []
    events: set[UUID] = set()
    for box in open_boxes(kafka, processors):
        letters = [letter for letter in box.letters() if letter.record.key in keys]
        if not letters:
            continue
        newest = max(letter.record.timestamp_ms for letter in letters)
        until = datetime.fromtimestamp(newest / 1000, tz=UTC) + keep
        note = "HOOKLINE_KAFKA__DEAD_LETTER_RETENTION_DAYS; sent back, they are left out"
        found.append(StillHeld(dead_letter_topic(box.processor).name, len(letters), until, note))
        events |= {UUID(event_id) for letter in letters if _is_uuid(event_id := letter.header("ce_id"))}
    return found, events


def forget_states(phones: Iterable[str], kafka: KafkaSettings) -> str | None:
    """Delete the states of `phones` from their compacted topic; what kept it from being done, if anything."""
    records = [
        OutgoingRecord(OPT_OUT_STATE.name, phone.encode("utf-8", "surrogatepass"), None, [])  # type: ignore[arg-type]
        for phone in phones
    ]
    with closing(KafkaProducer(kafka, CLIENT_ID)) as producer:
        failed = [outcome for outcome in producer.publish_all(records, timeout=_ACK_TIMEOUT) if outcome is not None]
    return None if not failed else f"Kafka did not take it: {failed[0]}"


def _is_uuid(text: str | None) -> bool:
    try:
        UUID(text or "")
    except ValueError:
        return False
    return True
