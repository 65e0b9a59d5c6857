"""What a node learns from PostgreSQL's answers, and says with its heartbeat."""

from __future__ import annotations

import errno
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ingest.durable.spool.state import SharedState
from ingest.node.report import NodeReport, NodeReporter
from ingest.postgres_clock import PostgresClock

NOW = 1_800_000_000.0


class Postgres:
    """The part of a connection that a report uses: it has the time NOW, and the node's clock moves as it answers."""

    def __init__(self) -> None:
        self.wall, self.takes = NOW, 0.0
        self.facts: list[dict[str, Any]] = []
        self.states: list[str] = []
        self.reports = 0  #: of the spool

    def execute(self, statement: str, values: Any = None) -> Postgres:
        if "INTO process_heartbeats" in statement:
            self.facts.append(json.loads(values[-1]))
            self.states.append(values[4])
        self.reports += "INTO ingest_nodes" in statement
        self.wall += self.takes
        return self

    def fetchall(self) -> list[tuple[datetime]]:
        return [(datetime.fromtimestamp(NOW, UTC),)]

    def close(self) -> None:
        pass


@pytest.fixture
def postgres() -> Postgres:
    return Postgres()


@pytest.fixture
def report(tmp_path: Path, postgres: Postgres) -> Iterator[NodeReport]:
    made = NodeReport(
        "n1",
        SharedState(tmp_path / "state"),
        lambda: postgres,  # type: ignore[arg-type, return-value] # the part of a Connection that it uses
        facts=lambda: {"quarantined": 7},  # type: ignore[arg-type] # a NodeFacts is called and no more
        postgres_clock=PostgresClock(tmp_path / "postgres-clock", "s1"),
        wall=lambda: postgres.wall,
    )
    yield made
    made.close()


@pytest.mark.parametrize("off", [600.0, -600.0, 0.0])
def test_the_heartbeat_says_how_far_the_clock_is_off(report: NodeReport, postgres: Postgres, off: float) -> None:
    postgres.wall = NOW + off
    assert report.report()
    assert postgres.facts == [{"quarantined": 7, "clock_off_seconds": off}]


def test_a_slow_answer_is_no_difference(report: NodeReport, postgres: Postgres) -> None:
    postgres.wall, postgres.takes = NOW - 10.0, 9.0
    assert report.report()
    assert postgres.facts[0]["clock_off_seconds"] == 0.0


def test_what_it_learns_the_whole_node_knows(report: NodeReport, tmp_path: Path) -> None:
    other = PostgresClock(tmp_path / "postgres-clock", "s1")
    assert other.now() is None
    assert report.report()
    now = other.now()
    assert now is not None
    assert 0 <= now / 1e6 - NOW < 60
    # Whose answer is not there any more
    report.close()
    assert other.now() is not None


def damaged(*_: object) -> Any:
    raise OverflowError("date value out of range")


def test_counts_that_cannot_be_reported_silence_neither_the_spool_nor_the_heartbeat(
    report: NodeReport, postgres: Postgres
) -> None:
    report._counts = damaged  # type: ignore[assignment]
    assert report.report()
    assert report.report()
    assert postgres.reports == 2
    assert len(postgres.facts) == 1


def test_facts_that_cannot_be_had_do_not_silence_the_spool(report: NodeReport, postgres: Postgres) -> None:
    report._facts = damaged  # type: ignore[assignment]
    assert report.report()
    assert (postgres.reports, postgres.facts) == (1, [])


def test_a_readiness_that_nobody_knows_is_said(report: NodeReport, postgres: Postgres) -> None:
    report._readiness = damaged
    assert report.report()
    assert postgres.states == ["not ready"]


def test_a_report_that_fails_is_no_end_of_reporting(report: NodeReport, postgres: Postgres) -> None:
    opened = report._open
    report._open = damaged
    assert not report.report()
    report._open = opened
    assert report.report()


def test_a_lock_that_cannot_be_asked_for_ends_no_thread(
    report: NodeReport, postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a disk that fails when the lock is asked for, the first time
    reporter = NodeReporter(report, tmp_path)
    take, failures = reporter._lock.take, [OSError(errno.ENOLCK, "No locks available")]

    def taken() -> bool:
        if failures:
            raise failures.pop()
        return take()

    monkeypatch.setattr(reporter._lock, "take", taken)
    monkeypatch.setattr("ingest.node.report.EVERY", 0.01)
    # Then the thread reports at its next turn
    reporter.start()
    deadline = time.monotonic() + 10
    while not postgres.reports and time.monotonic() < deadline:
        time.sleep(0.01)
    reporter.stop()
    assert postgres.reports
