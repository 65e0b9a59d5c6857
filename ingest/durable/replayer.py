"""Draining the spool into Kafka, in order, and handing new events back to Kafka when it is empty.

Every worker has a replayer; the one that gets the drain lock works. What it holds on to:

1. A row is removed only when every in-sync replica has its record, or Kafka has refused it for good (then it is kept
   aside). A crash in between costs a duplicate in the log, never a record.
2. A round's records of one partition arrive in order, up to the first that is not confirmed (`KafkaProducer`), and
   what follows is not sent before it is. Whatever fails, times out or arrives late, no record is overtaken by a later
   one of the same contact.
3. A topic that fails is left alone for a while and then probed with a single record (`breaker.py`); the others go on.
   A contact whose record was not confirmed waits for the next pass; the others go on.
4. New events are handed back in a turn of the spool, with the last rows published while nobody can add one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from ingest.durable.breaker import BreakerState, KafkaBreaker
from ingest.durable.spool.database import SpoolRescued, SpoolUnavailable
from ingest.durable.spool.directory import give_reserve, keep_reserve
from ingest.durable.spool.row import SpooledRow
from ingest.durable.spool.store import Spool
from ingest.durable.spool.turn import Turn
from ingest.durable.spool_queue import SpoolQueue
from runtime import metrics, tracing
from runtime.kafka.producer import BulkProducer, NotPublished, RefusedForGood
from runtime.logs import logger

log = logger("ingest.durable.replayer")

#: Seconds that Kafka has for one round.
ROUND_TIMEOUT = 2.0
#: The most rows that are published while other workers wait for the turn, and the seconds that they may wait.
LAST_ROWS = 100
LAST_ROWS_TIMEOUT = 0.5
#: Seconds that new events keep queueing after a hand-back that did not last: doubled each time, up to the longest.
HOLD_OFF, LONGEST_HOLD_OFF = 0.5, 4.0
#: Seconds after which a hand-back has lasted.
LASTED = 10.0
#: Bytes of an empty database file from which on its disk space is given back.
SHRINK_ABOVE = 32 * 1024 * 1024

ContactQueue = tuple[str, bytes | None]


@dataclass(slots=True)
class _Pass:
    """One walk through the spool from its head."""

    #: Contacts' queues with a record that was not confirmed: what follows it must wait.
    blocked: set[ContactQueue] = field(default_factory=set)
    #: Topics that are left alone.
    down: set[str] = field(default_factory=set)
    moved: int = 0  #: rows that have left the spool
    left: int = 0  #: rows that were seen and stay

    def waits(self, row: SpooledRow) -> bool:
        return row.record.topic in self.down or (row.contact_queue in self.blocked and row.record.key is not None)


class Replayer:
    """Drains one spool. One thread uses it."""

    def __init__(
        self,
        spool: Spool,
        producer: BulkProducer,
        *,
        answers: Callable[[], bool],
        reserve: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`answers`: whether Kafka does, for when there is no record to try it with. `reserve`: see keep_reserve."""
        self._spool = spool
        self._backlog = SpoolQueue(spool)
        self._producer = producer
        self._answers = answers
        self._reserve = reserve
        self._clock = clock
        self._breakers: dict[str, KafkaBreaker] = {}
        self._suspects: set[int] = set()  # rows that were refused for good together with others
        self._idle = KafkaBreaker(clock)  # for an empty spool: whether Kafka answers at all
        self._handed_back_at = float("-inf")
        self._hold_off = 0.0
        self._diverted_at = clock()

    def begin(self) -> None:
        """New events have begun to queue: decide how long they shall at least."""
        self._diverted_at = now = self._clock()
        if now - self._handed_back_at < LASTED:
            self._hold_off = min(self._hold_off * 2 or HOLD_OFF, LONGEST_HOLD_OFF)
        else:
            self._hold_off = 0.0

    def step(self) -> bool:
        """One pass through the spool, and the hand-back if it may be; whether anything was achieved.

        Raises SpoolUnavailable.
        """
        walk = self._walk()
        handed_back = walk.left == 0 and not walk.down and self._hand_back()
        self._spool.state.breaker = BreakerState.CLOSED if handed_back else self._worst()
        self._spool.state.proven = 1
        moved = handed_back or walk.moved > 0
        if moved:
            self._spool.state.reached_kafka = 1
        if moved and self._spool.state.failing:
            self._spool.works()  # a write failed, and draining has made room: whether that is so is tried out
        return moved

    def _worst(self) -> BreakerState:
        """What the node's breaker looks like: open as long as nothing gets through."""
        states = [breaker.state for breaker in (*self._breakers.values(), self._idle)]
        if BreakerState.OPEN in states:
            return BreakerState.OPEN
        return BreakerState.HALF_OPEN

    def _walk(self) -> _Pass:
        walk = _Pass()
        for topic, breaker in self._breakers.items():
            if breaker.state is BreakerState.OPEN:
                walk.down.add(topic)
        place, end = self._backlog.bounds()  # what comes meanwhile is for the next pass
        while window := self._backlog.window(place, end, walk.down):
            place = window[-1].id
            before = walk.moved
            self._drain(window, walk)
            walk.left += len(window) - (walk.moved - before)
        return walk

    def _drain(self, window: Sequence[SpooledRow], walk: _Pass) -> None:
        """Publish `window` in rounds, and take what has arrived out of the spool, in one turn: others wait."""
        waiting: Sequence[SpooledRow] = window
        arrived: list[SpooledRow] = []
        refused: list[tuple[SpooledRow, str]] = []
        while waiting:
            round_, waiting = self._next_round(waiting, walk)
            if round_:
                now_arrived, now_refused = self._publish(round_, walk, ROUND_TIMEOUT)
                arrived += now_arrived
                refused += now_refused
        self._take_out(arrived, refused)
        walk.moved += len(arrived) + len(refused)

    def _next_round(self, rows: Sequence[SpooledRow], walk: _Pass) -> tuple[list[SpooledRow], Sequence[SpooledRow]]:
        """The rows that go now, and those that come after them.

        Of a topic that failed goes one row, to try it: all such topics are tried at once. A row that was refused in
        company, which may be the company's fault, goes alone.
        """
        now: list[SpooledRow] = []
        later: list[SpooledRow] = []
        tried: set[str] = set()
        for place, row in enumerate(rows):
            topic = row.record.topic
            if walk.waits(row):
                continue
            if topic in tried:
                later.append(row)
            elif row.id in self._suspects:
                return (now, [*later, *rows[place:]]) if now else ([row], [*later, *rows[place + 1 :]])
            else:
                now.append(row)
                if self._breaker(topic).state is BreakerState.HALF_OPEN:
                    tried.add(topic)
        return now, later

    def _publish(
        self, rows: Sequence[SpooledRow], walk: _Pass, timeout: float
    ) -> tuple[list[SpooledRow], list[tuple[SpooledRow, str]]]:
        """Publish `rows`: which have arrived, and which are refused for good. The others' queues are blocked."""
        begun_ns = time.time_ns()
        outcomes = self._producer.publish_all([row.sent for row in rows], timeout=timeout)
        done: list[SpooledRow] = []
        refused: list[tuple[SpooledRow, str]] = []
        answered = set()
        for row, outcome in zip(rows, outcomes, strict=True):
            if not isinstance(outcome, NotPublished):
                answered.add(row.record.topic)
            if outcome is None:
                done.append(row)
            elif isinstance(outcome, RefusedForGood) and len(rows) == 1:
                refused.append((row, str(outcome)))
                self._suspects.discard(row.id)
            else:
                walk.blocked.add(row.contact_queue)
                if isinstance(outcome, RefusedForGood):
                    self._suspects.add(row.id)
        if tracing.is_on():
            _trace(done, begun_ns)
        self._suspects.difference_update(row.id for row in done)
        for topic in {row.record.topic for row in rows}:
            if topic in answered:
                self._breaker(topic).succeeded()
            else:
                self._fail(topic, walk)
        if answered:
            self._idle.succeeded()
        return done, refused

    def _fail(self, topic: str, walk: _Pass) -> None:
        breaker = self._breaker(topic)
        if breaker.state is BreakerState.CLOSED:
            log.warning("topic_not_answering", topic=topic)
        breaker.failed()
        walk.down.add(topic)

    def _breaker(self, topic: str) -> KafkaBreaker:
        if topic not in self._breakers:
            self._breakers[topic] = KafkaBreaker(self._clock)
        return self._breakers[topic]

    def _take_out(self, done: Sequence[SpooledRow], refused: Sequence[tuple[SpooledRow, str]]) -> None:
        """Remove what has arrived; on a full disk, with the help of the reserve."""
        try:
            self._spool.in_turn(lambda turn: _take_out(turn, done, refused))
        except SpoolUnavailable:
            if not give_reserve(self._spool.directory):
                raise
            log.error("spool_reserve_used")
            self._spool.in_turn(lambda turn: _take_out(turn, done, refused))

    def _hand_back(self) -> bool:
        """Let new events go to Kafka again, if that can be; whether they do."""
        if self._clock() - self._diverted_at < self._hold_off or not self._kafka_answers():
            return False
        try:
            with self._spool.turn() as turn:
                if not self._finish(turn):
                    return False
                turn.shrink(SHRINK_ABOVE)
                if not turn.hand_back():
                    return False
        except SpoolRescued:
            return False
        self._handed_back_at = self._clock()
        keep_reserve(self._spool.directory, self._reserve)
        log.info("spool_handed_back", seconds=round(self._handed_back_at - self._diverted_at, 3))
        return True

    def _kafka_answers(self) -> bool:
        """Whether it does; an empty spool gives no record to try it with, so it is asked, but not all the time."""
        if self._idle.state is BreakerState.OPEN:
            return False
        if self._answers():
            self._idle.succeeded()
            return True
        self._idle.failed()
        return False

    def _finish(self, turn: Turn) -> bool:
        """Publish the last rows while nobody can add one; whether none is left."""
        waiting: Sequence[SpooledRow] = turn.first(LAST_ROWS + 1)
        if len(waiting) > LAST_ROWS:
            return False
        walk = _Pass()
        deadline = self._clock() + LAST_ROWS_TIMEOUT
        arrived: list[SpooledRow] = []
        refused: list[tuple[SpooledRow, str]] = []
        while waiting and (remaining := deadline - self._clock()) > 0:
            round_, waiting = self._next_round(waiting, walk)
            if round_:
                now_arrived, now_refused = self._publish(round_, walk, remaining)
                arrived += now_arrived
                refused += now_refused
        _take_out(turn, arrived, refused)
        return turn.is_empty()


def _trace(done: Iterable[SpooledRow], begun_ns: int) -> None:
    """A span for each record of a trace that has arrived; `begun_ns`: when its round began."""
    for row in done:
        parent = tracing.parent_of(row.record.headers)
        if parent is not None:
            tracing.record_span("replay from spool", parent, begun_ns, topic=row.record.topic)


def _take_out(turn: Turn, done: Sequence[SpooledRow], refused: Iterable[tuple[SpooledRow, str]]) -> None:
    if done:
        turn.remove(done)
        metrics.REPLAYED.inc(len(done))
    for row, reason in refused:
        turn.set_aside([(row, reason)])
        metrics.REFUSED_FOR_GOOD.labels(reason).inc()
        log.error("record_refused_for_good", topic=row.record.topic, reason=reason, size=row.size)
