"""Draining the spool: in order whatever fails, never removed before it is acknowledged, handed back when empty."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.durable.breaker import BreakerState, KafkaBreaker
from ingest.durable.replayer import LAST_ROWS, Replayer
from ingest.durable.spool.directory import ServiceDirectory, keep_reserve
from ingest.durable.spool.store import Spool
from ingest.durable.spool.turn import Turn
from ingest.durable.spool_queue import WINDOW_BYTES
from runtime.kafka.producer import NotPublished, OutgoingRecord, RefusedForGood
from tests.twins.clock import Clock
from tests.unit.ingest.spools import LIMIT, number_of, numbers, opened, record


class Kafka:
    """A KafkaProducer on a log of its own, each contact a partition. `fate` decides what becomes of a record."""

    def __init__(self) -> None:
        self.log: list[OutgoingRecord] = []
        self.up = True
        self.rounds: list[list[int]] = []
        #: (its outcome, whether it is in the log all the same): a time-out is unknown, not failed.
        self.fate: Callable[[OutgoingRecord], tuple[Exception | None, bool]] = lambda _: (None, True)

    def publish_all(
        self, records: Sequence[OutgoingRecord], *, timeout: float = 2.0
    ) -> list[NotPublished | RefusedForGood | None]:
        self.rounds.append([number_of(outgoing) for outgoing in records])
        fates: dict[tuple[str, bytes | None], tuple[Any, bool]] = {}
        for outgoing in records:  # a batch has one fate: that of the worst record in it
            fate = self.fate(outgoing) if self.up else (NotPublished("down"), False)
            worst = fates.setdefault((outgoing.topic, outgoing.key), fate)
            if worst[0] is None or isinstance(fate[0], RefusedForGood):
                fates[(outgoing.topic, outgoing.key)] = fate
        self.log += [outgoing for outgoing in records if fates[(outgoing.topic, outgoing.key)][1]]
        return [fates[(outgoing.topic, outgoing.key)][0] for outgoing in records]

    def answers(self) -> bool:
        return self.up

    def first_seen(self) -> list[int]:
        """The numbers in the log, without repeats."""
        return list(dict.fromkeys(map(number_of, self.log)))


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    service, spool = opened(tmp_path / "spool")
    yield spool
    spool.close()
    service.close()


@pytest.fixture
def kafka() -> Kafka:
    return Kafka()


@pytest.fixture
def clock() -> Clock:
    return Clock(1_000.0)


@pytest.fixture
def replayer(spool: Spool, kafka: Kafka, clock: Clock) -> Replayer:
    return Replayer(spool, kafka, answers=kafka.answers, reserve=0, clock=clock)


def steps(replayer: Replayer, spool: Spool, clock: Clock, most: int = 500) -> int:
    """Step, with time passing, until events go to Kafka again; how many it took."""
    for number in range(most):
        if not spool.spooling:
            return number
        replayer.step()
        clock.now += 0.25
    pytest.fail(f"not handed back after {most} steps; {spool.state.records} wait")


def test_everything_goes_out_in_order_and_new_events_go_to_kafka_again(
    spool: Spool, kafka: Kafka, replayer: Replayer, clock: Clock
) -> None:
    spool.append([record(n, key=f"k{n % 3}") for n in range(20)])
    steps(replayer, spool, clock)
    assert sorted(kafka.first_seen()) == list(range(20))
    for lane in range(3):
        assert [n for n in kafka.first_seen() if n % 3 == lane] == list(range(lane, 20, 3))
    assert numbers(spool) == []
    assert (spool.state.records, spool.state.breaker) == (0, BreakerState.CLOSED)


def test_a_replayer_has_only_so_many_bytes_in_memory(
    spool: Spool, kafka: Kafka, replayer: Replayer, clock: Clock
) -> None:
    spool.append([record(n, size=WINDOW_BYTES // 4) for n in range(9)])
    steps(replayer, spool, clock)
    assert kafka.first_seen() == list(range(9))
    assert [len(round_) for round_ in kafka.rounds] == [4, 4, 1]


def test_nothing_is_removed_while_kafka_is_down_and_it_is_asked_with_one_record(
    spool: Spool, kafka: Kafka, replayer: Replayer, clock: Clock
) -> None:
    kafka.up = False
    spool.append([record(n, key=f"k{n}") for n in range(50)])
    replayer.step()
    assert spool.state.breaker == BreakerState.OPEN
    for _ in range(20):
        replayer.step()  # no time passes: Kafka is left alone
    assert len(kafka.rounds) == 1
    for _ in range(8):
        clock.now += 2
        replayer.step()
    assert [len(round_) for round_ in kafka.rounds[1:]] == [1] * 8, "half open: one record each"
    assert numbers(spool) == list(range(50))
    # And when it is back, so is everything
    kafka.up = True
    clock.now += 2
    steps(replayer, spool, clock)
    assert kafka.first_seen() == list(range(50))


def test_topics_that_failed_are_tried_together_with_one_record_each(
    spool: Spool, kafka: Kafka, replayer: Replayer, clock: Clock
) -> None:
    kafka.up = False
    spool.append([record(n, key=f"k{n}", topic=f"t{n % 3}") for n in range(12)])
    replayer.step()
    kafka.rounds.clear()
    clock.now += 2
    replayer.step()
    assert kafka.rounds == [[0, 1, 2]], "a try that waits for its time-out holds up no other"
    kafka.up = True
    clock.now += 2
    replayer.step()
    assert kafka.rounds[1:] == [[0, 1, 2], list(range(3, 12))]
    assert not spool.spooling


def test_a_record_refused_for_good_is_set_aside_and_the_next_goes_through(
    spool: Spool, kafka: Kafka, replayer: Replayer, clock: Clock
) -> None:
    kafka.fate = lambda outgoing: (
        (RefusedForGood("MessageSizeTooLargeError"), False) if number_of(outgoing) == 1 else (None, True)
    )
    spool.append([record(n) for n in range(4)])
    steps(replayer, spool, clock)
    assert kafka.first_seen() == [0, 2, 3]
    with spool.turn() as turn:
        assert [(number_of(refused.row.record), refused.reason) for refused in turn.refused(9)] == [
            (1, "MessageSizeTooLargeError")
        ]


def test_a_topic_that_fails_does_not_keep_the_others(
    spool: Spool, kafka: Kafka, replayer: Replayer, clock: Clock
) -> None:
    # Given a topic that does not exist, in front of everything else
    kafka.fate = lambda outgoing: (
        (NotPublished("unknown topic"), False) if outgoing.topic == "missing" else (None, True)
    )
    spool.append([record(n, key=f"k{n}", topic="missing") for n in range(700)])
    spool.append([record(n, key=f"k{n}") for n in range(1_000, 1_010)])
    for _ in range(6):
        replayer.step()
        clock.now += 1
    # Then the others are through, in its absence
    assert [n for n in kafka.first_seen() if n >= 1_000] == list(range(1_000, 1_010))
    assert spool.state.records == 700
    assert spool.spooling
    # And once it is there, it follows
    kafka.fate = lambda _: (None, True)
    steps(replayer, spool, clock)
    assert spool.state.records == 0


def test_a_contact_that_is_not_confirmed_keeps_only_its_own(
    spool: Spool, kafka: Kafka, replayer: Replayer, clock: Clock
) -> None:
    kafka.fate = lambda outgoing: (NotPublished("no leader"), False) if outgoing.key == b"stuck" else (None, True)
    spool.append([record(n, key="stuck" if n % 2 else f"k{n}") for n in range(20)])
    replayer.step()
    assert kafka.first_seen() == list(range(0, 20, 2))
    assert numbers(spool) == list(range(1, 20, 2))
    # And what comes behind the stuck ones is not tried before them, though it be in a later window
    spool.append([record(100 + n, key="stuck", size=WINDOW_BYTES // 2) for n in range(4)])
    kafka.rounds.clear()
    replayer.step()
    assert {n for round_ in kafka.rounds for n in round_} <= {*range(1, 20, 2), 100, 101}


def test_an_empty_spool_is_handed_back_only_when_kafka_answers(
    spool: Spool, kafka: Kafka, replayer: Replayer, clock: Clock
) -> None:
    kafka.up = False
    for _ in range(5):
        replayer.step()
        clock.now += 1
        assert spool.spooling
    assert not spool.state.reached_kafka
    kafka.up = True
    clock.now += 2
    replayer.step()
    assert not spool.spooling
    assert (spool.state.proven, spool.state.reached_kafka) == (1, 1)


def test_while_events_keep_coming_they_are_handed_back_all_the_same(
    spool: Spool, kafka: Kafka, replayer: Replayer, clock: Clock
) -> None:
    # Given a worker that spools an event whenever a round goes out
    spool.append([record(0)])
    coming = iter(range(1, 10_000))
    publish_all = kafka.publish_all

    def while_publishing(records: Sequence[OutgoingRecord], *, timeout: float = 2.0) -> Any:
        if not spool._turn._thread.locked():  # nobody can while the last rows are published in a turn
            spool.append([record(next(coming))], only_while_spooling=True)
        return publish_all(records, timeout=timeout)

    kafka.publish_all = while_publishing  # type: ignore[method-assign]
    assert steps(replayer, spool, clock, most=20) < 20
    assert kafka.first_seen() == sorted(kafka.first_seen())
    assert numbers(spool) == []


def test_a_hand_back_that_did_not_last_makes_the_next_one_wait(
    spool: Spool, kafka: Kafka, replayer: Replayer, clock: Clock
) -> None:
    waits = []
    for number in range(6):
        spool.append([record(number)])
        replayer.begin()
        begun = clock.now
        steps(replayer, spool, clock)
        waits.append(clock.now - begun)
    assert waits[0] < 0.5
    assert waits == sorted(waits)
    assert 3.5 < waits[-1] < 5
    clock.now += 60
    spool.append([record(7)])
    replayer.begin()
    assert steps(replayer, spool, clock) == 1, "after it has lasted, all is forgotten"


def test_many_last_rows_are_not_published_in_a_turn(
    spool: Spool, kafka: Kafka, replayer: Replayer, clock: Clock
) -> None:
    spool.append([record(n, key=f"k{n}") for n in range(LAST_ROWS + 1)])
    assert not replayer._hand_back()
    assert kafka.rounds == []


class Crash(BaseException):
    """The process dies here."""


class Dying(sqlite3.Connection):
    """Dies before, or right after, the statement with a given number."""

    left = -1

    def execute(self, sql: str, *arguments: Any) -> sqlite3.Cursor:
        return self._counted(lambda: super(Dying, self).execute(sql, *arguments))

    def executemany(self, sql: str, *arguments: Any) -> sqlite3.Cursor:
        return self._counted(lambda: super(Dying, self).executemany(sql, *arguments))

    def _counted(self, run: Callable[[], sqlite3.Cursor]) -> sqlite3.Cursor:
        cls = type(self)
        cls.left -= 1
        if cls.left == 0:
            raise Crash
        cursor = run()
        cls.left -= 1
        if cls.left == 0:
            raise Crash
        return cursor


def test_a_crash_at_any_step_costs_duplicates_in_the_log_and_nothing_else(tmp_path: Path) -> None:
    """Every statement of a replay, before and after it, and every round, before and after it reached the log."""
    points = 0
    for place in range(1, 400):
        directory = tmp_path / str(place)
        kafka, clock = Kafka(), Clock(1_000.0)
        service, spool = opened(directory)
        spool.append([record(n, key=f"k{n % 4}") for n in range(9)])
        spool.close()
        # Given a replayer that dies at its step number `place`
        Dying.left = -1
        dying = Spool(directory, limit=LIMIT, connect=_dying)
        dying.in_turn(lambda turn: turn.is_empty())
        Dying.left = place
        died = False
        try:
            for _ in range(10):
                Replayer(dying, kafka, answers=kafka.answers, reserve=0, clock=clock).step()
        except Crash:
            died = True
        finally:
            Dying.left = -1
            dying.close()
            service.close()
        points += died
        # When the service starts again
        service, spool = opened(directory)
        steps(Replayer(spool, kafka, answers=kafka.answers, reserve=0, clock=clock), spool, clock)
        spool.close()
        service.close()
        # Then everything is in the log, each contact's in order
        assert sorted(kafka.first_seen()) == list(range(9)), place
        for lane in range(4):
            mine = [n for n in kafka.first_seen() if n % 4 == lane]
            assert mine == sorted(mine), place
        if not died:
            break
    else:
        pytest.fail("it never got to the end")
    assert points > 20


def _dying(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(file, isolation_level=None, check_same_thread=False, factory=Dying)


def test_on_a_full_disk_the_reserve_lets_it_drain(tmp_path: Path, kafka: Kafka, clock: Clock) -> None:
    class Full(sqlite3.Connection):
        full = False

        def execute(self, sql: str, *arguments: Any) -> sqlite3.Cursor:
            if sql == "COMMIT" and type(self).full and (tmp_path / "spool" / "reserve").exists():
                error = sqlite3.OperationalError("database or disk is full")
                error.sqlite_errorcode = sqlite3.SQLITE_FULL
                raise error
            return super().execute(sql, *arguments)

    service = ServiceDirectory(tmp_path / "spool", reserve=0)
    spool = Spool(
        tmp_path / "spool",
        limit=LIMIT,
        connect=lambda file: sqlite3.connect(file, isolation_level=None, check_same_thread=False, factory=Full),
    )
    spool.append([record(1)])
    keep_reserve(tmp_path / "spool", 100_000)
    Full.full = True
    Replayer(spool, kafka, answers=kafka.answers, reserve=100_000, clock=clock).step()
    assert (kafka.first_seen(), spool.state.records) == ([1], 0)
    spool.close()
    service.close()


def test_whoever_drains_finds_out_that_the_spool_can_be_written_again(
    spool: Spool, replayer: Replayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a spool whose last write failed, and nobody who writes or asks for readiness
    spool.append([record(1)])
    spool.state.failing = 1
    # When there is still no room, draining does not say that there is
    with monkeypatch.context() as patched:
        patched.setattr(Turn, "try_out", _no_room)
        assert replayer.step()
        assert spool.state.failing == 1
    # Then the next pass in which something moves finds out
    spool.append([record(2)])
    spool.state.failing = 1
    assert replayer.step()
    assert spool.state.failing == 0


def _no_room(_turn: Turn) -> None:
    raise sqlite3.OperationalError("database or disk is full")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), contacts=st.integers(1, 6), count=st.integers(1, 40))
def test_order_holds_whatever_kafka_does(
    tmp_path_factory: pytest.TempPathFactory, seed: int, contacts: int, count: int
) -> None:
    """Records are confirmed, lost, refused, or unknown: in the log though nobody was told. New ones come meanwhile."""
    chance = random.Random(seed)
    kafka, clock = Kafka(), Clock(1_000.0)
    service, spool = opened(tmp_path_factory.mktemp("spool") / "spool")
    refused: set[int] = set()

    def fate(outgoing_record: OutgoingRecord) -> tuple[Exception | None, bool]:
        drawn = chance.random()
        if drawn < 0.55:
            return None, True
        if drawn < 0.9:
            return NotPublished("unknown"), chance.random() < 0.5
        refused.add(number_of(outgoing_record))
        return RefusedForGood("size"), False

    kafka.fate = fate
    replayer = Replayer(spool, kafka, answers=kafka.answers, reserve=0, clock=clock)
    number = 0
    for _ in range(count):
        group = [record(number + n, key=f"k{chance.randrange(contacts)}") for n in range(chance.randrange(1, 5))]
        number += len(group)
        spool.append(group)
        if chance.random() < 0.5:
            replayer.step()
            clock.now += chance.random()
    steps(replayer, spool, clock, most=3_000)
    seen = kafka.first_seen()
    assert set(seen) | refused == set(range(number))
    keys = {number_of(outgoing): outgoing.key for outgoing in kafka.log}
    for key in set(keys.values()):
        mine = [n for n in seen if keys[n] == key]
        assert mine == sorted(mine)
    spool.close()
    service.close()


class TestBreaker:
    def test_it_waits_twice_as_long_after_each_failure_up_to_a_limit(self, clock: Clock) -> None:
        breaker = KafkaBreaker(clock, first=1, longest=5)
        pauses = []
        for _ in range(5):
            breaker.failed()
            begun = clock.now
            while breaker.state is BreakerState.OPEN:
                clock.now += 0.5
            pauses.append(clock.now - begun)
        assert pauses == [1, 2, 4, 5, 5]
        assert breaker.state is BreakerState.HALF_OPEN

    def test_a_success_closes_it(self, clock: Clock) -> None:
        breaker = KafkaBreaker(clock)
        assert breaker.state is BreakerState.CLOSED
        breaker.failed()
        clock.now += 10
        breaker.succeeded()
        assert breaker.state is BreakerState.CLOSED
        breaker.failed()
        assert breaker.state is BreakerState.OPEN
