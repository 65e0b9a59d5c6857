"""From a webhook to its row, at a steady rate."""

from __future__ import annotations

from uuid import UUID

import psycopg

from tests.bench.figures import Bound, Figure, quantile
from tests.bench.ingest import start
from tests.bench.load import Sent, paced
from tests.bench.options import Options
from tests.bench.servers import servers, wait_for

RATE = 200.0  #: webhooks a second

#: Both clocks are this machine's wall clock: the generator's when a webhook was due, and PostgreSQL's at its row's
#: commit. That one is read just before the commit record is flushed to the disk, a millisecond or so early.
_COMMITTED = """
SELECT event_id, extract(epoch FROM pg_xact_commit_timestamp(xmin))::float8 FROM events WHERE event_id = ANY (%s)
"""


def run(options: Options) -> list[Figure]:
    """The median and the 99th percentile, beside those of the 200 of the very same webhooks."""
    rows: list[list[float]] = []
    answers: list[list[float]] = []
    with servers(options.note) as ours:
        own, superuser = ours.new_database("persist")
        port = start(ours, "ingest", "-m", "ops", "ingest")
        persist = ours.start("persist", "-m", "ops", "process", "persist", POSTGRES__DSN=own)
        with psycopg.connect(superuser, autocommit=True) as connection:

            def committed(sent: list[Sent]) -> list[tuple[Sent, float]]:
                ids = {UUID(webhook.event_id): webhook for webhook in sent}
                found = connection.execute(_COMMITTED, [list(ids)]).fetchall()
                return [(ids[event_id], at) for event_id, at in found] if len(found) == len(ids) else []

            for number in range(options.rounds + 1):
                options.note(f"latency: round {number} of {options.rounds}" if number else "latency: warming up")
                sent = paced(port, RATE, options.seconds if number else 2.0, 100 + number)
                landed = wait_for(lambda sent=sent: committed(sent), "every webhook has its row", persist, every=0.2)  # type: ignore[misc]
                if number:
                    rows.append([(at - webhook.due) * 1000 for webhook, at in landed])
                    answers.append([(webhook.answered - webhook.due) * 1000 for webhook in sent])
    return [
        _figure("p50", 0.50, rows, answers, Bound(most=60)),
        _figure("p99", 0.99, rows, answers, Bound(most=250)),
    ]


def _figure(name: str, share: float, rows: list[list[float]], answers: list[list[float]], bound: Bound) -> Figure:
    about = f"webhook to row at {RATE:g}/s, {name}"
    return Figure(about, "ms", quantile(share, rows), quantile(share, answers), "to its 200", bound=bound)
