"""`python -m tests.bench.history`: the console, `trace` and `retention` with a long history in PostgreSQL.

The rows are written by PostgreSQL itself, in the shape that persist, opt-out and crm-sync give them: a day's events are
those of `--events` over a hundred days, twenty a contact. No webhook is sent: ingest and Kafka have no part in it.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory

import click
import psycopg
from psycopg.conninfo import make_conninfo

from ops.migrations import migrate
from ops.output import Output, command, table
from ops.retention.audited_days import accept_days
from ops.retention.deletion import Deletion
from ops.retention.histories import EVENTS
from ops.trace.trace import trace
from runtime.postgres import connect
from schemas.privileges import ROLES, role_of
from tests.servers.embedded import start_postgres
from tests.twins.console import PlayedConsole, post

PASSWORD = "bench-history"
DAYS = 100
_FILL = """
INSERT INTO events (event_id, event_type, provider, account, contact_phone, phone_valid, account_phone, occurred_at,
    time_valid, received_at, is_test, sanitised, payload, topic, partition, "offset", message_key, kafka_at)
SELECT gen_random_uuid(), CASE WHEN mod(n, 3) = 0 THEN 'message.sent' ELSE 'message.received' END,
    'textlink', 'textlink',
    '+1303' || lpad((mod(n, %(contacts)s))::text, 7, '0'), true, '+13035550100', at, true, at, false, false,
    jsonb_build_object('phone_number', '+1303' || lpad((mod(n, %(contacts)s))::text, 7, '0'), 'text',
        'is the job still open ' || n, 'name', 'Dana Reyes ' || (mod(n, %(contacts)s)), 'timestamp', n),
    'sms.messages.v1', mod(n, 12), n / 12, 'textlink:' || n, at
FROM (
    SELECT n, %(begin)s + n * %(step)s AS at FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
) AS numbered
"""
_MESSAGES = """
INSERT INTO messages (message_key, provider, account, contact_phone, account_phone, direction, text, own_state,
    own_state_at, own_first_at, own_last_at)
SELECT message_key, provider, account, contact_phone, account_phone, 'in', payload->>'text', 'received', occurred_at,
    occurred_at, occurred_at FROM events
"""
_CONTACTS = """
INSERT INTO contacts (phone, name, name_at) SELECT contact_phone, min(payload->>'name'), max(occurred_at) FROM events
GROUP BY contact_phone
"""
_DELIVERIES = """
INSERT INTO crm_deliveries (event_id, target, contact_phone, event_type, received_at, status, done_at, detail)
SELECT event_id, 'rest', contact_phone, event_type, received_at, CASE WHEN random() < 0.001 THEN 'dead' ELSE 'done' END,
    received_at, CASE WHEN random() < 0.001 THEN 'HTTP 422' END FROM events
"""
_LETTERS = """
INSERT INTO dead_letters (consumer_group, topic_id, partition, record_offset, topic, event_id, event_type, disposition,
    error_class, error_message, attempts, ours, failed_at)
SELECT 'hookline-persist', gen_random_uuid(), partition, "offset", topic, event_id, event_type, 'poison', 'ValueError',
    'no', 3, true, received_at FROM events WHERE random() < 0.002
"""
#: A stop of every fiftieth contact. The hashes are none: nobody walks this chain.
_LEDGER = """
INSERT INTO opt_out_ledger (position, phone, action, echo, tier, rule, actor, provider, account, event_id, effective_at,
    received_at, decided_at, deadline, previous_hash, hash)
SELECT row_number() OVER (), contact_phone, 'out', false, 'A', 'a.keyword.en', 'contact', provider, account, event_id,
    received_at, received_at, received_at, received_at + interval '10 days', '', event_id::text
