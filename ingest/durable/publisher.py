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
from itertools import islice
from typing import NamedTuple, Protocol

from ingest.durable.breaker import BreakerState
from ingest.durable.durability import Durability as Durability  # noqa: PLC0414 - what a publisher returns
from ingest.durable.group_commit import GroupCommit, NotCommitted
from ingest.durable.record_numbers import RecordNumbers
from ingest.durable.spool.database import SpoolUnavailable
from ingest.durable.spool.store import Spool
from runtime import metrics, tracing
from runtime.kafka.producer import BulkProducer, OutgoingRecord, RefusedForGood
from runtime.logs import logger
from schemas import cloudevents
from schemas.codec import Codec
from schemas.events import Event
from schemas.topics import TOPIC_OF

log = logger("ingest.durable.publisher")

#: Seconds to wait for the spool's round; with Kafka's deadline before it an answer takes less than 3 s.
SPOOL_TIMEOUT = 0.9
#: Seconds that Kafka has where the spool takes nothing, and seconds without another try after it has not answered
#: then: requests that wait for each other's tries would wait too long together.
PAST_TIMEOUT, PAST_PAUSE = 0.9, 1.0
#: How often a request may find that the way it took has just been closed in favour of the other.
REROUTE_TRIES = 4


class Unavailable(Exception):
    """Answer 503 and raise the alarm: nothing can take the event. The argument: a machine code."""


class Diverted(Exception):
    """Take it to the spool: it was never sent to Kafka, for the spool is in use."""


class HandedBack(Exception):
    """Take it to Kafka: it was never spooled, for the spool has just been emptied."""


class Publisher(Protocol):
    """Makes events durable."""

    def publish_all(self, events: Sequence[Event]) -> Durability:
        """Return once all of `events`, those of one webhook, are safe. Raises Unavailable: then some may not be."""


class NotAllConfirmed(Exception):
    """Keep the rest elsewhere: Kafka did not confirm every record of a webhook."""

    def __init__(self, unconfirmed: list[OutgoingRecord], refused: list[tuple[OutgoingRecord, str]]) -> None:
        super().__init__(f"{len(unconfirmed)} unconfirmed, {len(refused)} refused")
        self.unconfirmed = unconfirmed
        self.refused = refused  #: what Kafka will never take, and why


#: The records of one webhook: they go out together, and are answered for together.
Records = Sequence[OutgoingRecord]


class _ToSpool(NamedTuple):
    records: Records
    must: bool  #: Kafka has had its chance; False: only because events queue


