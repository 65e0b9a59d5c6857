"""`replay`: records of a time go to one processor again. It does each effect once, so what it has done stays done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice

from processors.engine.dead_letter import own_headers
from runtime.kafka.consumer import Record
from runtime.kafka.producer import BulkProducer, NotPublished, OutgoingRecord
from schemas.topics import redrive_topic

#: Records that go out together, and seconds that Kafka has to confirm them.
BATCH, ACK_TIMEOUT_S = 500, 30.0


class ReplayInterrupted(Exception):
    """Run the same command again: Kafka did not confirm everything. What goes twice has its effect once."""

    exit_code = 75


@dataclass(slots=True)
class Replayed:
    """What was sent, or would be."""

    records: int = 0
    types: Counter[str] = field(default_factory=Counter)  #: by event type
    refused: list[tuple[str, int, int]] = field(default_factory=list)  #: places of those that Kafka refuses for good


def replay(
    records: Iterable[Record],
    processor: str,
    producer: BulkProducer | None,
    *,
    done: Callable[[int], None] = lambda _count: None,
) -> Replayed:
    """Send `records` to `processor`, byte for byte, and to nobody else; `producer` None: count them only.

    Raises ReplayInterrupted.
    """
    topic, replayed, remaining = redrive_topic(processor).name, Replayed(), iter(records)
    while batch := list(islice(remaining, BATCH)):
        outcomes = [None] * len(batch) if producer is None else _sent(producer, topic, batch)
        unsure = sum(isinstance(outcome, NotPublished) for outcome in outcomes)
        if unsure:
            raise ReplayInterrupted(
                f"Kafka did not confirm {unsure} of {len(batch)} records; {replayed.records} were sent before. "
                "Run the same command again: each effect is there once, however often a record goes"
            )
        for record, outcome in zip(batch, outcomes, strict=True):
            if outcome is None:
                replayed.records += 1
                replayed.types[(dict(record.headers).get("ce_type") or b"").decode("utf-8", "replace")] += 1
            else:
                replayed.refused.append(record[:3])
        done(len(batch))
    return replayed


def _sent(producer: BulkProducer, topic: str, batch: list[Record]) -> list[Exception | None]:
    outgoing = [OutgoingRecord(topic, record.key, record.value or b"", own_headers(record)) for record in batch]
    return list(producer.publish_all(outgoing, timeout=ACK_TIMEOUT_S))