FROM (SELECT DISTINCT ON (contact_phone) * FROM events WHERE right(contact_phone, 2) IN ('00', '50')) AS stops
"""
_STATES = """
INSERT INTO opt_outs (phone, state, since, reason, position, last_position, provider, account)
SELECT phone, 'out', effective_at, 'out by contact', position, position, provider, account FROM opt_out_ledger
"""
_ENFORCEMENTS = """
INSERT INTO enforcements (phone, target, account, position, status, deadline, next_attempt_at, done_at)
SELECT phone, 'textus', account, position, 'done', deadline, received_at, received_at FROM opt_out_ledger
"""


def filled(superuser: str, events: int, note: Callable[[str], None]) -> str:
    """A migrated database with that many events; the superuser's DSN for it."""
    with psycopg.connect(superuser, autocommit=True) as connection:
        for role in ("hookline_owner", *ROLES):
            there = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone()
            verb = "ALTER" if there else "CREATE"
            connection.execute(f"{verb} ROLE {role} LOGIN PASSWORD '{PASSWORD}'")  # names of ours
        connection.execute("CREATE DATABASE history OWNER hookline_owner")
    own = make_conninfo(superuser, dbname="history")
    owner = make_conninfo(own, user="hookline_owner", password=PASSWORD)
    with connect(owner, process="bench") as connection:
        migrate(owner, connection)
    contacts, step = max(1, events // 20), timedelta(days=DAYS) / events
    begin = datetime.now(UTC) - timedelta(days=DAYS)
    with psycopg.connect(own, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")  # no triggers: nobody reads what they would write
        for first in range(0, events, 500_000):
            last = min(first + 500_000, events) - 1
            values = {"contacts": contacts, "begin": begin, "step": step, "first": first, "last": last}
            connection.execute(_FILL, values)
            note(f"{last + 1:,} of {events:,} events")
        for statement in (_MESSAGES, _CONTACTS, _DELIVERIES, _LETTERS, _LEDGER, _STATES, _ENFORCEMENTS):
            connection.execute(statement)
            note(statement.split()[2])
        connection.execute("VACUUM (ANALYZE)")
    return own


class Timings:
    """Seconds of each kind of call."""

    def __init__(self) -> None:
        self.rows: dict[str, list[float]] = {}

    def of(self, name: str, call: Callable[[], object]) -> None:
        """Make `call`, and remember how long it took."""
        began = time.perf_counter()
        call()
        self.rows.setdefault(name, []).append(time.perf_counter() - began)

    def drawn(self) -> list[tuple[str, int, str, str, str]]:
        """Name, count, and median, 95th percentile and greatest in milliseconds."""
        found = []
        for name, seconds in self.rows.items():
            cuts = quantiles(seconds, n=20, method="inclusive")
            milliseconds = (f"{1000 * value:.0f}" for value in (cuts[9], cuts[18], max(seconds)))
            found.append((name, len(seconds), *milliseconds))
        return found  # type: ignore[return-value] # three strings


def _measured(own: str, rounds: int, folder: Path) -> Timings:
    timings = Timings()
    dsn = {role: make_conninfo(own, user=role_of(role), password=PASSWORD) for role in ("console", "operator")}
    with psycopg.connect(own) as connection:
        sample = connection.execute("SELECT event_id, contact_phone FROM events TABLESAMPLE SYSTEM (0.1)").fetchall()
    chosen = random.Random(1).sample(sample, min(rounds, len(sample)))
    console = PlayedConsole(folder, dsn["console"])
    client = console.client("olga")

    def got(path: str) -> None:
        answer = client.get(path)
        assert answer.status_code == 200, (path, answer.status)

    with connect(dsn["operator"], process="bench") as connection:
        for event_id, phone in chosen:
            timings.of("trace of an event", lambda: trace(connection, str(event_id), region="US"))  # noqa: B023 - called at once
            timings.of("trace of a phone", lambda: trace(connection, phone, region="US"))  # noqa: B023
    for event_id, phone in chosen:
        for path in ("/", "/overview/live", "/events", "/opt-outs", "/crm", "/dead-letters", "/records", "/settings"):
            console.now += 60.0  # past what it remembers of the overview
            timings.of(f"page {path}", lambda: got(path))  # noqa: B023
        timings.of("page of an event", lambda: got(f"/events/{event_id}"))  # noqa: B023
        timings.of("page of a number", lambda: got(f"/events/{event_id}/number"))  # noqa: B023
        timings.of("search for a phone", lambda: post(client, "/events/search", query=phone))  # noqa: B023
    console.close()
    return timings


def _deleted(own: str, share: float) -> tuple[int, float]:
    """Rows of a day that were deleted, and the seconds that it took."""
    dsn = make_conninfo(own, user=role_of("retention"), password=PASSWORD)
    limit = datetime.now(UTC) - timedelta(days=DAYS - 1)
    with connect(dsn, process="bench") as connection:
        accept_days(connection, (limit - timedelta(days=3)).date(), limit.date(), "bench", "a bench has no audits")
        began = time.perf_counter()
        deletion = Deletion(connection, step_rows=1000, share=share, clock=time.monotonic, sleep=time.sleep)
        rows = deletion.run(EVENTS, limit).rows
        return rows, time.perf_counter() - began


@command()
@click.option("--events", default=5_000_000, show_default=True, type=click.IntRange(1_000))
@click.option("--rounds", default=40, show_default=True, type=click.IntRange(2), help="Calls of each kind.")
@click.option("--share", default=0.25, show_default=True, help="Of the time that retention deletes.")
@click.option("--record", type=click.Path(path_type=Path), help="Write the table to this page.")
def history(out: Output, events: int, rounds: int, share: float, record: Path | None) -> None:
    """Fill a PostgreSQL of its own with a long history, and measure what people look at."""
    with TemporaryDirectory(prefix="hookline-history-") as folder:
        superuser, stop = start_postgres(Path(folder) / "postgres", {"shared_buffers": "512MB", "max_wal_size": "4GB"})
        try:
            own = filled(superuser, events, out.note)
            timings = _measured(own, rounds, Path(folder))
            rows, seconds = _deleted(own, share)
        finally:
            stop()
    columns = ("what", "calls", "median ms", "p95 ms", "greatest ms")
    drawn = timings.drawn()
    line = f"retention: {rows:,} events of a day deleted in {seconds:.0f} s at a share of {share:g}"
    if record is not None:
        lines = [f"| {' | '.join(map(str, row))} |" for row in (columns, ["---"] * len(columns), *drawn)]
        about = f"# With {events:,} events in PostgreSQL\n\n`make bench-history`, on a machine of two processors.\n"
        record.write_text("\n".join([about, *lines, "", line, ""]), "utf-8")
    out.result(
        {"events": events, "rows": drawn, "retention": {"rows": rows, "seconds": seconds}},
        lambda: table(columns, drawn),
    )
    out.note(line)


if __name__ == "__main__":
    history()
