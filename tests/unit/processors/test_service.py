"""What a processor says of itself: ready or frozen, and for how long work beside its consumer may be silent."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast
from uuid import UUID

import psycopg
import pytest

from processors.engine import service
from processors.engine.batch import PartitionId
from processors.engine.positions import Held, Positions
from processors.engine.processor import BACKGROUND_LIMIT, Background
from processors.engine.state import State
from runtime.admin import Readiness
from runtime.kafka.consumer import Partition
from runtime.kafka.ends import LogEnds
from runtime.kafka.topics import TopicShape
from runtime.loops import LoopWatch
from runtime.postgres import Connection
from runtime.process import StopSignal
from schemas.topics import Topic, redrive_topic
from tests.twins.clock import Clock

FROZEN = "the poll loop has given no sign of life for 61 s"


class Beats:
    """A database that keeps what the heartbeat writes."""

    def __init__(self) -> None:
        self.rows: list[tuple[Any, ...]] = []

    @contextmanager
    def transaction(self) -> Iterator[Beats]:
        yield self

    def execute(self, _query: str, values: tuple[Any, ...] = ()) -> None:
        if values:
            self.rows.append(values)

    def newest(self) -> tuple[str, str, str]:
        """State, reason and facts."""
        state, reason, facts = self.rows[-1][4:7]
        return state, reason, facts


class ReadyProcessor:
    name = "probe-service"
    topics = ()
    tells_freshness = True

    def readiness(self) -> Readiness:
        return Readiness(True)

    def group(self) -> str:
        return "g"

    def redrive(self) -> Topic:
        return redrive_topic(self.name)


def no_connection() -> Connection:
    raise psycopg.OperationalError("no server")


def heart_of(readiness: Callable[[], Readiness], positions: Positions, monkeypatch: pytest.MonkeyPatch) -> Beats:
    """What the heartbeat of a process writes when it beats once."""
    rounds: list[Any] = []
    monkeypatch.setattr(service, "periodic_task", lambda *given, **_: rounds.append(given[3]))
    service.heart("probe-service", readiness, positions, no_connection, StopSignal(), 60.0)
    beats = Beats()
    rounds[0](beats)
    return beats


def test_a_frozen_loop_is_not_ready_in_the_heartbeat_either(monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a poll loop that was registered, and all else well
    clock = Clock()
    watch, state = LoopWatch(clock), State("probe-service")
    state.waiting(None)
    watch.register("the poll loop", 60.0)
    readiness = service.readiness_of(cast(Any, ReadyProcessor()), state, watch)
    assert heart_of(readiness, Positions(), monkeypatch).newest()[:2] == ("ready", "ok")
    # When it gives no sign of life for longer than it may
    clock.now = 61.0
    # Then the process is not ready, and says why
    assert readiness() == Readiness(False, FROZEN)
    assert heart_of(readiness, Positions(), monkeypatch).newest()[:2] == ("not ready", FROZEN)
    watch.beat()
    assert readiness() == Readiness(True)


def test_a_lag_that_is_not_known_is_not_told_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a process that holds a partition, and has not asked Kafka where the log ends
    positions = Positions(monotonic=lambda: 10.0, now=lambda: 10.0)
    partition, topic_id = Partition("t", 0), UUID(int=7)
    positions.take({partition: Held(PartitionId("c", topic_id, 0), 5, 5)})
    beats = heart_of(lambda: Readiness(True), positions, monkeypatch)
    assert beats.newest()[2] == "{}"
    # When Kafka has told
    positions.note(LogEnds(4.0, {"t": TopicShape(topic_id, 1)}, {partition: 8}), positions.held())
    beats = heart_of(lambda: Readiness(True), positions, monkeypatch)
    assert json.loads(beats.newest()[2]) == {"lag_records": 3, "lag_seconds": 6.0}
    # And while its partitions are located anew it is not known either
    positions.drop()
    assert service.lag_facts(positions) == {}


def test_a_halt_is_told_as_before() -> None:
    state = State("probe-service")
    assert service.readiness_of(cast(Any, ReadyProcessor()), state, LoopWatch())() == state.readiness()


def test_the_thread_that_reads_the_lag_counts_as_frozen_within_half_a_minute() -> None:
    ends = cast(Any, None)
    works = service.reporting(cast(Any, ReadyProcessor()), ends, Positions(), no_connection, StopSignal(), 60.0)

    assert {work.name: work.limit for work in works} == {"lag": 30.0, "freshness": 60.0}
    assert service.heart("p", lambda: Readiness(True), Positions(), no_connection, StopSignal(), 60.0).limit == 60.0
    assert Background("calls", lambda: None).limit == BACKGROUND_LIMIT


def test_work_is_watched_by_its_own_limit() -> None:
    clock, begun, stop = Clock(), threading.Event(), StopSignal()
    watch = LoopWatch(clock)

    def stuck() -> None:
        begun.set()
        stop.wait(20)

    with service.running([Background("lag", stuck, 30.0)], stop, watch, timeout=20):
        assert begun.wait(20)
        clock.now = 29.0
        assert watch.frozen() is None
        clock.now = 31.0
        assert watch.frozen() == "lag has given no sign of life for 31 s"
        stop.set()
