"""How a processor lives: poll, decode, handle, commit.

Two threads share the work, so that fetching and decoding go on beside the database's work:

    this one    poll -> decode -> [queue] ..................... -> Kafka's committed offsets follow, as a mirror
    the worker                    [queue] -> handle + commit ->

PostgreSQL is the truth about progress: a batch's effects and the offsets behind it are one transaction, which
moves each offset only from where the batch began (`Progress.move`). Whoever is no longer the owner of a partition
finds the offset elsewhere, is `Fenced`, drops the batch and reads the positions again. So a record may be handled
many times, and its effect is there once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from processors.batch import Batch, decoded
from processors.handling import Handling, Wanted
from processors.partitions import Standing, advance, advance_to, found
from processors.processor import Processor
from processors.progress import Fenced, Stored
from processors.state import State
from processors.worker import Worker
from runtime import logs, metrics
from runtime.kafka.consumer import (
    Consumer,
    Identity,
    LogTruncated,
    OffsetGone,
    Partition,
    Record,
    Unanswered,
)
from runtime.process import StopSignal
from schemas.codec import Codec

log = logs.logger("processors.runner")

#: Seconds that one poll waits for records; also how long a stop may go unseen.
POLL = 0.25
#: Seconds between two looks at what changes slowly: the mirror, the lag.
SLOWLY = 1.0
#: Seconds for the batch under way to be committed before its partitions are given up. Heartbeats wait meanwhile.
REVOKE_WAIT = 2.0

_NOBODY = Identity("", {})


@dataclass(frozen=True, slots=True)
class Committed:
    """The worker's answer to a batch."""

    batch: Batch
    halt: str | None  #: why the group is halted from here on


@dataclass(frozen=True, slots=True)
class Located:
    """The worker's answer to where the partitions stand."""

    identity: Identity
    stored: Stored


