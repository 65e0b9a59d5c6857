"""The steps of events, each read from the table that holds it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from ops.trace.masking import Masking, redacted
from runtime.postgres import Connection, named_rows
from schemas.topics import is_redrive, processor_of


class HopKind(StrEnum):
    """A step, in the order in which an ordinary event takes them."""

    QUARANTINED = "quarantined"  # answered 400 or 401, and kept
    RECEIVED = "received"
    SPOOLED = "spooled"  # written to ingest's spool, because Kafka did not take it in time
    DURABLE = "durable"  # what the 200 said
    ON_KAFKA = "on_kafka"
    DEAD_LETTER = "dead_letter"
    PARKED = "parked"  # opt-out could not process it; its phone is on hold
    PERSISTED = "persisted"
    DECIDED = "decided"  # a row of the opt-out ledger
    ENFORCED = "enforced"  # the opt-out at one account of a provider
    NOTED = "noted"  # a CRM


_ORDER = {kind: number for number, kind in enumerate(HopKind)}
_NEVER = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Hop:
    """One step of an event."""

    at: datetime | None  #: when; None: it is not done yet, or nobody wrote down when
    hop: HopKind
    detail: dict[str, Any]


@dataclass(slots=True)
class EventSteps:
    """What is known of one event."""

    event_id: UUID
    event_type: str | None = None  #: None: no table tells
    hops: list[Hop] = field(default_factory=list)

    def add(self, at: datetime | None, hop: HopKind, **detail: Any) -> None:
        """A step; what is None of its details is left out."""
        self.hops.append(Hop(at, hop, {name: value for name, value in detail.items() if value is not None}))

    def sort(self) -> None:
        """By time, and in the ordinary order at one time; what has no time follows the step that comes before it."""
        self.hops.sort(key=lambda hop: _ORDER[hop.hop])
        last, keys = datetime.min.replace(tzinfo=UTC), {}
        for hop in self.hops:
            last = hop.at if hop.at is not None else max(last, _last_before(self.hops, hop))
            keys[id(hop)] = (last, _ORDER[hop.hop])
        self.hops.sort(key=lambda hop: keys[id(hop)])


def _last_before(hops: Sequence[Hop], pending: Hop) -> datetime:
    earlier = [hop.at for hop in hops if hop.at is not None and _ORDER[hop.hop] <= _ORDER[pending.hop]]
    return max(earlier, default=_NEVER)


Steps = dict[UUID, EventSteps]


def steps_of(connection: Connection, event_ids: Sequence[UUID], masking: Masking) -> list[EventSteps]:
    """The steps of each of `event_ids`, in the same order. Every query goes by an index."""
    steps = {event_id: EventSteps(event_id) for event_id in event_ids}
    places = _read_events(connection, steps, masking)
    for read in (_read_dead_letters, _read_decisions, _read_enforcements, _read_deliveries):
        read(connection, steps, masking)
    _read_parked(connection, steps, places)
    for event in steps.values():
        event.sort()
    return list(steps.values())


#: Where a record stood, and the event that it brought.
_Places = dict[tuple[str, int, int], UUID]

_EVENTS = """
SELECT event_id, event_type, provider, account, contact_phone, phone_valid, account_phone, occurred_at, time_valid,
    received_at, is_test, sanitised, payload, stored_at, topic, partition, "offset", message_key, kafka_at, spooled_at,
    (SELECT min(split_part(t.traceparent, '-', 2)) FROM event_traces AS t WHERE t.event_id = e.event_id) AS trace_id
FROM events AS e WHERE event_id = ANY (%s)
"""


def _read_events(connection: Connection, steps: Steps, masking: Masking) -> _Places:
    places: _Places = {}
    for row in named_rows(connection, _EVENTS, list(steps)):
        event = steps[row["event_id"]]
        event.event_type = row["event_type"]
        event.add(
            row["received_at"],
            HopKind.RECEIVED,
            provider=row["provider"],
            account=row["account"],
            contact_phone=masking.phone(row["contact_phone"]),
            phone_valid=row["phone_valid"],
            account_phone=masking.phone(row["account_phone"]),
            occurred_at=row["occurred_at"],
            time_valid=row["time_valid"],
            is_test=row["is_test"],
            sanitised=row["sanitised"],
            payload=masking.payload(row["payload"]),
            trace_id=row["trace_id"],
        )
        spooled_at, topic = row["spooled_at"], row["topic"]
        came_back = topic is not None and is_redrive(topic)
        if spooled_at is not None:
            event.add(spooled_at, HopKind.SPOOLED)
        if topic is not None:
            durability = "kafka" if spooled_at is None else "spool"
            # What a redrive wrote anew was durable long before: its own record is where it was set aside.
            durable_at = spooled_at or (None if came_back else row["kafka_at"])
            event.add(durable_at, HopKind.DURABLE, durability=durability)
            place = topic, row["partition"], row["offset"]
            places[place] = event.event_id
            event.add(row["kafka_at"], HopKind.ON_KAFKA, topic=topic, partition=place[1], offset=place[2])
        event.add(row["stored_at"], HopKind.PERSISTED, message_key=row["message_key"])
    return places


_DEAD_LETTERS = """
SELECT event_id, event_type, consumer_group, topic, partition, record_offset, disposition, error_class, error_message,
    attempts, failed_at
