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

from processors.engine.batch import Batch, decoded
from processors.engine.handling import Compared, Handled, Handling, StillWanted
from processors.engine.partitions import PartitionPosition, advance, advance_to, found
from processors.engine.positions import Held, Positions
from processors.engine.processor import Processor
from processors.engine.progress import Fenced, StoredProgress
from processors.engine.state import State
from processors.engine.worker import Worker
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
from runtime.loops import LoopWatch
from runtime.process import StopSignal
from schemas.codec import Codec

log = logs.logger("processors.engine.runner")

#: Seconds that one poll waits for records; also how long a stop may go unseen.
POLL = 0.25
#: Seconds between two looks at what changes slowly: the mirror, the lag.
SLOWLY = 1.0
#: Seconds without a sign of life after which the poll loop counts as frozen; questions to Kafka take 15 at most.
POLL_LOOP_LIMIT = 60.0
#: Seconds for the batch under way to be committed before its partitions are given up. Heartbeats wait meanwhile.
REVOKE_WAIT = 2.0

_UNKNOWN = Identity("", {})


@dataclass(frozen=True, slots=True)
class Located:
    """The worker's answer to where the partitions stand."""

    identity: Identity
    stored: StoredProgress


def topics_of(processor: Processor | type[Processor]) -> list[str]:
    """The names of all topics that `processor` reads: its own, and the one that its dead letters return on."""
    return [*(topic.name for topic in processor.topics), processor.redrive().name]


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
        positions: Positions,
        watch: LoopWatch,
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
        self._positions = positions
        self._watch = watch
        self._clock = clock
        self._topics = list(topics or topics_of(processor))
        self._worker = Worker(stop.is_set, watch, clock=clock)
        self._assigned: frozenset[Partition] = frozenset()
        self._partition_positions: dict[Partition, PartitionPosition] = {}
        self._truncated: frozenset[Partition] = frozenset()
        self._unknown: bool = False  # where the partitions stand has to be asked
        self._located: Located | None = None  # PostgreSQL has answered, Kafka is to be asked for the log's bounds
        self._identity = _UNKNOWN
        self._look_again: float | None = None  # when a halt may have been lifted
        self._compare_at = 0.0  # when the stored offsets are to be compared with ours
        self._comparing = False
        self._clusters_alarmed: set[str] = set()
        self._slowly = 0.0
        self._to_mirror: dict[Partition, int] = {}

    def run(self) -> None:
        """Poll, decode, handle, commit, until told to stop; then finish what is under way and leave the group.

        Raises OurBug, uncommitted, and whatever Kafka refuses for good (authorization, say).
        """
        self._watch.register("the poll loop", POLL_LOOP_LIMIT)
        self._consumer.subscribe(self._topics, self)
        self._worker.start()
        try:
            while not self._stop.is_set():
                self._watch.beat()
                self._drain_results()
                self._locate()
                records = self._poll()
                if records:
                    batch = self._decode(records)
                    self._positions.read(batch)
                    self._worker.give(lambda still_wanted, batch=batch: self._handle(batch, still_wanted))  # type: ignore[misc]
                self._compare_positions()
                self._housekeeping()
        finally:
            self._stop.set()
            self._watch.leave()
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
            records = self._consumer.poll(POLL if self._partition_positions else POLL / 10)
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
        return [record for record in records if (record.topic, record.partition) in self._partition_positions]

    def _decode(self, records: list[Record]) -> Batch:
        deliveries, undecodable = decoded(records, self._codec)
        return Batch(records, deliveries, undecodable, advance(self._partition_positions, records))

    def _handle(self, batch: Batch, still_wanted: StillWanted) -> Handled:
        """In the worker's thread."""
        handled = self._handling.handle(batch, still_wanted)
        self._positions.commit(handled.batch.spans)
        return handled

    def _drain_results(self) -> None:
        """What the worker has to say."""
        for _, answer in self._worker.answers():
            if isinstance(answer, Handled):
                self._to_mirror |= {partition: span.next for partition, span in answer.batch.spans.items()}
                if answer.halt is not None:
                    self._lose_place("halted")
            elif isinstance(answer, Fenced):
                metrics.FENCED.labels(self._processor.name).inc()
                self._lose_place("fenced")
            elif isinstance(answer, Located):
                self._located = answer
            elif isinstance(answer, Compared):
                self._comparing = False
                self._act_on_comparison(answer)

    def _act_on_comparison(self, compared: Compared) -> None:
        """Stored offsets that are not ours any more: as if fenced off, which an idle member would not notice."""
        if compared.moved:
            back = compared.moved_back()
            direction = "back" if back else "forward"
            metrics.POSITIONS_MOVED.labels(self._processor.name, direction).inc()
            log.error("positions_moved", direction=direction, partitions=len(compared.moved), moved_back=back)
            self._lose_place("positions_moved")
        elif compared.halt is not None:
            self._lose_place("halted")

    def _lose_place(self, reason: str) -> None:
        """Drop everything that is read but not under way, and ask anew where the partitions stand."""
        log.info("reading_positions", reason=reason, partitions=len(self._assigned))
        self._worker.drop()
        self._positions.forget_read()
        self._comparing = False
        for partition in self._partition_positions:
            self._consumer.hold(partition)
        self._partition_positions, self._located, self._identity = {}, None, _UNKNOWN
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
        known = frozenset(partition for partition in self._assigned if partition.topic in identity.topic_ids)

        def ask(still_wanted: StillWanted) -> Located:
            return Located(identity, self._handling.stored(identity, known, still_wanted))

        self._worker.give(ask)

    def _take_places(self, located: Located) -> None:
        # Kafka is asked after PostgreSQL: the log may have grown meanwhile, but not the other way round.
        known = [partition for partition in self._assigned if partition.topic in located.identity.topic_ids]
        bounds = self._consumer.bounds(known)
        position, lost = found(located.identity, located.stored, bounds, self._truncated)
        self._located, self._identity, self._truncated = None, located.identity, frozenset(lost) & self._truncated
        halt = located.stored.halt
        self._positions.take(
            {partition: Held(at.place, at.stored, at.next) for partition, at in position.items()}
            | {
                partition: Held(at.place, located.stored.offsets[partition], at.log_begin, lost=True)
                for partition, at in lost.items()
            }
        )
        self._look_at_cluster(located)
        self._state.stand(halt, {partition: at.reason for partition, at in lost.items()})
        self._state.waiting(None)
        if lost:
            begins = {at.place: at.log_begin for at in lost.values()}
            self._worker.give(lambda still_wanted: self._handling.lose(begins, still_wanted))
        if halt or lost or len(known) < len(self._assigned):
            self._look_again = self._clock() + self._settings.recheck
        if halt:
            return
        self._partition_positions = position
        for partition, at in position.items():
            self._consumer.seek(partition, at.next)

    def _look_at_cluster(self, located: Located) -> None:
        before, now = located.stored.other_cluster, located.identity.cluster_id
        if before is not None and now not in self._clusters_alarmed:
            self._clusters_alarmed.add(now)
            metrics.CLUSTER_CHANGED.labels(self._processor.name).inc()
            log.error("cluster_changed", before=before, now=now, effect="every topic is read from its beginning")

    def _compare_positions(self) -> None:
        """Have the worker see, every few seconds, whether PostgreSQL still has our offsets."""
        due = self._clock() >= self._compare_at or self._positions.is_suspect()
        if not due or not self._partition_positions or self._comparing:
            return
        self._compare_at, self._comparing = self._clock() + self._settings.recheck, True
        self._worker.give(self._compare)

    def _compare(self, current: StillWanted) -> Compared:
        """In the worker's thread, between two batches: what is committed is what is held."""
        held = {partition: at for partition, at in self._positions.held().items() if not at.lost}
        return self._handling.compare(held, current)

    def revoked(self, partitions: frozenset[Partition]) -> None:
        """What is queued is dropped, what is under way may finish. If it takes longer, it is fenced off."""
        self._worker.drop()
        if partitions and not self._worker.wait_until_idle(REVOKE_WAIT):
            log.info("revoked_in_mid_batch", partitions=len(partitions))
        self._assigned, self._partition_positions, self._located, self._unknown = frozenset(), {}, None, False
        self._look_again = None
        self._comparing = False
        self._to_mirror.clear()
        self._positions.drop()
        self._state.waiting("waits for its partitions")

    def assigned(self, partitions: frozenset[Partition]) -> None:
        """All of them have to be put in their place."""
        self._worker.drop()
        self._comparing = False
        self._assigned, self._partition_positions, self._located, self._unknown = partitions, {}, None, bool(partitions)
        log.info("assigned", partitions=len(partitions))
        if not partitions:
            self._state.waiting(None)  # there are more members than partitions

    def _housekeeping(self) -> None:
        """Have Kafka's offsets follow, and see how Kafka and the batch under way are, once in a while."""
        if self._clock() < self._slowly:
            return
        self._slowly = self._clock() + SLOWLY
        missing = [topic for topic in self._topics if self._consumer.topic_id(topic) is None]
        if not self._consumer.reachable():
            self._state.kafka("Kafka does not answer")
        else:
            self._state.kafka(f"Kafka lacks {', '.join(missing)}: run `hookline topics apply`" if missing else None)
        self._state.busy(self._worker.busy_for(), self._settings.batch_limit)
        if self._to_mirror:
            self._consumer.mirror(self._to_mirror)
            self._to_mirror = {}
        self._pass_over()

    def _pass_over(self) -> None:
        """Commit positions behind what holds no record, such as the marks of transactions: no record will do so."""
        ends: dict[Partition, int] = {}
        for partition, at in self._partition_positions.items():
            position = self._consumer.position(partition)
            if position is not None and position > at.next:
                ends[partition] = position
        if ends:
            batch = Batch([], [], [], advance_to(self._partition_positions, ends))
            self._worker.give(partial(self._handle, batch))

    def _finish(self) -> None:
        if self._worker.finish(self._settings.stop_timeout):
            self._handling.close()
        else:
            log.warning("stopped_in_mid_batch", effect="none: its transaction is not committed")
        try:
            self._drain_results()
        finally:
            if self._to_mirror:
                self._consumer.mirror_now(self._to_mirror, REVOKE_WAIT)
            self._consumer.close(5.0)
