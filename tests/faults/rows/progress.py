"""F9: what `sms.progress.v1` says of two nodes of ingest, of which each may spool, die and come back."""

from __future__ import annotations

from datetime import UTC, datetime

import psycopg

from tests.faults import ledger
from tests.faults.checker import Promise
from tests.faults.rows.registry import row
from tests.faults.run import Run
from tests.faults.services import Ingest

#: Seconds that Kafka or PostgreSQL stands still: longer than MARGIN in processors/persist/topic_progress.py.
FROZEN = 14.0
#: Seconds after which progress has to be there again, once everything is.
BEHIND = 90.0


@row(
    "F9",
    "two nodes: Kafka frozen, nodes killed -9 while they spool, PostgreSQL frozen; what sms.progress.v1 says meanwhile",
    rate=100.0,
    clients=40,
    starts=False,
    inject_processors=("frequent_progress",),
    promise=Promise(refused=None, slowest=12.0, progress=3),
)
def progress_of_two_nodes(run: Run) -> None:
    """It is never ahead of an event that was answered before, and goes on when all is well."""
    ledger.forget_nodes(run.db.superuser)
    second = run.other_node()
    for node in run.nodes:
        node.settings |= {"HOOKLINE_POSTGRES__DSN": run.db.server.dsn("ingest")}
        node.start()
    for node in run.nodes:
        node.wait_ready()
    run.start_load()
    _goes_on(run)
    faults = [_frozen_kafka, _killed_while_it_spools, _frozen_postgres]
    for fault in run.rng.sample(faults, len(faults)):
        fault(run, run.rng.choice([run.ingest, second]))
        run.sleep(run.rng.uniform(1.0, 5.0))
    _goes_on(run)


def _frozen_kafka(run: Run, _node: Ingest) -> None:
    run.cluster.freeze()
    run.wait(run.spooling, 10, "events are spooled")
    run.sleep(FROZEN)
    run.cluster.thaw()


def _killed_while_it_spools(run: Run, node: Ingest) -> None:
    """It stays away while Kafka comes back: what its spool holds is late for all that the other one brings."""
    run.cluster.freeze()
    run.wait(run.spooling, 10, "events are spooled")
    run.sleep(run.rng.uniform(0.5, 2.0))
    node.kill()
    run.cluster.thaw()
    run.sleep(FROZEN)
    node.start()
    node.wait_ready()


def _frozen_postgres(run: Run, node: Ingest) -> None:
    """Nobody hears that a node spools: it starts to while PostgreSQL is away."""
    run.db.freeze()
    run.sleep(1.0)
    run.cluster.freeze()
    run.wait(run.spooling, 10, "events are spooled")
    node.kill()
    run.sleep(FROZEN)
    run.db.thaw()
    run.cluster.thaw()
    run.sleep(run.rng.uniform(0.0, 3.0))
    node.start()
    node.wait_ready()


def _goes_on(run: Run) -> None:
    """Wait for a record of a time after now."""
    now = datetime.now(UTC)
    run.wait(lambda: _newest(run) > now, BEHIND, "sms.progress.v1 goes on")


def _newest(run: Run) -> datetime:
    with psycopg.connect(run.db.dsn) as connection:
        [(newest,)] = connection.execute("SELECT coalesce(max(at), 'epoch') FROM topic_progress").fetchall()
    assert isinstance(newest, datetime)
    return newest
