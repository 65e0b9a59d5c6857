"""What a node learns from PostgreSQL's answers, and says with its heartbeat."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ingest.durable.spool.state import SharedState
from ingest.node.report import NodeReport
from ingest.postgres_clock import PostgresClock

NOW = 1_800_000_000.0


class Postgres:
    """The part of a connection that a report uses: it has the time NOW, and the node's clock moves as it answers."""

    def __init__(self) -> None:
        self.wall, self.takes = NOW, 0.0
        self.facts: list[dict[str, Any]] = []

    def execute(self, statement: str, values: Any = None) -> Postgres:
        if "INTO process_heartbeats" in statement:
            self.facts.append(json.loads(values[-1]))
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
