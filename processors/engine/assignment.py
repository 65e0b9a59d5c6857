"""The partitions that this member of the group has, and where each of them stands.

Kafka says which partitions are ours, PostgreSQL where each was left, Kafka again whether that is still a place in its
log. Until all three are known nothing is read:

    unknown --PostgreSQL is asked--> asked --it answers--> located --Kafka has that place--> in place

What is known is one `_Placement`. Whatever makes it doubtful (a rebalance, a topic made anew, a position that moved)
replaces it by one that knows nothing, so no field of it can be forgotten.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from processors.engine.batch import Span
from processors.engine.partitions import PartitionPosition, advance, advance_to, found
from processors.engine.positions import Held, Positions
from processors.engine.state import State
from processors.engine.stored_positions import Compared, Located, StillWanted, StoredPositions
from processors.engine.worker import Worker
from runtime import logs, metrics
from runtime.kafka.consumer import Consumer, Identity, Partition, Record, Unanswered

log = logs.logger("processors.engine.assignment")

#: Seconds for the batch under way to be committed before its partitions are given up. Heartbeats wait meanwhile.
REVOKE_WAIT = 2.0
#: Seconds for Kafka to take the last offsets when the process stops.
MIRROR_WAIT = 2.0

_NO_IDENTITY = Identity("", {})


@dataclass(slots=True)
class _Placement:
    """What is known of where the partitions stand."""

    is_unknown: bool = False  #: PostgreSQL is to be asked
    located: Located | None = None  #: PostgreSQL's answer, until Kafka has been asked for the logs' bounds
    identity: Identity = _NO_IDENTITY  #: the cluster and topics that the positions are of
    positions: dict[Partition, PartitionPosition] = field(default_factory=dict)  #: of those that are being read
    look_again_at: float | None = None  #: when a halt may have been lifted, or a missing topic be there
    is_comparing: bool = False  #: the worker has been given the comparison with PostgreSQL


class Assignment:
    """The consumer's RebalanceListener. Used by the poll loop's thread, and by the client's while a poll waits for it.

    `recheck`: seconds between two comparisons with what PostgreSQL has, and between two looks at a halt.
    """

    def __init__(
        self,
        processor: str,
        topics: Sequence[str],
        consumer: Consumer,
        stored: StoredPositions,
        worker: Worker,
        positions: Positions,
        state: State,
        *,
        recheck: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._processor = processor
        self._topics = list(topics)
        self._consumer = consumer
        self._stored = stored
        self._worker = worker
        self._positions = positions
        self._state = state
        self._recheck = recheck
        self._clock = clock
        self._partitions: frozenset[Partition] = frozenset()
        self._truncated: frozenset[Partition] = frozenset()
        self._placement = _Placement()
        self._to_mirror: dict[Partition, int] = {}
        self._compare_at = 0.0
        self._clusters_alarmed: set[str] = set()

    @property
    def is_in_place(self) -> bool:
        """Whether any partition is being read."""
        return bool(self._placement.positions)

    def is_of_other_topics(self) -> bool:
        """Whether a topic was made anew since its partitions were put in place."""
        topic_ids = self._placement.identity.topic_ids
        return any(self._consumer.topic_id(name) not in (None, id) for name, id in topic_ids.items())

    def ours(self, records: Iterable[Record]) -> list[Record]:
        """Those of `records` whose partition is in place."""
        positions = self._placement.positions
        return [record for record in records if (record.topic, record.partition) in positions]

    def advance(self, records: Iterable[Record]) -> dict[Partition, Span]:
        """Go behind `records`, in order within each partition; the spans that committing them moves."""
        return advance(self._placement.positions, records)

    def advance_past_gaps(self) -> dict[Partition, Span]:
        """Go behind what holds no record, such as the marks of transactions: no record will take us there."""
        positions = self._placement.positions
        read_to = {partition: self._consumer.position(partition) for partition in positions}
        ends = {
            partition: end for partition, end in read_to.items() if end is not None and end > positions[partition].next
        }
        return advance_to(positions, ends)

    def committed(self, spans: Mapping[Partition, Span]) -> None:
        """The effects and the positions of `spans` are in PostgreSQL; Kafka has not been told yet."""
        self._to_mirror |= {partition: span.next for partition, span in spans.items()}

    def mirror(self) -> None:
        """Have Kafka's committed offsets follow."""
        if self._to_mirror:
            self._consumer.mirror(self._to_mirror)
            self._to_mirror = {}

    def mirror_now(self) -> None:
        """The same, waiting for Kafka's answer for a moment."""
        if self._to_mirror:
            self._consumer.mirror_now(self._to_mirror, MIRROR_WAIT)

    def truncate(self, partitions: frozenset[Partition]) -> None:
        """The logs of these no longer hold what was read from them: they are halted until an operator decides."""
        self._truncated |= partitions

    def lose_place(self, reason: str) -> None:
        """Drop everything that is read but not under way, and ask anew where the partitions stand."""
        log.info("reading_positions", reason=reason, partitions=len(self._partitions))
        self._worker.drop()
        self._positions.forget_read()
        for partition in self._placement.positions:
            self._consumer.hold(partition)
        self._begin(self._partitions)

    def locate(self) -> None:
        """Go on towards having every partition in its place: where PostgreSQL says, if its log has that place."""
        placement = self._placement
        try:
            if placement.is_unknown:
                self._ask_postgres(self._consumer.identity(self._topics))
            elif placement.located is not None:
                self._take_places(placement.located)
            elif placement.look_again_at is not None and self._clock() >= placement.look_again_at:
                self.lose_place("looking_again")
        except Unanswered as error:
            self._state.waiting(f"Kafka does not answer: {error}")

    def located(self, answer: Located) -> None:
        """PostgreSQL has answered where the partitions stand."""
        self._placement.located = answer

    def compare(self) -> None:
        """Have the worker see, once in a while, whether PostgreSQL still has our offsets."""
        due = self._clock() >= self._compare_at or self._positions.is_suspect()
        if not due or not self.is_in_place or self._placement.is_comparing:
            return
        self._compare_at, self._placement.is_comparing = self._clock() + self._recheck, True
        self._worker.give(self._compare)

    def compared(self, answer: Compared) -> None:
        """Stored offsets that are not ours any more: as if fenced off, which an idle member would not notice."""
        self._placement.is_comparing = False
        if answer.moved:
            back = answer.moved_back()
            if not back:  # else it is counted where the restore is noted
                metrics.POSITIONS_MOVED.labels(self._processor, "forward").inc()
            log.error("positions_moved", partitions=len(answer.moved), moved_back=back)
            self.lose_place("positions_moved")
        elif answer.halt is not None:
            self.lose_place("halted")

    def revoked(self, partitions: frozenset[Partition]) -> None:
        """What is queued is dropped, what is under way may finish. If it takes longer, it is fenced off."""
        self._worker.drop()
        if partitions and not self._worker.wait_until_idle(REVOKE_WAIT):
            log.info("revoked_in_mid_batch", partitions=len(partitions))
        self._begin(frozenset())
        self._to_mirror.clear()
        self._positions.drop()
        self._state.waiting("waits for its partitions")

    def assigned(self, partitions: frozenset[Partition]) -> None:
        """All of them have to be put in their place."""
        self._worker.drop()
        self._begin(partitions)
        log.info("assigned", partitions=len(partitions))
        if not partitions:
            self._state.waiting(None)  # there are more members than partitions

    def _begin(self, partitions: frozenset[Partition]) -> None:
        self._partitions = partitions
        self._placement = _Placement(is_unknown=bool(partitions))

    def _ask_postgres(self, identity: Identity) -> None:
        self._placement.is_unknown = False
        self._worker.give(partial(self._stored.read, identity, self._known(identity)))

    def _known(self, identity: Identity) -> frozenset[Partition]:
        """The partitions whose topics exist."""
        return frozenset(partition for partition in self._partitions if partition.topic in identity.topic_ids)

    def _take_places(self, located: Located) -> None:
        # Kafka is asked after PostgreSQL: the log may have grown meanwhile, but not the other way round.
        identity, stored = located.identity, located.stored
        known = self._known(identity)
        positions, lost = found(identity, stored, self._consumer.bounds(known), self._truncated)
        self._truncated &= lost.keys()
        in_place = {partition: Held(at.place, at.stored, at.next) for partition, at in positions.items()}
        out_of_place = {
            partition: Held(at.place, stored.offsets[partition], at.log_begin, lost=True)
            for partition, at in lost.items()
        }
        self._positions.take(in_place | out_of_place)
        self._alarm_other_cluster(stored.other_cluster, identity.cluster_id)
        self._state.stand(stored.halt, {partition: at.reason for partition, at in lost.items()})
        self._state.waiting(None)
        if lost:
            self._worker.give(partial(self._stored.lose, {at.place: at.log_begin for at in lost.values()}))
        is_incomplete = bool(stored.halt or lost or len(known) < len(self._partitions))
        self._placement = _Placement(
            identity=identity,
            positions={} if stored.halt else positions,
            look_again_at=self._clock() + self._recheck if is_incomplete else None,
        )
        for partition, at in self._placement.positions.items():
            self._consumer.seek(partition, at.next)

    def _alarm_other_cluster(self, before: str | None, now: str) -> None:
        if before is not None and now not in self._clusters_alarmed:
            self._clusters_alarmed.add(now)
            metrics.CLUSTER_CHANGED.labels(self._processor).inc()
            log.error("cluster_changed", before=before, now=now, effect="every topic is read from its beginning")

    def _compare(self, still_wanted: StillWanted) -> Compared:
        """In the worker's thread, between two batches: what is committed is what is held."""
        held = {partition: at for partition, at in self._positions.held().items() if not at.lost}
        return self._stored.compare(held, still_wanted)