class Runner:
    """Runs one processor until it is told to stop. Also the consumer's RebalanceListener."""

    def __init__(
        self,
        processor: Processor,
        consumer: Consumer,
        handling: Handling,
        *,
        codec: Codec,
        state: State,
        stop: StopSignal,
        topics: Sequence[str] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._processor = processor
        self._settings = processor.settings
        self._consumer = consumer
        self._handling = handling
        self._codec = codec
        self._state = state
        self._stop = stop
        self._clock = clock
        self._topics = list(topics or [*(topic.name for topic in processor.topics), processor.redrive().name])
        self._worker = Worker(stop.is_set)
        self._assigned: frozenset[Partition] = frozenset()
        self._standing: dict[Partition, Standing] = {}
        self._truncated: frozenset[Partition] = frozenset()
        self._unknown: bool = False  # where the partitions stand has to be asked
        self._located: Located | None = None  # PostgreSQL has answered, Kafka is to be asked for the log's bounds
        self._identity = _NOBODY
        self._look_again: float | None = None  # when a halt may have been lifted
        self._slowly = 0.0
        self._to_mirror: dict[Partition, int] = {}

    def run(self) -> None:
        """Poll, decode, handle, commit, until told to stop; then finish what is under way and leave the group.

        Raises OurBug, uncommitted, and whatever Kafka refuses for good (authorization, say).
        """
        self._consumer.subscribe(self._topics, self)
        self._worker.start()
        try:
            while not self._stop.is_set():
                self._hear()
                self._locate()
                records = self._poll()
                if records:
                    batch = self._decode(records)
                    self._worker.give(lambda wanted, batch=batch: self._handle(batch, wanted))  # type: ignore[misc]
                self._keep_up_appearances()
        finally:
            self._stop.set()
            self._finish()

    def _poll(self) -> list[Record]:
        """What has arrived of the partitions that are in place; nothing while the queue is full."""
        if not self._worker.wait_for_room(self._settings.queued_batches, POLL):
            # The group hears from us, and takes partitions away if it has to, but nothing more is fetched.
            self._consumer.pause()
            self._consumer.poll(0)
            self._consumer.resume()
            return []
        try:
            records = self._consumer.poll(POLL if self._standing else POLL / 10)
        except LogTruncated as truncated:
            self._truncated |= truncated.partitions
            self._lose_place("log_truncated")
            return []
        except OffsetGone:
            self._lose_place("offset_out_of_range")
            return []
        if any(self._consumer.topic_id(name) not in (None, id) for name, id in self._identity.topic_ids.items()):
            self._lose_place("topic_made_anew")
            return []
        return [record for record in records if (record.topic, record.partition) in self._standing]

    def _decode(self, records: list[Record]) -> Batch:
        deliveries, undecodable = decoded(records, self._codec)
        return Batch(records, deliveries, undecodable, advance(self._standing, records))

    def _handle(self, batch: Batch, wanted: Wanted) -> Committed:
        """In the worker's thread."""
        return Committed(batch, self._handling.handle(batch, wanted))

    def _hear(self) -> None:
        """What the worker has to say."""
        for _, answer in self._worker.answers():
            if isinstance(answer, Committed):
                self._to_mirror |= {one: span.next for one, span in answer.batch.spans.items()}
                if answer.halt is not None:
                    self._lose_place("halted")
            elif isinstance(answer, Fenced):
                metrics.FENCED.labels(self._processor.name).inc()
                self._lose_place("fenced")
            elif isinstance(answer, Located):
                self._located = answer

    def _lose_place(self, reason: str) -> None:
        """Drop everything that is read but not under way, and ask anew where the partitions stand."""
        log.info("reading_positions", reason=reason, partitions=len(self._assigned))
        self._worker.drop()
        for partition in self._standing:
            self._consumer.hold(partition)
        self._standing, self._located, self._identity = {}, None, _NOBODY
        self._unknown = bool(self._assigned)

    def _locate(self) -> None:
        """Put every partition of ours in its place: where PostgreSQL says, if that is a place in Kafka's log."""
        try:
            if self._unknown:
                self._ask_postgres(self._consumer.identity(self._topics))
            elif self._located is not None:
                self._take_places(self._located)
            elif self._look_again is not None and self._clock() >= self._look_again:
                self._lose_place("looking_again")
        except Unanswered as error:
            self._state.waiting(f"Kafka does not answer: {error}")

    def _ask_postgres(self, identity: Identity) -> None:
        self._unknown, self._look_again = False, None
        known = frozenset(one for one in self._assigned if one.topic in identity.topic_ids)

        def ask(wanted: Wanted) -> Located:
            return Located(identity, self._handling.stored(identity, known, wanted))

        self._worker.give(ask)

    def _take_places(self, located: Located) -> None:
        # Kafka is asked after PostgreSQL: the log may have grown meanwhile, but not the other way round.
        known = [one for one in self._assigned if one.topic in located.identity.topic_ids]
        bounds = self._consumer.bounds(known)
        standing, lost = found(located.identity, located.stored, bounds, self._truncated)
        self._located, self._identity, self._truncated = None, located.identity, frozenset(lost) & self._truncated
        halt = located.stored.halt
        self._state.stand(halt, {one: at.reason for one, at in lost.items()})
        self._state.waiting(None)
        if lost:
            begins = {at.place: at.log_begin for at in lost.values()}
            self._worker.give(lambda wanted: self._handling.lose(begins, wanted))
        if halt or lost or len(known) < len(self._assigned):
            self._look_again = self._clock() + self._settings.recheck
        if halt:
            return
        self._standing = standing
        for partition, at in standing.items():
            self._consumer.seek(partition, at.next)

    def revoked(self, partitions: frozenset[Partition]) -> None:
        """What is queued is dropped, what is under way may finish. If it takes longer, it is fenced off."""
        self._worker.drop()
        if partitions and not self._worker.wait_until_idle(REVOKE_WAIT):
            log.info("revoked_in_mid_batch", partitions=len(partitions))
        self._assigned, self._standing, self._located, self._unknown = frozenset(), {}, None, False
        self._look_again = None
        self._to_mirror.clear()
        metrics.LAG.clear()
        self._state.waiting("waits for its partitions")

    def assigned(self, partitions: frozenset[Partition]) -> None:
        """All of them have to be put in their place."""
        self._worker.drop()
        self._assigned, self._standing, self._located, self._unknown = partitions, {}, None, bool(partitions)
        log.info("assigned", partitions=len(partitions))
        if not partitions:
            self._state.waiting(None)  # there are more members than partitions

    def _keep_up_appearances(self) -> None:
        """Have Kafka's offsets follow, and see how Kafka and the lag are, once in a while."""
        if self._clock() < self._slowly:
            return
        self._slowly = self._clock() + SLOWLY
        missing = [topic for topic in self._topics if self._consumer.topic_id(topic) is None]
        if not self._consumer.reachable():
            self._state.kafka("Kafka does not answer")
        else:
            self._state.kafka(f"Kafka lacks {', '.join(missing)}: run `hookline topics apply`" if missing else None)
        if self._to_mirror:
            self._consumer.mirror(self._to_mirror)
            self._to_mirror = {}
        self._pass_over()
        for partition, at in self._standing.items():
            end = self._consumer.end(partition)
            if end is not None:
                labels = self._processor.name, partition.topic, str(partition.number)
                metrics.LAG.labels(*labels).set(max(0, end - at.next))

    def _pass_over(self) -> None:
        """Commit positions behind what holds no record, such as the marks of transactions: no record will do so."""
        ends: dict[Partition, int] = {}
        for partition, at in self._standing.items():
            position = self._consumer.position(partition)
            if position is not None and position > at.next:
                ends[partition] = position
        if ends:
            batch = Batch([], [], [], advance_to(self._standing, ends))
            self._worker.give(partial(self._handle, batch))

    def _finish(self) -> None:
        if self._worker.finish(self._settings.stop_timeout):
            self._handling.close()
        else:
            log.warning("stopped_in_mid_batch", effect="none: its transaction is not committed")
        try:
            self._hear()
        finally:
            if self._to_mirror:
                self._consumer.mirror_now(self._to_mirror, REVOKE_WAIT)
            self._consumer.close(5.0)
