"""An ingest that cannot say what its spool holds: when the gate is unsure, and when the node itself is not ready."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from psycopg.conninfo import make_conninfo

from ingest.durable.spool.state import SharedState
from ingest.node.report import NodeReport, node_connection
from ingest.worker import IngestReadiness
from runtime import logs
from runtime.admin import Readiness
from tests.integration.test_certainty import PARTITIONS, Member, Node, World


@pytest.fixture
def world(postgres: Any) -> Iterator[World]:
    made = World(postgres)
    made.has_other_node = False
    yield made
    made.close()


def test_where_no_node_is_known_to_run_nothing_is_sure(world: World, tmp_path: Path) -> None:
    # Given nobody who has ever reported
    caught_up = Member(world, *range(PARTITIONS))
    caught_up.report()
    assert world.why == "no node of ingest is known to run"
    # Given the only one, stopped as it should be, which cannot report when it starts again
    node = Node(world, tmp_path, "n1")
    assert node.report.report()
    assert world.sure(caught_up)
    node.report.stopped()
    node.report.close()
    assert world.why == "no node of ingest is known to run"


def test_a_node_that_is_not_let_in_anywhere_is_not_ready(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure("ingest")
    state = SharedState(tmp_path / "state")
    dsn = [make_conninfo(world.postgres.dsn("ingest"), password="wrong")]
    report = NodeReport("n1", state, lambda: node_connection(dsn[0]))
    readiness = IngestReadiness(state, lambda: True, lambda: False)
    state.proven = state.spooling = 1
    assert readiness().ready
    # When PostgreSQL answers, and Kafka has not since the start
    assert not report.report()
    assert "node_never_reported" in capsys.readouterr().err
    assert readiness() == Readiness(False, "postgres_password_refused_and_no_kafka")
    # With Kafka stops reach the ledger; one that goes away later makes nobody refuse webhooks
    state.reached_kafka = 1
    assert readiness().ready
    # No PostgreSQL that answers: then the gate is not sure
    state.reached_kafka = 0
    dsn[0] = make_conninfo(dsn[0], host="127.0.0.1", port=1)
    assert not report.report()
    assert readiness().ready
    dsn[0] = world.postgres.dsn("ingest")
    assert report.report()
    assert (state.reported, readiness().ready) == (1, True)
    report.close()
