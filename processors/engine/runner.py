"""How a processor lives: poll, decode, handle, commit.

Two threads share the work, so that fetching and decoding go on beside the database's work:

    this one    poll -> decode -> [queue] ..................... -> Kafka's committed offsets follow, as a mirror
    the worker                    [queue] -> handle + commit ->

PostgreSQL is the truth about progress: a batch's effects and the offsets behind it are one transaction, which
moves each offset only from where the batch began (`Progress.move`). Whoever is no longer the owner of a partition
finds the offset elsewhere, is `Fenced`, drops the batch and reads the positions again. So a record may be handled
many times, and its effect is there once.

The transaction itself is `Handling.handle`; which partitions are ours, and where each begins, is `Assignment`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from processors.engine.assignment import Assignment
from processors.engine.batch import Batch, decoded
from processors.engine.handling import Handled, Handling
from processors.engine.positions import Positions
from processors.engine.processor import Processor
from processors.engine.progress import Fenced
from processors.engine.state import State
from processors.engine.stored_positions import Compared, Located, StillWanted
from processors.engine.worker import Worker
from runtime import logs, metrics
from runtime.kafka.consumer import AccessWithdrawn, Consumer, LogTruncated, OffsetGone, Record
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


def topics_of(processor: Processor[Any] | type[Processor[Any]]) -> list[str]:
    """The names of all topics that `processor` reads: its own, and the one that its dead letters return on."""
    return [*(topic.name for topic in processor.topics), processor.redrive().name]


class Runner:
    """Runs one processor until it is told to stop."""

    def __init__(
        self,
        processor: Processor[Any],
        consumer: Consumer,
        assignment: Assignment,
        handling: Handling,
        worker: Worker,
        *,
        codec: Codec,
        state: State,
        stop: StopSignal,
        positions: Positions,
        watch: LoopWatch,
        topics: Sequence[str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._processor = processor
        self._settings = processor.settings
        self._consumer = consumer
        self._assignment = assignment
        self._handling = handling
        self._worker = worker
        self._codec = codec
        self._state = state
        self._stop = stop
        self._positions = positions
        self._watch = watch
        self._topics = list(topics)
        self._clock = clock
        self._slowly = 0.0
        self._withdrawn: str | None = None  #: what Kafka no longer allows

    def run(self) -> None:
        """Poll, decode, handle, commit, until told to stop; then finish what is under way and leave the group.

        Raises OurBug, uncommitted, and what Kafka refuses before it has let us in once (authorization, say).
        """
        self._watch.register("the poll loop", POLL_LOOP_LIMIT)
        self._consumer.subscribe(self._topics, self._assignment)
        self._worker.start()
        try:
            while not self._stop.is_set():
                self._watch.beat()
                self._drain_results()
                self._assignment.locate()
                if records := self._poll():
                    self._queue(self._decode(records))
                self._assignment.compare()
                self._housekeeping()
        finally:
            self._stop.set()
            self._watch.leave()
            self._finish()

    # A batch's life, in order.

    def _poll(self) -> list[Record]:
        """What has arrived of the partitions that are in place; nothing while the queue is full."""
        try:
            records = self._polled()
        except AccessWithdrawn as error:
            self._withdrawn = f"Kafka no longer allows this: {error}. See its ACLs, HOOKLINE_KAFKA__SASL_..."
            self._stop.wait(SLOWLY)
            return []
        self._withdrawn = None
        return records

    def _polled(self) -> list[Record]:
        if not self._worker.wait_for_room(self._settings.queued_batches, POLL):
            # The group hears from us, and takes partitions away if it has to, but nothing more is fetched.
            self._consumer.pause()
            self._consumer.poll(0)
            self._consumer.resume()
            return []
        try:
            records = self._consumer.poll(POLL if self._assignment.is_in_place else POLL / 10)
        except LogTruncated as truncated:
            self._assignment.truncate(truncated.partitions)
            self._assignment.lose_place("log_truncated")
            return []
        except OffsetGone:
            self._assignment.lose_place("offset_out_of_range")
            return []
        if self._assignment.is_of_other_topics():
            self._assignment.lose_place("topic_made_anew")
            return []
        return self._assignment.ours(records)

    def _decode(self, records: list[Record]) -> Batch:
        deliveries, undecodable = decoded(records, self._codec)
        return Batch(records, deliveries, undecodable, self._assignment.advance(records))

    def _queue(self, batch: Batch) -> None:
        self._positions.read(batch)
        self._worker.give(partial(self._handle, batch))

    def _handle(self, batch: Batch, still_wanted: StillWanted) -> Handled:
        """In the worker's thread: one transaction that holds the effects and moves the offsets."""
        handled = self._handling.handle(batch, still_wanted)
        self._positions.commit(handled.batch.spans)
        return handled

    def _drain_results(self) -> None:
        """Act on what the worker has done: commits are mirrored to Kafka, doubts have the positions read anew."""
        for _, result in self._worker.answers():
            match result:
                case Handled():
                    self._assignment.committed(result.batch.spans)
                    if result.halt is not None:
                        self._assignment.lose_place("halted")
                case Fenced():
                    metrics.FENCED.labels(self._processor.name).inc()
                    self._assignment.lose_place("fenced")
                case Located():
                    self._assignment.located(result)
                case Compared():
                    self._assignment.compared(result)

    # What goes on beside the batches.

    def _housekeeping(self) -> None:
        """Have Kafka's offsets follow, and see how Kafka and the batch under way are, once in a while."""
        if self._clock() < self._slowly:
            return
        self._slowly = self._clock() + SLOWLY
        missing = [topic for topic in self._topics if self._consumer.lacks(topic)]
        if self._withdrawn is not None:
            self._state.kafka(self._withdrawn)
        elif not self._consumer.reachable():
            self._state.kafka("Kafka does not answer")
        else:
            self._state.kafka(f"Kafka lacks {', '.join(missing)}: run `hookline topics apply`" if missing else None)
        self._state.busy(self._worker.busy_for(), self._settings.batch_limit)
        self._assignment.mirror()
        if spans := self._assignment.advance_past_gaps():
            self._worker.give(partial(self._handle, Batch([], [], [], spans)))

    def _finish(self) -> None:
        if self._worker.finish(self._settings.stop_timeout):
            self._handling.close()
        else:
            log.warning("stopped_in_mid_batch", effect="none: its transaction is not committed")
        try:
            self._drain_results()
        finally:
            self._assignment.mirror_now()
            self._consumer.close(5.0)
