"""persist against COPY: the same events into the same `events` with its indexes, and then all that persist does."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from operator import attrgetter
from pathlib import Path
from typing import Any

import psycopg

from tests.bench import processors
from tests.bench.figures import Bound, Figure, Series, once
from tests.bench.options import Options
from tests.bench.servers import BenchFailed, Servers, megabytes, servers
from tests.bench.webhooks import event

#: Rows in one transaction, of persist and of its limit.
BATCH = 2_000

COLUMNS = (
    "event_id", "event_type", "provider", "account", "contact_phone", "phone_valid", "account_phone", "occurred_at",
    "time_valid", "received_at", "is_test", "sanitised", "payload",
)  # fmt: skip
_COPY = f"COPY events ({', '.join(COLUMNS)}) FROM STDIN"
_row = attrgetter(*COLUMNS)

#: Share of the events after which memory counts as warm: caches are filled, every statement is planned.
WARM = 0.2


def run(options: Options) -> list[Figure]:
    """One process and two, in turns with COPY; then memory over a longer run."""
    with servers(options.note) as ours:
        options.note(f"persist: publishing {options.events:,} events")
        processors.publish(ours, 0, options.events)
        rows = [_row(event(number)) for number in range(options.events)]
        limit, single, two = [], [], []
        for number in range(options.rounds):
            options.note(f"persist: round {number + 1} of {options.rounds}")
            limit.append(_copy(ours, rows))
            single.append(_persist(ours, options.events, 1))
            two.append(_persist(ours, options.events, 2))
        del rows
        figures = _figures(*(Series(tuple(rates)) for rates in (limit, single, two)))
        return figures + (_memory(ours, options) if options.memory_events else [])


def _copy(ours: Servers, rows: Sequence[tuple[Any, ...]]) -> float:
    """Rows a second of plain COPY, a commit for each batch."""
    own, _ = ours.new_database("persist")
    with psycopg.connect(own) as connection:
        began = time.monotonic()
        for first in range(0, len(rows), BATCH):
            connection.execute("SET LOCAL synchronous_commit = off")  # as persist's
            with connection.cursor().copy(_COPY) as copy:
                for row in rows[first : first + BATCH]:
                    copy.write_row(row)
            connection.commit()
        return len(rows) / (time.monotonic() - began)


def _persist(ours: Servers, events: int, processes: int) -> float:
    """Events a second of so many processes of persist, from the first's beginning to the last one's end."""
    with at_the_start(ours, processes) as started:
        return started.rate(events)


@contextmanager
def at_the_start(
    ours: Servers, processes: int, *, checkout: Path | None = None, **settings: str
) -> Iterator[processors.Started]:
    """`processors.at_the_start` of persist; at the end, that each event is there, once."""
    with processors.at_the_start(ours, "persist", processes, checkout=checkout, **settings) as started:
        yield started
        rows, read = started.number("SELECT count(*) FROM events"), started.handled()
    if rows != read:
        raise BenchFailed(f"persist has read {read:,} events, but stored {rows:,}")


def _memory(ours: Servers, options: Options) -> list[Figure]:
    """One process over all the events, its memory looked at twenty times."""
    options.note(f"persist: memory over {options.memory_events:,} events")
    processors.publish(ours, options.events, max(options.events, options.memory_events))
    total = max(options.events, options.memory_events)
    samples: list[float] = []
    with at_the_start(ours, 1) as started:
        started.go()
        for step in range(1, 21):
            started.wait_until(total * step // 20)
            samples.append(megabytes([started.children[0].pid]))
    warm = samples[int(len(samples) * WARM) - 1]
    return [
        Figure(f"persist, memory over {total:,} events (PSS)", "MB", Series(tuple(samples))),
        Figure("persist, memory at the end / after a fifth", "", once(samples[-1] / warm), bound=Bound(most=1.1)),
    ]


def _figures(limit: Series, series: Series, two: Series) -> list[Figure]:
    return [
        Figure("persist, one process", "events/s", series, limit, "COPY into events", ratio_bound=Bound(least=0.10)),
        Figure("persist, two processes", "events/s", two, series, "one process", ratio_bound=Bound(least=1.25)),
    ]
