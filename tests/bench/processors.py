"""Processes of a processor that stand ready before events that are on the topics already, and are let go together."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from deploy.local.child import Child
from runtime.kafka.producer import OutgoingRecord
from schemas import cloudevents
from schemas.codec import Codec
from schemas.ids import SchemaIds
from schemas.topics import TOPIC_OF
from tests.bench.servers import Servers, stop, wait_for
from tests.bench.webhooks import event

#: Events that are published at a time.
BATCH = 2_000

_WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
_HANDLED = "SELECT coalesce(sum(next_offset), 0)::bigint FROM consumer_offsets"


def publish(ours: Servers, first: int, end: int) -> None:
    """Put the events of these numbers on their topics. Raises BenchFailed."""
    codec = Codec(SchemaIds.checked_in())
    ours.publish((_record(codec, number) for number in range(first, end)), batch=BATCH)


def _record(codec: Codec, number: int) -> OutgoingRecord:
    sent_event = event(number)
    key = sent_event.contact_phone.encode() if sent_event.contact_phone else None
    topic = TOPIC_OF[type(sent_event)].name
    return OutgoingRecord(topic, key, codec.encode(sent_event), cloudevents.headers(sent_event))


@dataclass(frozen=True, slots=True)
class Started:
    """Processes of one processor, and the database that they write to."""

    processor: str
    children: Sequence[Child]
    go: Callable[[], None]  #: lets them go
    watch: psycopg.Connection[Any]  #: a superuser's

    def number(self, query: str) -> int:
        """The one number that `query` gives."""
        (value,) = self.watch.execute(query).fetchone() or (0,)
        return int(value)

    def handled(self) -> int:
        """How many events they have handled in all."""
        return self.number(_HANDLED)

    def wait_until(self, events: int) -> None:
        """Wait until they have handled so many. Raises BenchFailed."""
        what = f"{self.processor} has handled {events:,} events"
        wait_for(lambda: self.handled() >= events, what, *self.children, every=0.01)

    def rate(self, events: int) -> float:
        """Events a second, from the moment when they are let go to the last one's end."""
        began = time.monotonic()
        self.go()
        self.wait_until(events)
        return events / (time.monotonic() - began)


@contextmanager
def at_the_start(
    ours: Servers, processor: str, processes: int, *, checkout: Path | None = None, **settings: str
) -> Iterator[Started]:
    """Processes that have joined their group and wait to hear where to begin, which only PostgreSQL knows.

    So neither their start nor the group's rebalance is part of what is measured. `settings` as for `Servers.start`.
    """
    own, superuser = ours.new_database(processor)
    with psycopg.connect(superuser) as gate, psycopg.connect(superuser, autocommit=True) as watch:
        gate.execute("LOCK TABLE consumer_offsets IN ACCESS EXCLUSIVE MODE")
        names = [f"{processor}-{number + 1}" for number in range(processes)]
        children = [
            ours.start(name, "-m", "ops", "process", processor, checkout=checkout, POSTGRES__DSN=own, **settings)
            for name in names
        ]
        started = Started(processor, children, gate.commit, watch)
        try:
            what = f"all of {processor} wait at the start"
            wait_for(lambda: started.number(_WAITING) == processes, what, *children)
            yield started
        finally:
            for child in children:
                stop(child)
