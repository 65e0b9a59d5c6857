"""Making an event durable before anybody answers 200: Kafka first, the spool second.

1. While the spool is in use (`spool.spooling`), every event of every worker goes behind what is in it.
2. Otherwise Kafka gets it, and has a deadline. What it does not confirm in time is *unknown*: it goes to the spool as
   well, and from that moment so does everything else, so that no other request waits for the deadline.
3. What Kafka will never take, whatever happens, is kept aside in the spool and the next event goes through.
4. Neither takes it: Unavailable, which is 503.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple, Protocol

from ingest.breaker import BreakerState
from ingest.group_commit import GroupCommit, NotCommitted
from ingest.record_numbers import RecordNumbers
from ingest.spool.database import SpoolUnavailable
from ingest.spool.store import Spool
from runtime import metrics
from runtime.kafka.producer import BulkProducer, NotPublished, OutgoingRecord, RefusedForGood
from runtime.logs import logger
from schemas import cloudevents
from schemas.codec import Codec
from schemas.events import Event
from schemas.topics import TOPIC_OF

log = logger("ingest.publisher")

#: Seconds to wait for the spool's round; with Kafka's deadline before it an answer takes less than 3 s.
SPOOL_TIMEOUT = 0.9
#: Seconds that Kafka has where the spool takes nothing, and seconds without another try after it has not answered
#: then: requests that wait for each other's tries would wait too long together.
PAST_TIMEOUT, PAST_PAUSE = 0.9, 1.0
#: How often a request may find that the way it took has just been closed in favour of the other.
TURNS_OF_THE_TIDE = 4


class Durability(StrEnum):
    """Where an event is safe: the header `X-Durability`."""

    KAFKA = "kafka"
    SPOOL = "spool"


class Unavailable(Exception):
    """Answer 503 and raise the alarm: nothing can take the event. The argument: a machine code."""


class Diverted(Exception):
    """Take it to the spool: it was never sent to Kafka, for the spool is in use."""


class HandedBack(Exception):
    """Take it to Kafka: it was never spooled, for the spool has just been emptied."""


class Publisher(Protocol):
    """Makes events durable."""

    def publish(self, event: Event) -> Durability:
        """Return where `event` is safe, once it is. Raises Unavailable."""


class _ToSpool(NamedTuple):
    record: OutgoingRecord
    must: bool  #: Kafka has had its chance; False: only because events queue


def outgoing(event: Event, codec: Codec, numbers: RecordNumbers) -> OutgoingRecord:
    """The record of `event`, with its number: it can be encoded, and is about to be made durable."""
    key = None if event.contact_phone is None else event.contact_phone.encode()
    value, headers = codec.encode(event), cloudevents.headers(event)
    return OutgoingRecord(TOPIC_OF[type(event)].name, key, value, headers + numbers.next_headers())


class DurablePublisher:
    """The Publisher of a worker: the events of all its threads go out in groups, to Kafka or to the spool."""

    def __init__(
        self,
        producer: BulkProducer,
        spool: Spool,
        codec: Codec,
        *,
        timeout: float,
        numbers: RecordNumbers | None = None,
    ) -> None:
        """`timeout` in seconds: how long Kafka may take to confirm an event. `numbers`: None: nobody keeps them."""
        self._numbers = numbers or RecordNumbers.unkept()
        self._producer = producer
        self._spool = spool
        self._codec = codec
        self._timeout = timeout
        self._kafka = GroupCommit(self._publish_group)
        self._spooled = GroupCommit(self._spool_group)
        self._past = GroupCommit(self._publish_past)
        self._past_failed_at = float("-inf")

    def publish(self, event: Event) -> Durability:
        record = outgoing(event, self._codec, self._numbers)
        try:
            durability = self._make_durable(record)
        except Unavailable:
            # Kafka may have it all the same, so the number is not given again; an audit finds here why it lacks.
            log.error("number_given_up", **{name: value.decode() for name, value in record.headers[-3:]})
            raise
        self._numbers.count_durable()
        return durability

    def _make_durable(self, record: OutgoingRecord) -> Durability:
        begun = time.monotonic()
        for _ in range(TURNS_OF_THE_TIDE):
            try:
                if self._spool.spooling:
                    return self._to_spool(record, begun, must=False)
                return self._kafka.submit(record, timeout=max(0.0, begun + self._timeout - time.monotonic()))
            except (Diverted, HandedBack):
                continue  # it was nowhere yet, and the other way is open now
            except (NotPublished, NotCommitted):
                metrics.PUBLISH_FAILURES.labels("unconfirmed").inc()
                break
            except RefusedForGood as refusal:
                metrics.PUBLISH_FAILURES.labels("refused").inc()
                return self._keep_aside(record, str(refusal))
        return self._to_spool(record, begun, must=True)

    def _to_spool(self, record: OutgoingRecord, begun: float, *, must: bool) -> Durability:
        try:
            timeout = max(SPOOL_TIMEOUT, begun + self._timeout - time.monotonic())
            return self._spooled.submit(_ToSpool(record, must), timeout=timeout)
        except (SpoolUnavailable, NotCommitted) as failure:
            reason = str(failure) if isinstance(failure, SpoolUnavailable) else "spool_busy"
            log.error("spool_did_not_take_event", reason=reason)
            if must or self._spool.state.breaker == BreakerState.OPEN:
                raise Unavailable(reason) from failure
            return self._past_the_spool(record, reason)

    def _past_the_spool(self, record: OutgoingRecord, reason: str) -> Durability:
        """Out of order is better than lost: the spool is full or broken, and Kafka answers."""
        try:
            durability = self._past.submit(record, timeout=PAST_TIMEOUT)
        except (NotPublished, NotCommitted, RefusedForGood) as failure:
            raise Unavailable(reason) from failure
        log.warning("event_overtook_the_spool", topic=record.topic)
        return durability

    def _keep_aside(self, record: OutgoingRecord, reason: str) -> Durability:
        """Keep what Kafka will never take where the operator finds it; that is durable, too."""
        try:
            self._spool.in_turn(lambda turn: turn.keep_refused(record, reason))
        except SpoolUnavailable as failure:
            raise Unavailable(str(failure)) from failure
        log.error("record_refused_for_good", topic=record.topic, reason=reason, size=len(record.value))
        metrics.REFUSED_FOR_GOOD.labels(reason).inc()
        return Durability.SPOOL

    def _publish_group(self, records: Sequence[OutgoingRecord]) -> list[Durability | Exception]:
        if self._spool.spooling:  # since these were handed in: nobody waits for Kafka any more
            return [Diverted()] * len(records)
        outcomes = self._published(records, self._timeout)
        if any(isinstance(outcome, NotPublished) for outcome in outcomes):
            self._spool.divert()
            metrics.BREAKER_OPENED.inc()
            log.warning("events_diverted_to_spool", unconfirmed=sum(isinstance(o, NotPublished) for o in outcomes))
        return outcomes

    def _publish_past(self, records: Sequence[OutgoingRecord]) -> list[Durability | Exception]:
        if time.monotonic() - self._past_failed_at < PAST_PAUSE:
            return [NotPublished("kafka_did_not_answer_a_moment_ago")] * len(records)
        outcomes = self._published(records, PAST_TIMEOUT)
        if all(isinstance(outcome, NotPublished) for outcome in outcomes):
            self._past_failed_at = time.monotonic()
        return outcomes

    def _published(self, records: Sequence[OutgoingRecord], timeout: float) -> list[Durability | Exception]:
        outcomes = self._producer.publish_all(records, timeout=timeout)
        return [Durability.KAFKA if outcome is None else outcome for outcome in outcomes]

    def _spool_group(self, group: Sequence[_ToSpool]) -> list[Durability | Exception]:
        begun = time.perf_counter()
        taken = self._spool.append(
            [item.record for item in group], only_while_spooling=not any(item.must for item in group)
        )
        if not taken:
            return [HandedBack()] * len(group)
        metrics.SPOOL_COMMIT_SECONDS.observe(time.perf_counter() - begun)
        metrics.SPOOLED.inc(len(group))
        return [Durability.SPOOL] * len(group)