FROM dead_letters WHERE event_id = ANY (%s) ORDER BY failed_at
"""


def _read_dead_letters(connection: Connection, steps: Steps, _masking: Masking) -> None:
    for row in named_rows(connection, _DEAD_LETTERS, list(steps)):
        event = steps[row["event_id"]]
        event.event_type = event.event_type or row["event_type"]
        event.add(
            row["failed_at"],
            HopKind.DEAD_LETTER,
            processor=processor_of(row["consumer_group"]),
            disposition=row["disposition"],
            error_class=row["error_class"],
            error_message=redacted(row["error_message"]),
            attempts=row["attempts"],
            topic=row["topic"],
            partition=row["partition"],
            offset=row["record_offset"],
        )


_DECISIONS = """
SELECT l.event_id, l.position, l.phone, l.action, l.echo, l.tier, l.rule, l.rule_set, l.actor, l.reason, l.deadline,
    l.decided_at, e.text AS evidence
FROM opt_out_ledger AS l LEFT JOIN opt_out_evidence AS e ON e.digest = l.evidence_digest
WHERE l.event_id = ANY (%s) ORDER BY l.position
"""


def _read_decisions(connection: Connection, steps: Steps, masking: Masking) -> None:
    for row in named_rows(connection, _DECISIONS, list(steps)):
        steps[row["event_id"]].add(
            row["decided_at"],
            HopKind.DECIDED,
            phone=masking.phone(row["phone"]),
            action=row["action"],
            echo=row["echo"],
            tier=row["tier"],
            rule=row["rule"],
            rule_set=row["rule_set"],
            actor=row["actor"],
            reason=redacted(row["reason"]),
            deadline=row["deadline"],
            position=row["position"],
            text=masking.text(row["evidence"]),
        )


_ENFORCEMENTS = """
SELECT l.event_id, n.target, n.account, n.status, n.detail, n.attempts, n.deadline, n.position,
    COALESCE(n.done_at, n.last_attempt_at) AS at
FROM opt_out_ledger AS l JOIN enforcements AS n ON n.position = l.position
WHERE l.event_id = ANY (%s) ORDER BY n.id
"""


def _read_enforcements(connection: Connection, steps: Steps, _masking: Masking) -> None:
    for row in named_rows(connection, _ENFORCEMENTS, list(steps)):
        steps[row["event_id"]].add(
            row["at"],
            HopKind.ENFORCED,
            target=row["target"],
            account=row["account"],
            status=row["status"],
            attempts=row["attempts"],
            deadline=row["deadline"],
            position=row["position"],
            why=redacted(row["detail"]),
        )


_DELIVERIES = """
SELECT event_id, event_type, target, status, detail, attempts, failures, COALESCE(done_at, last_attempt_at) AS at
FROM crm_deliveries WHERE event_id = ANY (%s) ORDER BY target
"""


def _read_deliveries(connection: Connection, steps: Steps, _masking: Masking) -> None:
    for row in named_rows(connection, _DELIVERIES, list(steps)):
        event = steps[row["event_id"]]
        event.event_type = event.event_type or row["event_type"]
        outcome = {"attempts": row["attempts"], "why": redacted(row["detail"])}
        if row["status"] == "dead":
            event.add(row["at"], HopKind.DEAD_LETTER, processor=f"crm:{row['target']}", disposition="dead", **outcome)
        else:
            event.add(row["at"], HopKind.NOTED, target=row["target"], status=row["status"], **outcome)


_PARKED = """
SELECT p.topic, p.partition, p.record_offset, p.disposition, p.error_class, p.review_id, p.parked_at,
    r.decision, r.due_at
FROM unnest(%s::text[], %s::integer[], %s::bigint[]) AS place (topic, partition, record_offset)
JOIN opt_out_parked AS p USING (topic, partition, record_offset) LEFT JOIN opt_out_reviews AS r ON r.id = p.review_id
ORDER BY p.id
"""


def _read_parked(connection: Connection, steps: Steps, places: _Places) -> None:
    """A parked record may be one that nothing can read, so it is found by its place on Kafka."""
    for event in steps.values():
        letters = [hop.detail for hop in event.hops if hop.hop is HopKind.DEAD_LETTER and "offset" in hop.detail]
        places |= {(letter["topic"], letter["partition"], letter["offset"]): event.event_id for letter in letters}
    columns = [list(column) for column in zip(*places, strict=True)] or [[], [], []]
    for row in named_rows(connection, _PARKED, *columns):
        steps[places[row["topic"], row["partition"], row["record_offset"]]].add(
            row["parked_at"],
            HopKind.PARKED,
            disposition=row["disposition"],
            error_class=row["error_class"],
            review=row["review_id"],
            due_at=row["due_at"],
            decision=row["decision"],
        )
