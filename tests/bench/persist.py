"""persist against COPY: the same events into the same `events` with its indexes, and then all that persist does."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from operator import attrgetter
from pathlib import Path
from typing import Any

import psycopg

from deploy.local.child import Child
from runtime.kafka.producer import OutgoingRecord
from schemas import cloudevents
from schemas.codec import Codec
from schemas.ids import SchemaIds
from schemas.topics import TOPIC_OF
from tests.bench.figures import Bound, Figure, Series, once
from tests.bench.options import Options
from tests.bench.servers import BenchFailed, Servers, megabytes, servers, stop, wait_for
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
        publish(ours, 0, options.events)
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


def publish(ours: Servers, first: int, end: int) -> None:
    """Put the events of these numbers on their topics. Raises BenchFailed."""
    codec = Codec(SchemaIds.checked_in())
    ours.publish((_record(codec, number) for number in range(first, end)), batch=BATCH)


def _record(codec: Codec, number: int) -> OutgoingRecord:
    sent_event = event(number)
    key = sent_event.contact_phone.encode() if sent_event.contact_phone else None
    topic = TOPIC_OF[type(sent_event)].name
    return OutgoingRecord(topic, key, codec.encode(sent_event), cloudevents.headers(sent_event))


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
    with at_the_start(ours, processes) as (go, stored, children):
        began = go()
        wait_for(lambda: stored() >= events, f"persist has stored {events:,} events", *children, every=0.01)
        return events / (time.monotonic() - began)


@contextmanager
def at_the_start(
    ours: Servers, processes: int, *, checkout: Path | None = None, **settings: str
) -> Iterator[tuple[Callable[[], float], Callable[[], int], list[Child]]]:
    """Processes that have joined their group and wait to hear where to begin, which only PostgreSQL knows.

    `settings` as for `Servers.start`.

    Gives what lets them go, what tells how many events are stored, and the processes. So neither their start nor
    the group's rebalance is part of what is measured. On the way out: that each event is there, once.
    """
    own, superuser = ours.new_database("persist")
    with psycopg.connect(superuser) as gate, psycopg.connect(superuser, autocommit=True) as watch:
        gate.execute("LOCK TABLE consumer_offsets IN ACCESS EXCLUSIVE MODE")
        names = [f"persist-{number + 1}" for number in range(processes)]
        children = [
            ours.start(name, "-m", "ops", "process", "persist", checkout=checkout, POSTGRES__DSN=own, **settings)
            for name in names
        ]
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        try:
            wait_for(lambda: _number(watch, waiting) == processes, "all of persist wait at the start", *children)

            def go() -> float:
                gate.commit()
                return time.monotonic()

            def stored() -> int:
                return _number(watch, "SELECT coalesce(sum(next_offset), 0)::bigint FROM consumer_offsets")

            yield go, stored, children
        finally:
            for child in children:
                stop(child)
        if (rows := _number(watch, "SELECT count(*) FROM events")) != stored():
            raise BenchFailed(f"persist has read {stored():,} events, but stored {rows:,}")


def _number(connection: psycopg.Connection[Any], query: str) -> int:
    (value,) = connection.execute(query).fetchone() or (0,)
    return int(value)


def _memory(ours: Servers, options: Options) -> list[Figure]:
    """One process over all the events, its memory looked at twenty times."""
    options.note(f"persist: memory over {options.memory_events:,} events")
    publish(ours, options.events, max(options.events, options.memory_events))
    total = max(options.events, options.memory_events)
    samples: list[float] = []
    with at_the_start(ours, 1) as (go, stored, (child,)):
        go()
        for step in range(1, 21):
            wait_for(lambda step=step: stored() >= total * step / 20, f"{step} twentieths are stored", child)  # type: ignore[misc]
            samples.append(megabytes([child.pid]))
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
