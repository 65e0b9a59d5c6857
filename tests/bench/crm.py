"""crm-sync against what its calls allow: a CRM that takes 50 ms for each, knows every contact and sets no limit."""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence
from contextlib import suppress

import psutil
import psycopg

from deploy.local.child import Child
from deploy.local.ports import HOST, free_ports
from processors.crm_sync.enqueue import take_in
from processors.crm_sync.settings import CrmSettings
from runtime.postgres import connect
from schemas.events import Event
from tests.bench.figures import Bound, Figure, Series
from tests.bench.options import Options
from tests.bench.servers import Servers, servers, stop, wait_for
from tests.bench.slow_crm import ANSWERS_AFTER
from tests.twins.events import at, message

#: Contacts; and so many events for persist make one note here, of which there is little to do at once.
CONTACTS, ONE_OF = 400, 25
#: Calls at once, as they are when nobody sets it.
AT_ONCE = int(CrmSettings.model_fields["calls_at_once"].default)

_KNOWN = """
INSERT INTO crm_links (target, kind, key, remote_id)
SELECT 'rest', 'contact', contact_phone, 'c' || row_number() OVER () FROM crm_lanes
"""
_DONE = "SELECT count(*) FROM crm_deliveries WHERE status = 'done'"


def run(options: Options) -> list[Figure]:
    """Notes a second, and what each costs crm-sync itself."""
    rates, costs = [], []
    count = options.events // ONE_OF
    with servers(options.note) as ours:
        (port,) = free_ports(1)
        slow = ours.start("slow-crm", "-m", "tests.bench.slow_crm", str(port))
        wait_for(lambda: _listens(port), "the CRM listens", slow)
        for number in range(options.rounds):
            options.note(f"crm: round {number + 1} of {options.rounds}")
            rate, cost = _round(ours, port, [_note(number) for number in range(count)])
            rates.append(rate)
            costs.append(cost)
    limit = Series((AT_ONCE / ANSWERS_AFTER,) * len(rates))
    about = f"{AT_ONCE} calls at once, {ANSWERS_AFTER * 1000:.0f} ms each"
    return [
        Figure("crm-sync, known contacts", "notes/s", Series(tuple(rates)), limit, about, ratio_bound=Bound(least=0.8)),
        Figure("crm-sync, its CPU time for a note", "ms", Series(tuple(costs))),
    ]


def _note(number: int) -> Event:
    return message(
        key=f"bench:{number}",
        text=f"Is the job still open? {number}",
        contact_phone=f"+1303{5_000_000 + number % CONTACTS}",
        occurred_at=at(number / 60),
    )


def _round(ours: Servers, port: int, events: Sequence[Event]) -> tuple[float, float]:
    """Notes a second, and milliseconds of crm-sync's CPU time for each, once the first tenth is done."""
    own, superuser = ours.new_database("crm-sync")
    with connect(own, process="bench") as connection:
        for first in range(0, len(events), 1000):
            with connection.transaction():
                take_in(connection, events[first : first + 1000], ["rest"])
        connection.execute(_KNOWN)
    settings = {"POSTGRES__DSN": own, "CRM__TARGETS": "rest", "CRM_REST__URL": f"http://{HOST}:{port}"}
    child = ours.start("crm-sync", "-m", "ops", "process", "crm-sync", **settings)
    try:
        with psycopg.connect(superuser, autocommit=True) as watch:

            def done(count: int) -> int:
                [(found,)] = watch.execute(_DONE).fetchall()
                return int(found) if found >= count else 0

            before = wait_for(lambda: done(len(events) // 10), "a tenth of the notes is there", child, every=0.05)
            began, cpu = time.monotonic(), _cpu(child)
            wait_for(lambda: done(len(events)), "every note is there", child, every=0.05)
            seconds, spent = time.monotonic() - began, _cpu(child) - cpu
    finally:
        stop(child)
    notes = len(events) - before
    return notes / seconds, 1000 * spent / notes


def _cpu(child: Child) -> float:
    """Seconds, of all its threads, its own and the system's for it."""
    times = psutil.Process(child.pid).cpu_times()
    return float(times.user + times.system)


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection((HOST, port), timeout=1):
        return True
    return False