def outgoing(event: Event, codec: Codec, numbers: RecordNumbers) -> OutgoingRecord:
    """The record of `event`, with its number: it can be encoded, and is about to be made durable."""
    key = None if event.contact_phone is None else event.contact_phone.encode()
    value, headers = codec.encode(event), cloudevents.headers(event)
    headers += tracing.record_headers()
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

    def publish_all(self, events: Sequence[Event]) -> Durability:
        """Where one event went to the spool, the answer is `spool`."""
        records = [outgoing(event, self._codec, self._numbers) for event in events]
        try:
            durability = self._make_durable(records)
        except Unavailable:
            # Kafka may have them all the same, so no number is given again; an audit finds here why it lacks.
            for record in records:
                log.error("number_given_up", **{name: value.decode() for name, value in record.headers[-3:]})
            raise
        for record, event in zip(records, events, strict=True):
            self._numbers.count_event(record, event.received_at, spooled=durability is Durability.SPOOL)
        return durability

    def _make_durable(self, records: Records) -> Durability:
        begun = time.monotonic()
        for _ in range(REROUTE_TRIES):
            try:
                if self._spool.spooling:
                    return self._to_spool(records, begun, must=False)
                return self._kafka.submit(records, timeout=max(0.0, begun + self._timeout - time.monotonic()))
            except (Diverted, HandedBack):
                continue  # it was nowhere yet, and the other way is open now
            except NotCommitted:
                metrics.PUBLISH_FAILURES.labels("unconfirmed").inc()
                break
            except NotAllConfirmed as rest:
                for record, reason in rest.refused:
                    metrics.PUBLISH_FAILURES.labels("refused").inc()
                    self._keep_aside(record, reason)
                if not rest.unconfirmed:
                    return Durability.SPOOL
                metrics.PUBLISH_FAILURES.labels("unconfirmed").inc()
                records = rest.unconfirmed
                break
        return self._to_spool(records, begun, must=True)

    def _to_spool(self, records: Records, begun: float, *, must: bool) -> Durability:
        try:
            timeout = max(SPOOL_TIMEOUT, begun + self._timeout - time.monotonic())
            return self._spooled.submit(_ToSpool(records, must), timeout=timeout)
        except (SpoolUnavailable, NotCommitted) as failure:
            reason = str(failure) if isinstance(failure, SpoolUnavailable) else "spool_busy"
            log.error("spool_did_not_take_event", reason=reason)
            if must or self._spool.state.breaker == BreakerState.OPEN:
                raise Unavailable(reason) from failure
            return self._past_the_spool(records, reason)

    def _past_the_spool(self, records: Records, reason: str) -> Durability:
        """Out of order is better than lost: the spool is full or broken, and Kafka answers."""
        try:
            durability = self._past.submit(records, timeout=PAST_TIMEOUT)
        except (NotAllConfirmed, NotCommitted) as failure:
            raise Unavailable(reason) from failure
        for topic in {record.topic for record in records}:
            log.warning("event_overtook_the_spool", topic=topic)
        return durability

    def _keep_aside(self, record: OutgoingRecord, reason: str) -> None:
        """Keep what Kafka will never take where the operator finds it; that is durable, too."""
        try:
            self._spool.in_turn(lambda turn: turn.keep_refused(record, reason))
        except SpoolUnavailable as failure:
            raise Unavailable(str(failure)) from failure
        log.error("record_refused_for_good", topic=record.topic, reason=reason, size=len(record.value))
        metrics.REFUSED_FOR_GOOD.labels(reason).inc()

    def _publish_group(self, webhooks: Sequence[Records]) -> list[Durability | Exception]:
        if self._spool.spooling:  # since these were handed in: nobody waits for Kafka any more
            return [Diverted()] * len(webhooks)
        outcomes = self._published(webhooks, self._timeout)
        if unconfirmed := sum(_unconfirmed(outcome) for outcome in outcomes):
            self._spool.divert()
            metrics.BREAKER_OPENED.inc()
            log.warning("events_diverted_to_spool", unconfirmed=unconfirmed)
        return outcomes

    def _publish_past(self, webhooks: Sequence[Records]) -> list[Durability | Exception]:
        if time.monotonic() - self._past_failed_at < PAST_PAUSE:  # Kafka did not answer a moment ago
            return [NotAllConfirmed(list(records), []) for records in webhooks]
        outcomes = self._published(webhooks, PAST_TIMEOUT)
        if all(map(_unconfirmed, outcomes)):
            self._past_failed_at = time.monotonic()
        return outcomes

    def _published(self, webhooks: Sequence[Records], timeout: float) -> list[Durability | Exception]:
        records = [record for records in webhooks for record in records]
        outcomes = self._producer.publish_all(records, timeout=timeout)
        if not any(outcomes):
            return [Durability.KAFKA] * len(webhooks)
        failures = iter(outcomes)
        return [_joined(records, list(islice(failures, len(records)))) for records in webhooks]

    def _spool_group(self, group: Sequence[_ToSpool]) -> list[Durability | Exception]:
        begun = time.perf_counter()
        records = [record for webhook in group for record in webhook.records]
        taken = self._spool.append(records, only_while_spooling=not any(webhook.must for webhook in group))
        if not taken:
            return [HandedBack()] * len(group)
        metrics.SPOOL_COMMIT_SECONDS.observe(time.perf_counter() - begun)
        metrics.SPOOLED.inc(len(records))
        return [Durability.SPOOL] * len(group)


def _joined(records: Records, failures: Sequence[Exception | None]) -> Durability | NotAllConfirmed:
    """What became of a webhook, by what became of each of its records; None: Kafka has it."""
    if not any(failures):
        return Durability.KAFKA
    refused = [(record, str(f)) for record, f in zip(records, failures, strict=True) if isinstance(f, RefusedForGood)]
    others = [r for r, f in zip(records, failures, strict=True) if f is not None and not isinstance(f, RefusedForGood)]
    return NotAllConfirmed(others, refused)


def _unconfirmed(outcome: Durability | Exception) -> int:
    """How many records of a webhook Kafka did not confirm."""
    return len(outcome.unconfirmed) if isinstance(outcome, NotAllConfirmed) else 0
